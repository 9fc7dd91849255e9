import {
  AttachInstancesCommand,
  CreateAutoScalingGroupCommand,
  CreateLaunchConfigurationCommand,
  SetInstanceProtectionCommand,
} from "@aws-sdk/client-auto-scaling";
import {
  AllocateAddressCommand,
  AssociateAddressCommand,
  CreateSecurityGroupCommand,
  CreateTagsCommand,
  ModifyInstanceAttributeCommand,
} from "@aws-sdk/client-ec2";
import { CreateTargetGroupCommand, RegisterTargetsCommand } from "@aws-sdk/client-elastic-load-balancing-v2";
import { describeInstance } from "#test/support/truth/shapes.ts";
import { addInterface, launch, type Scene } from "./scene.ts";

/** What is special about an instance. */
export interface Wanted {
  readonly interfaces: number;
  /** How many security groups each further interface has. */
  readonly groups: number;
  /** Which interface has an Elastic IP; none, where there are less. */
  readonly elastic: number;
  /** Against termination; not for spot instances. */
  readonly protection: boolean;
  readonly shutdown: "stop" | "terminate";
  /** Their keys. */
  readonly tags: readonly string[];
  readonly profile: string | undefined;
  readonly kind: "alone" | "spot" | "in a group" | "protected in a group";
  /** Whether a target group sends it requests. */
  readonly served: boolean;
}

/** A network with what an instance can belong to. */
export interface Home {
  readonly scene: Scene;
  /** The first one is that of the scene. */
  readonly groups: readonly string[];
  readonly scaling: string;
  readonly target: string | undefined;
}

/** Adds that to the network of a scene. */
export async function homeIn(scene: Scene): Promise<Home> {
  const extra = ["extra-1", "extra-2"].map(async (GroupName) => {
    const made = new CreateSecurityGroupCommand({ GroupName, Description: "x", VpcId: scene.vpcId });
    return (await scene.ec2.send(made)).GroupId ?? "";
  });
  const scaling = scene.vpcId;
  const configuration = { LaunchConfigurationName: scaling, ImageId: scene.imageId, InstanceType: "m5.4xlarge" };
  await scene.autoScaling.send(new CreateLaunchConfigurationCommand(configuration));
  const sizes = { MinSize: 0, MaxSize: 10_000, DesiredCapacity: 0 };
  const place = { LaunchConfigurationName: scaling, VPCZoneIdentifier: scene.subnetId };
  await scene.autoScaling.send(
    new CreateAutoScalingGroupCommand({ AutoScalingGroupName: scaling, ...sizes, ...place }),
  );
  const { TargetGroups: [target] = [] } = await scene.loadBalancing.send(
    new CreateTargetGroupCommand({ Name: scene.vpcId, Protocol: "HTTP", Port: 80, VpcId: scene.vpcId }),
  );
  return { scene, groups: [scene.groupId, ...(await Promise.all(extra))], scaling, target: target?.TargetGroupArn };
}

/** Starts an instance. @returns its id */
export async function make(home: Home, shape: Wanted): Promise<string> {
  const { ec2, loadBalancing } = home.scene;
  const id = await launch(home.scene, {
    // It takes eight interfaces.
    InstanceType: "m5.4xlarge",
    InstanceInitiatedShutdownBehavior: shape.shutdown,
    ...(shape.kind === "spot" && { InstanceMarketOptions: { MarketType: "spot" } }),
    ...(shape.profile !== undefined && { IamInstanceProfile: { Name: shape.profile } }),
  });
  const { NetworkInterfaces: [first] = [] } = await describeInstance(ec2, id);
  const interfaces = [first?.NetworkInterfaceId];
  while (interfaces.length < shape.interfaces) {
    interfaces.push(await addInterface(home.scene, id, interfaces.length, home.groups.slice(0, shape.groups)));
  }
  const NetworkInterfaceId = interfaces[shape.elastic];
  if (NetworkInterfaceId !== undefined) {
    const { AllocationId } = await ec2.send(new AllocateAddressCommand({ Domain: "vpc" }));
    await ec2.send(new AssociateAddressCommand({ AllocationId, NetworkInterfaceId }));
  }
  if (shape.protection && shape.kind !== "spot") {
    await ec2.send(new ModifyInstanceAttributeCommand({ InstanceId: id, DisableApiTermination: { Value: true } }));
  }
  const Tags = shape.tags.map((Key) => ({ Key, Value: `own ${Key}` }));
  if (Tags.length > 0) await ec2.send(new CreateTagsCommand({ Resources: [id], Tags }));
  if (shape.served) {
    const Targets = [{ Id: id, Port: 8080 }];
    await loadBalancing.send(new RegisterTargetsCommand({ TargetGroupArn: home.target, Targets }));
  }
  if (shape.kind.includes("group")) await join(home, id, shape.kind.startsWith("protected"));
  return id;
}

async function join({ scene, scaling }: Home, id: string, ProtectedFromScaleIn: boolean): Promise<void> {
  const member = { InstanceIds: [id], AutoScalingGroupName: scaling };
  await scene.autoScaling.send(new AttachInstancesCommand(member));
  if (!ProtectedFromScaleIn) return;
  await scene.autoScaling.send(new SetInstanceProtectionCommand({ ...member, ProtectedFromScaleIn }));
}
