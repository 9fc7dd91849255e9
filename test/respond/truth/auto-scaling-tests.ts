import {
  AttachInstancesCommand,
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  DescribeAutoScalingInstancesCommand,
  DetachInstancesCommand,
  EnterStandbyCommand,
  ExitStandbyCommand,
  PutLifecycleHookCommand,
  RecordLifecycleActionHeartbeatCommand,
  SetDesiredCapacityCommand,
  TerminateInstanceInAutoScalingGroupCommand,
  UpdateAutoScalingGroupCommand,
} from "@aws-sdk/client-auto-scaling";
import {
  CreateSecurityGroupCommand,
  EC2Client,
  ModifyNetworkInterfaceAttributeCommand,
  TerminateInstancesCommand,
} from "@aws-sdk/client-ec2";
import {
  DeregisterTargetsCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { describe, expect, test } from "vitest";
import { type GroupedVictim, launchInGroup } from "#test/support/truth/grouped-shapes.ts";
import { newName } from "#test/support/truth/names.ts";
import { describeInstance } from "#test/support/truth/shapes.ts";
import type { Truth } from "#test/support/truth/truth.ts";

/** The tests of what the proxy mends of Auto Scaling and target groups, on the proxy of the file that calls this. */
export function autoScalingTests(truth: Truth): void {
  const ec2 = new EC2Client(truth.client);
  const autoScaling = new AutoScalingClient(truth.client);
  const loadBalancers = new ElasticLoadBalancingV2Client(truth.client);

  describe("Auto Scaling", () => {
    const groupsOf = async (id: string) =>
      (await describeInstance(ec2, id)).NetworkInterfaces?.map(({ Groups }) => Groups?.map(({ GroupId }) => GroupId));

    /** Gives every instance of the group one security group and expects that it shows. */
    async function expectThatSwapsShow(groupName: string, vpcId: string): Promise<void> {
      const closed = { GroupName: newName("quarantine"), Description: "Test", VpcId: vpcId };
      const { GroupId: quarantine = "" } = await ec2.send(new CreateSecurityGroupCommand(closed));
      const { AutoScalingInstances = [] } = await autoScaling.send(new DescribeAutoScalingInstancesCommand({}));
      const members = AutoScalingInstances.filter((each) => each.AutoScalingGroupName === groupName);
      expect(members.length).toBeGreaterThan(0);
      for (const { InstanceId = "" } of members) {
        const [first] = (await describeInstance(ec2, InstanceId)).NetworkInterfaces ?? [];
        const swap = { NetworkInterfaceId: first?.NetworkInterfaceId, Groups: [quarantine] };
        await ec2.send(new ModifyNetworkInterfaceAttributeCommand(swap));
        expect(await groupsOf(InstanceId)).toEqual([[quarantine]]);
      }
    }

    const launching: readonly (readonly [string, (victim: GroupedVictim) => Promise<unknown>])[] = [
      ["its making", async () => {}],
      [
        "a larger size",
        ({ groupName }) =>
          autoScaling.send(new SetDesiredCapacityCommand({ AutoScalingGroupName: groupName, DesiredCapacity: 3 })),
      ],
      [
        "an update",
        ({ groupName }) =>
          autoScaling.send(new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: groupName, DesiredCapacity: 3 })),
      ],
      [
        "a termination by the group",
        ({ id }) => {
          const end = { InstanceId: id, ShouldDecrementDesiredCapacity: false };
          return autoScaling.send(new TerminateInstanceInAutoScalingGroupCommand(end));
        },
      ],
      ["a termination", ({ id }) => ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }))],
      [
        "a standby",
        ({ id, groupName }) => {
          const rest = { AutoScalingGroupName: groupName, InstanceIds: [id], ShouldDecrementDesiredCapacity: false };
          return autoScaling.send(new EnterStandbyCommand(rest));
        },
      ],
    ];
    test.each(launching)("instances that a group launches by %s show their own groups", async (_what, call) => {
      const victim = await launchInGroup(truth);
      await call(victim);
      await expectThatSwapsShow(victim.groupName, victim.network.vpcId);
    });

    test("who is in standby leaves the target group until it is back", async () => {
      const { id, groupName, targetGroupArns } = await launchInGroup(truth, { targetGroups: 1 });
      const rest = { AutoScalingGroupName: groupName, InstanceIds: [id] };
      const isTarget = async () => {
        const asked = new DescribeTargetHealthCommand({ TargetGroupArn: targetGroupArns[0] });
        const { TargetHealthDescriptions = [] } = await loadBalancers.send(asked);
        return TargetHealthDescriptions.some(({ Target }) => Target?.Id === id);
      };
      const seen = [await isTarget()];
      await autoScaling.send(new EnterStandbyCommand({ ...rest, ShouldDecrementDesiredCapacity: true }));
      seen.push(await isTarget());
      await autoScaling.send(new ExitStandbyCommand(rest));
      expect([...seen, await isTarget()]).toEqual([true, false, true]);
    });

    test("who is being detached is still there for a while", async () => {
      const { id, groupName } = await launchInGroup(truth);
      const asked = new DescribeAutoScalingInstancesCommand({ InstanceIds: [id] });
      const states = async () =>
        ((await autoScaling.send(asked)).AutoScalingInstances ?? []).map(({ LifecycleState }) => LifecycleState);
      const before = await states();
      truth.takes({ detachMs: Number.POSITIVE_INFINITY });
      const group = { AutoScalingGroupName: groupName, InstanceIds: [id] };
      await autoScaling.send(new DetachInstancesCommand({ ...group, ShouldDecrementDesiredCapacity: false }));
      truth.takes({ detachMs: 50 });
      const during = await states();
      truth.settle();
      expect([before, during, await states()]).toEqual([["InService"], ["Detaching"], []]);
    });

    test("who is being terminated cannot be detached, and its hook can be prolonged", async () => {
      const { id, groupName: AutoScalingGroupName } = await launchInGroup(truth);
      const hook = { AutoScalingGroupName, LifecycleHookName: "drain" };
      const beat = () => autoScaling.send(new RecordLifecycleActionHeartbeatCommand({ ...hook, InstanceId: id }));
      const detach = { AutoScalingGroupName, InstanceIds: [id], ShouldDecrementDesiredCapacity: false };
      truth.say(id, { lifecycleState: "Terminating:Wait" });
      const described = new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [AutoScalingGroupName] });
      const { AutoScalingGroups: [group] = [] } = await autoScaling.send(described);
      expect(group?.Instances?.map(({ LifecycleState }) => LifecycleState).sort()).toEqual([
        "InService",
        "Terminating:Wait",
      ]);
      expect([
        (await autoScaling.send(new DescribeAutoScalingInstancesCommand({ InstanceIds: [id] }))).AutoScalingInstances,
        await autoScaling.send(new DetachInstancesCommand(detach)).catch((error: Error) => error.name),
        await beat().catch((error: Error) => error.name),
      ]).toEqual([
        [expect.objectContaining({ LifecycleState: "Terminating:Wait" })],
        "ValidationError",
        "ValidationError",
      ]);
      const LifecycleTransition = "autoscaling:EC2_INSTANCE_TERMINATING";
      await autoScaling.send(new PutLifecycleHookCommand({ ...hook, LifecycleTransition }));
      await beat();
    });

    test("who is detached leaves the target group, a replacement comes, and what is gone is no error", async () => {
      const { id, groupName, targetGroupArns, network } = await launchInGroup(truth, { targetGroups: 1 });
      const [TargetGroupArn = ""] = targetGroupArns;
      const group = { AutoScalingGroupName: groupName, InstanceIds: [id] };
      const targets = async () => {
        const { TargetHealthDescriptions = [] } = await loadBalancers.send(
          new DescribeTargetHealthCommand({ TargetGroupArn }),
        );
        return TargetHealthDescriptions.map(({ Target }) => Target?.Id ?? "");
      };
      expect(await targets()).toContain(id);
      await autoScaling.send(new DetachInstancesCommand({ ...group, ShouldDecrementDesiredCapacity: false }));
      const left = await targets();
      expect([left.length, left.includes(id)]).toEqual([2, false]);
      await expectThatSwapsShow(groupName, network.vpcId);
      const Targets = [{ Id: id }, { Id: left[0] }];
      await loadBalancers.send(new DeregisterTargetsCommand({ TargetGroupArn, Targets }));
      expect(await targets()).toEqual(left.slice(1));
      await autoScaling.send(new AttachInstancesCommand(group));
      expect(await targets()).toContain(id);
    });
  });
}
