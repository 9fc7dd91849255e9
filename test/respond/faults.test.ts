import {
  AttachInstancesCommand,
  CreateAutoScalingGroupCommand,
  CreateLaunchConfigurationCommand,
} from "@aws-sdk/client-auto-scaling";
import {
  AllocateAddressCommand,
  AssociateAddressCommand,
  DescribeNetworkInterfacesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSnapshotsCommand,
  ModifyInstanceAttributeCommand,
} from "@aws-sdk/client-ec2";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Fault } from "#test/support/truth/faults.ts";
import { elsewhere, groupsOf, launch, respond, type Scene, startScene } from "./support/scene.ts";

let account: Scene;
beforeAll(async () => {
  account = await startScene();
  const configuration = { LaunchConfigurationName: "web", ImageId: account.imageId, InstanceType: "m5.large" };
  await account.autoScaling.send(new CreateLaunchConfigurationCommand(configuration));
});
afterAll(() => account.truth.stop());

/** An instance on which a response finds something to do for every one of its changes. */
async function victim(scene: Scene, number: number): Promise<string> {
  const { ec2, autoScaling } = scene;
  const id = await launch(scene);
  const behaviour = { InstanceId: id, InstanceInitiatedShutdownBehavior: { Value: "terminate" } };
  await ec2.send(new ModifyInstanceAttributeCommand(behaviour));
  const Filters = [{ Name: "attachment.instance-id", Values: [id] }];
  const { NetworkInterfaces = [] } = await ec2.send(new DescribeNetworkInterfacesCommand({ Filters }));
  const { AllocationId } = await ec2.send(new AllocateAddressCommand({ Domain: "vpc" }));
  const NetworkInterfaceId = NetworkInterfaces[0]?.NetworkInterfaceId;
  await ec2.send(new AssociateAddressCommand({ AllocationId, NetworkInterfaceId }));
  const AutoScalingGroupName = `web-${number}`;
  const sizes = { MinSize: 0, MaxSize: 5, DesiredCapacity: 0, VPCZoneIdentifier: scene.subnetId };
  const group = { AutoScalingGroupName, LaunchConfigurationName: "web", ...sizes };
  await autoScaling.send(new CreateAutoScalingGroupCommand(group));
  await autoScaling.send(new AttachInstancesCommand({ AutoScalingGroupName, InstanceIds: [id] }));
  scene.truth.forgetCalls();
  return id;
}

interface Injected {
  readonly fault: Fault;
  readonly times: number;
  /** Whether a response gets over it. */
  readonly passes: boolean;
}
const FAULTS: Readonly<Record<string, Injected>> = {
  "throttled five times": { fault: { kind: "throttle" }, times: 5, passes: true },
  "an internal error": { fault: { kind: "internal" }, times: 1, passes: true },
  "an answer that is lost after the effect": { fault: { kind: "lost" }, times: 1, passes: true },
  "not found once": { fault: { kind: "error", code: "InvalidGroup.NotFound" }, times: 1, passes: false },
  forbidden: { fault: { kind: "denied" }, times: 10_000, passes: false },
};

/** Without these there is no isolation. */
const ISOLATING = [
  "CreateSecurityGroup",
  "RevokeSecurityGroupEgress",
  "ModifyNetworkInterfaceAttribute",
  "AuthorizeSecurityGroupIngress",
];
/** What a detachment makes needless, a second later; the record tells of it. */
const HARMLESS = ["SetInstanceProtection"];
const ACTIONS = [
  ...ISOLATING,
  "DisassociateAddress",
  "CreateSnapshots",
  "ModifyInstanceAttribute",
  "CreateTags",
  "SetInstanceProtection",
  "DetachInstances",
  "PutObject",
  "Publish",
];

let number = 0;
test.each(ACTIONS)(
  "G4: whatever happens to %s, the instance is isolated, or exit 5 and a page; nothing is silent, nothing twice",
  async (on) => {
    for (const [name, { fault, times, passes }] of Object.entries(FAULTS)) {
      const scene = await elsewhere(account);
      number += 1;
      const id = await victim(scene, number);
      const injected = scene.truth.inject({ on, times, fault });
      const cidr = on === "AuthorizeSecurityGroupIngress" ? ["--allow-cidr", "192.0.2.0/24"] : [];
      const { code, out } = await respond("-i", id, ...cidr);
      injected.remove();

      const what = `${on}, ${name}`;
      const groups = (await groupsOf(scene, id)).flat();
      const isolated = groups.length > 0 && !groups.includes(scene.groupId) && new Set(groups).size === 1;
      const Filters = [{ Name: "tag:ir:source", Values: [id] }];
      const { Snapshots = [] } = await scene.ec2.send(new DescribeSnapshotsCommand({ Filters }));
      const inVpc = [{ Name: "vpc-id", Values: [scene.vpcId] }];
      const { SecurityGroups = [] } = await scene.ec2.send(new DescribeSecurityGroupsCommand({ Filters: inVpc }));
      expect({ what, hit: injected.hits() > 0, out: (code === 5) === isolated ? out : "" }).toEqual({
        what,
        hit: true,
        out: "",
      });
      expect([what, Snapshots.length <= 1, SecurityGroups.length <= 3]).toEqual([what, true, true]);
      if (passes) expect([what, code, out]).toEqual([what, 0, expect.stringContaining("mechanism complete")]);
      if (name === "forbidden")
        expect([what, code]).toEqual([what, ISOLATING.includes(on) ? 5 : HARMLESS.includes(on) ? 0 : 4]);
      if (code === 5)
        expect([what, out.includes("NOT ISOLATED"), out.includes("complete")]).toEqual([what, true, false]);
    }
  },
);
