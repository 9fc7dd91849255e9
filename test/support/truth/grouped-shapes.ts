import {
  AutoScalingClient,
  CreateAutoScalingGroupCommand,
  DescribeAutoScalingGroupsCommand,
} from "@aws-sdk/client-auto-scaling";
import { CreateLaunchTemplateCommand, EC2Client } from "@aws-sdk/client-ec2";
import {
  CreateTargetGroupCommand,
  ElasticLoadBalancingV2Client,
  RegisterTargetsCommand,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { settled } from "./eventually.ts";
import { newName } from "./names.ts";
import { createNetwork, type Network } from "./networks.ts";
import { describeInstance, type Victim } from "./shapes.ts";
import type { Truth } from "./truth.ts";

/** An Auto Scaling group for {@link launchInGroup}. */
export type GroupShape = {
  readonly network?: Network;
  /** Smallest, wanted and largest number of instances; 1, 2 and 3 when absent. */
  readonly sizes?: readonly [min: number, wanted: number, max: number];
  /** How many target groups the group serves. */
  readonly targetGroups?: number;
};

/** An instance of an Auto Scaling group. */
export type GroupedVictim = Victim & {
  readonly groupName: string;
  /** Ids of the other instances of the group. */
  readonly peers: readonly string[];
  readonly targetGroupArns: readonly string[];
  readonly launchTemplateId: string;
};

/** Makes an Auto Scaling group with a launch template, and resolves with its first instance. */
export async function launchInGroup(truth: Truth, shape: GroupShape = {}): Promise<GroupedVictim> {
  const ec2 = new EC2Client(truth.client);
  const autoScaling = new AutoScalingClient(truth.client);
  const network = shape.network ?? (await createNetwork(ec2));
  const [MinSize, DesiredCapacity, MaxSize] = shape.sizes ?? [1, 2, 3];
  const launchTemplateId = await createTemplate(ec2, network);
  const targetGroupArns: string[] = [];
  for (let index = 0; index < (shape.targetGroups ?? 0); index += 1) {
    targetGroupArns.push(await createTargetGroup(truth, network));
  }
  const groupName = newName("group");
  await autoScaling.send(
    new CreateAutoScalingGroupCommand({
      AutoScalingGroupName: groupName,
      LaunchTemplate: { LaunchTemplateId: launchTemplateId, Version: "$Latest" },
      MinSize,
      DesiredCapacity,
      MaxSize,
      VPCZoneIdentifier: network.subnetIds.join(","),
      ...(targetGroupArns.length > 0 && { TargetGroupARNs: targetGroupArns }),
    }),
  );
  const { AutoScalingGroups: [group] = [] } = await autoScaling.send(
    new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [groupName] }),
  );
  const [id = "", ...peers] = (group?.Instances ?? []).map(({ InstanceId = "" }) => InstanceId);
  await settled(async () => (await describeInstance(ec2, id)).State?.Name === "running");
  const instance = await describeInstance(ec2, id);
  autoScaling.destroy();
  ec2.destroy();
  return {
    id,
    network,
    interfaces: (instance.NetworkInterfaces ?? []).map(({ NetworkInterfaceId = "" }) => NetworkInterfaceId),
    volumes: (instance.BlockDeviceMappings ?? []).map(({ Ebs }) => Ebs?.VolumeId ?? ""),
    groupName,
    peers,
    targetGroupArns,
    launchTemplateId,
  };
}

async function createTemplate(ec2: EC2Client, { groupId }: Network): Promise<string> {
  const { LaunchTemplate } = await ec2.send(
    new CreateLaunchTemplateCommand({
      LaunchTemplateName: newName("template"),
      LaunchTemplateData: { ImageId: "ami-0123456789abcdef0", InstanceType: "t3.micro", SecurityGroupIds: [groupId] },
    }),
  );
  return LaunchTemplate?.LaunchTemplateId ?? "";
}

/** Makes a target group in that network, behind no load balancer, and puts instances into it. @returns its ARN */
async function createTargetGroup(truth: Truth, network: Network, instanceIds: readonly string[] = []): Promise<string> {
  const loadBalancers = new ElasticLoadBalancingV2Client(truth.client);
  const { TargetGroups: [group] = [] } = await loadBalancers.send(
    new CreateTargetGroupCommand({
      Name: newName("targets"),
      Protocol: "HTTP",
      Port: 80,
      VpcId: network.vpcId,
      TargetType: "instance",
    }),
  );
  const { TargetGroupArn = "" } = group ?? {};
  if (instanceIds.length > 0) {
    const Targets = instanceIds.map((Id) => ({ Id }));
    await loadBalancers.send(new RegisterTargetsCommand({ TargetGroupArn, Targets }));
  }
  loadBalancers.destroy();
  return TargetGroupArn;
}
