import { DescribeNetworkInterfacesCommand, RunInstancesCommand } from "@aws-sdk/client-ec2";
import type { Scene } from "./scene.ts";

/** Starts many instances with the tag `fleet=red`. @returns their ids */
export async function launchFleet(
  { ec2, truth, imageId, subnetId, groupId }: Scene,
  count: number,
): Promise<readonly string[]> {
  const { Instances = [] } = await ec2.send(
    new RunInstancesCommand({
      ImageId: imageId,
      InstanceType: "m5.large",
      MinCount: count,
      MaxCount: count,
      SubnetId: subnetId,
      SecurityGroupIds: [groupId],
      TagSpecifications: [{ ResourceType: "instance", Tags: [{ Key: "fleet", Value: "red" }] }],
    }),
  );
  truth.forgetCalls();
  return Instances.flatMap(({ InstanceId }) => InstanceId ?? []);
}

/** Those of the instances that are in one group only, and not in that of the scene. */
export async function outOf({ ec2, groupId }: Scene, ids: readonly string[]): Promise<readonly string[]> {
  const Filters = [{ Name: "attachment.instance-id", Values: [...ids] }];
  const { NetworkInterfaces = [] } = await ec2.send(new DescribeNetworkInterfacesCommand({ Filters }));
  return NetworkInterfaces.flatMap(({ Attachment, Groups = [] }) =>
    Groups.length === 1 && Groups[0]?.GroupId !== groupId ? (Attachment?.InstanceId ?? []) : [],
  );
}
