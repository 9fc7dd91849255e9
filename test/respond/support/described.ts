import { DescribeAutoScalingInstancesCommand } from "@aws-sdk/client-auto-scaling";
import {
  DescribeAddressesCommand,
  DescribeInstanceAttributeCommand,
  DescribeNetworkInterfacesCommand,
} from "@aws-sdk/client-ec2";
import { DescribeTargetGroupsCommand, DescribeTargetHealthCommand } from "@aws-sdk/client-elastic-load-balancing-v2";
import { describeInstance } from "#test/support/truth/shapes.ts";
import type { Scene } from "./scene.ts";

/** What a response changes and a restore puts back, as AWS describes it. */
export async function described(scene: Scene, id: string) {
  const { ec2, autoScaling } = scene;
  const instance = await describeInstance(ec2, id);
  const Filters = [{ Name: "attachment.instance-id", Values: [id] }];
  const { NetworkInterfaces = [] } = await ec2.send(new DescribeNetworkInterfacesCommand({ Filters }));
  const own = NetworkInterfaces.map(({ NetworkInterfaceId }) => NetworkInterfaceId);
  const { Addresses = [] } = await ec2.send(new DescribeAddressesCommand({}));
  const attribute = (Attribute: "disableApiTermination" | "instanceInitiatedShutdownBehavior") =>
    ec2.send(new DescribeInstanceAttributeCommand({ InstanceId: id, Attribute }));
  const asked = new DescribeAutoScalingInstancesCommand({ InstanceIds: [id] });
  const { AutoScalingInstances: [member] = [] } = await autoScaling.send(asked);
  return {
    state: instance.State?.Name,
    tags: (instance.Tags ?? []).map(({ Key, Value }) => `${Key}=${Value}`).sort(),
    disks: (instance.BlockDeviceMappings ?? []).map(({ DeviceName, Ebs }) => [
      DeviceName,
      Ebs?.VolumeId,
      Ebs?.DeleteOnTermination,
    ]),
    interfaces: NetworkInterfaces.map(({ NetworkInterfaceId, Groups = [], Attachment }) => [
      NetworkInterfaceId,
      Groups.map(({ GroupId }) => GroupId).sort(),
      Attachment?.DeleteOnTermination,
    ]),
    protection: (await attribute("disableApiTermination")).DisableApiTermination?.Value,
    shutdown: (await attribute("instanceInitiatedShutdownBehavior")).InstanceInitiatedShutdownBehavior?.Value,
    addresses: Addresses.filter(({ NetworkInterfaceId }) => own.includes(NetworkInterfaceId)).map(
      ({ PublicIp, NetworkInterfaceId }) => [PublicIp, NetworkInterfaceId],
    ),
    profile: instance.IamInstanceProfile?.Arn,
    metadata: instance.MetadataOptions?.HttpEndpoint,
    scaling: [member?.AutoScalingGroupName, member?.LifecycleState, member?.ProtectedFromScaleIn],
    targets: await targetGroupsOf(scene, id),
  };
}

/** The target groups of the scene's network that send requests to an instance. */
async function targetGroupsOf({ loadBalancing, vpcId }: Scene, id: string) {
  const { TargetGroups = [] } = await loadBalancing.send(new DescribeTargetGroupsCommand({}));
  const here = TargetGroups.filter(({ VpcId }) => VpcId === vpcId).map(async ({ TargetGroupArn }) => {
    const { TargetHealthDescriptions = [] } = await loadBalancing.send(
      new DescribeTargetHealthCommand({ TargetGroupArn }),
    );
    const own = TargetHealthDescriptions.filter(
      ({ Target, TargetHealth }) => Target?.Id === id && TargetHealth?.State !== "draining",
    );
    return own.map(({ Target }) => `${TargetGroupArn}:${Target?.Port}`);
  });
  return (await Promise.all(here)).flat().sort();
}
