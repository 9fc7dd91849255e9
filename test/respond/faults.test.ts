import {
  AttachInstancesCommand,
  CreateAutoScalingGroupCommand,
  CreateLaunchConfigurationCommand,
  PutLifecycleHookCommand,
} from "@aws-sdk/client-auto-scaling";
import {
  AllocateAddressCommand,
  AssociateAddressCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  DescribeNetworkInterfacesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSnapshotsCommand,
  ModifyInstanceAttributeCommand,
} from "@aws-sdk/client-ec2";
import { expect, test } from "vitest";
import { changesGranted, FAULTS, ISOLATING, OF_CONTAIN, OF_FULL } from "./support/faults.ts";
import { abroad, elsewhere, groupsOf, launch, respond, type Scene } from "./support/scene.ts";
import { useScene } from "./support/use-scene.ts";

const account = await useScene();

/** What a detachment makes needless, a second later; the record tells of it. */
const HARMLESS = ["SetInstanceProtection"];
/** Where nobody can be let in, a group that lets nobody in is made beside the one that should have. */
const LETS_IN = "AuthorizeSecurityGroupIngress";
/** Its instance is being terminated, which is a failure of its own. */
const HEARTBEAT = "RecordLifecycleActionHeartbeat";

/** An instance on which a response finds something to do for every one of its changes. */
async function victim(scene: Scene, on: string): Promise<string> {
  const { ec2 } = scene;
  const id = await launch(scene);
  const behaviour = { InstanceId: id, InstanceInitiatedShutdownBehavior: { Value: "terminate" } };
  await ec2.send(new ModifyInstanceAttributeCommand(behaviour));
  const Filters = [{ Name: "attachment.instance-id", Values: [id] }];
  const { NetworkInterfaces = [] } = await ec2.send(new DescribeNetworkInterfacesCommand({ Filters }));
  const { AllocationId } = await ec2.send(new AllocateAddressCommand({ Domain: "vpc" }));
  const NetworkInterfaceId = NetworkInterfaces[0]?.NetworkInterfaceId;
  await ec2.send(new AssociateAddressCommand({ AllocationId, NetworkInterfaceId }));
  await intoGroup(scene, id, on);
  if (on === "RevokeSecurityGroupIngress") await openQuarantine(scene);
  scene.truth.forgetCalls(scene.region);
  return id;
}

async function intoGroup({ autoScaling, subnetId, truth }: Scene, id: string, on: string): Promise<void> {
  const AutoScalingGroupName = `web-${id}`;
  const sizes = { MinSize: 0, MaxSize: 5, DesiredCapacity: 0, VPCZoneIdentifier: subnetId };
  const group = { AutoScalingGroupName, LaunchConfigurationName: "web", ...sizes };
  await autoScaling.send(new CreateAutoScalingGroupCommand(group));
  await autoScaling.send(new AttachInstancesCommand({ AutoScalingGroupName, InstanceIds: [id] }));
  if (on !== HEARTBEAT) return;
  const LifecycleTransition = "autoscaling:EC2_INSTANCE_TERMINATING";
  const hook = { AutoScalingGroupName, LifecycleHookName: "drain", LifecycleTransition };
  await autoScaling.send(new PutLifecycleHookCommand(hook));
  truth.say(id, { lifecycleState: "Terminating:Wait" });
}

/** Our group of an earlier case, to which somebody has added a rule. */
async function openQuarantine({ ec2, vpcId }: Scene): Promise<void> {
  const Tags = [{ Key: "ir:managed", Value: "true" }];
  const TagSpecifications = [{ ResourceType: "security-group" as const, Tags }];
  const group = { GroupName: `ir-quarantine-${vpcId}`, Description: "x", VpcId: vpcId, TagSpecifications };
  const { GroupId } = await ec2.send(new CreateSecurityGroupCommand(group));
  const IpPermissions = [{ IpProtocol: "tcp", FromPort: 443, ToPort: 443, IpRanges: [{ CidrIp: "0.0.0.0/0" }] }];
  await ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions }));
}

/** What is there after a response. */
async function leftBehind({ ec2, vpcId }: Scene, id: string) {
  const Filters = [{ Name: "tag:ir:source", Values: [id] }];
  const { Snapshots = [] } = await ec2.send(new DescribeSnapshotsCommand({ Filters }));
  const inVpc = [{ Name: "vpc-id", Values: [vpcId] }];
  const { SecurityGroups = [] } = await ec2.send(new DescribeSecurityGroupsCommand({ Filters: inVpc }));
  const quarantine = SecurityGroups.filter(({ GroupName = "" }) => GroupName.startsWith("ir-quarantine"));
  return { snapshots: Snapshots.length, quarantine };
}

/** What a response exits with when all calls of that name are refused. */
function refusedCode(on: string): number {
  if (on === LETS_IN) return 0;
  if (ISOLATING.includes(on)) return 5;
  return HARMLESS.includes(on) ? 0 : 4;
}

test.each(OF_CONTAIN)(
  "G4: the instance is isolated, or exit 5 and a page; nothing is silent, nothing twice, whichever call fails: %s",
  { concurrent: true, timeout: 300_000 },
  async (on) => {
    const home = await abroad(account, OF_CONTAIN.indexOf(on));
    const { region, truth } = home;
    const configuration = { LaunchConfigurationName: "web", ImageId: home.imageId, InstanceType: "m5.large" };
    await home.autoScaling.send(new CreateLaunchConfigurationCommand(configuration));
    for (const [name, { fault, times, passes }] of Object.entries(FAULTS)) {
      const scene = await elsewhere(home);
      const id = await victim(scene, on);
      const injected = truth.inject({ on, region, times, fault });
      const cidr = on === LETS_IN ? ["--allow-cidr", "192.0.2.0/24"] : [];
      const { code, out } = await respond("-i", id, "-r", region, ...cidr);
      injected.remove();

      const what = `${on}, ${name}`;
      const { snapshots, quarantine } = await leftBehind(scene, id);
      const ours = quarantine.map(({ GroupId }) => GroupId);
      const isolated = (await groupsOf(scene, id)).every((groups) => groups.length === 1 && ours.includes(groups[0]));
      const isSaid = (code === 5) !== isolated;
      expect({ what, hit: injected.hits() > 0, isSaid, out: isSaid ? "" : out }).toEqual({
        what,
        hit: true,
        isSaid: true,
        out: "",
      });
      const groups = on === LETS_IN && name === "forbidden" ? 2 : 1;
      expect([what, snapshots <= 1, quarantine.length <= groups]).toEqual([what, true, true]);
      const usual = on === HEARTBEAT ? 4 : 0;
      if (passes) expect([what, code, out]).toEqual([what, usual, expect.stringContaining("mechanism complete")]);
      if (name === "forbidden") expect([what, code]).toEqual([what, refusedCode(on)]);
      if (code !== 5) continue;
      expect([what, out.includes("NOT ISOLATED"), out.includes("complete")]).toEqual([what, true, false]);
      const pages = truth.calls((call) => call.region === region && call.action === "Publish");
      expect([what, pages.some(({ params }) => params.Subject?.includes("NOT ISOLATED"))]).toEqual([what, true]);
    }
  },
);

test("G4: the matrix has every call by which the function may change something", () => {
  expect([...OF_CONTAIN, ...OF_FULL].sort()).toEqual(changesGranted());
});
