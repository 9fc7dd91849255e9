import {
  AttachInstancesCommand,
  AutoScalingClient,
  DescribeAutoScalingInstancesCommand,
  DetachInstancesCommand,
  PutLifecycleHookCommand,
  RecordLifecycleActionHeartbeatCommand,
} from "@aws-sdk/client-auto-scaling";
import { CreateSecurityGroupCommand, EC2Client, ModifyNetworkInterfaceAttributeCommand } from "@aws-sdk/client-ec2";
import {
  DeregisterTargetsCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { describe, expect, test } from "vitest";
import { settled } from "#test/support/truth/eventually.ts";
import { launchInGroup } from "#test/support/truth/grouped-shapes.ts";
import { describeInstance } from "#test/support/truth/shapes.ts";
import type { Truth } from "#test/support/truth/truth.ts";

/** The tests of what the proxy mends of Auto Scaling and target groups, on the proxy of the file that calls this. */
export function autoScalingTests(truth: Truth): void {
  const ec2 = new EC2Client(truth.client);
  const autoScaling = new AutoScalingClient(truth.client);
  const loadBalancers = new ElasticLoadBalancingV2Client(truth.client);

  describe("Auto Scaling", () => {
    test("who is being detached is still there for a while", async () => {
      const { id, groupName } = await launchInGroup(truth);
      const asked = new DescribeAutoScalingInstancesCommand({ InstanceIds: [id] });
      const states = async () =>
        ((await autoScaling.send(asked)).AutoScalingInstances ?? []).map(({ LifecycleState }) => LifecycleState);
      const before = await states();
      truth.takes({ detachMs: 500 });
      const group = { AutoScalingGroupName: groupName, InstanceIds: [id] };
      await autoScaling.send(new DetachInstancesCommand({ ...group, ShouldDecrementDesiredCapacity: false }));
      truth.takes({ detachMs: 50 });
      expect([before, await states()]).toEqual([["InService"], ["Detaching"]]);
      await settled(async () => (await states()).length === 0);
    });

    test("who is being terminated cannot be detached, and its hook can be prolonged", async () => {
      const { id, groupName: AutoScalingGroupName } = await launchInGroup(truth);
      const hook = { AutoScalingGroupName, LifecycleHookName: "drain" };
      const beat = () => autoScaling.send(new RecordLifecycleActionHeartbeatCommand({ ...hook, InstanceId: id }));
      const detach = { AutoScalingGroupName, InstanceIds: [id], ShouldDecrementDesiredCapacity: false };
      truth.say(id, { lifecycleState: "Terminating:Wait" });
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
      const { AutoScalingInstances = [] } = await autoScaling.send(new DescribeAutoScalingInstancesCommand({}));
      const members = AutoScalingInstances.filter((each) => each.AutoScalingGroupName === groupName);
      const closed = { GroupName: "quarantine", Description: "Test", VpcId: network.vpcId };
      const { GroupId: quarantine = "" } = await ec2.send(new CreateSecurityGroupCommand(closed));
      for (const { InstanceId = "" } of members) {
        const [before] = (await describeInstance(ec2, InstanceId)).NetworkInterfaces ?? [];
        const swap = { NetworkInterfaceId: before?.NetworkInterfaceId, Groups: [quarantine] };
        await ec2.send(new ModifyNetworkInterfaceAttributeCommand(swap));
        const [after] = (await describeInstance(ec2, InstanceId)).NetworkInterfaces ?? [];
        expect(after?.Groups?.map(({ GroupId }) => GroupId)).toEqual([quarantine]);
      }
      const Targets = [{ Id: id }, { Id: left[0] }];
      await loadBalancers.send(new DeregisterTargetsCommand({ TargetGroupArn, Targets }));
      expect(await targets()).toEqual(left.slice(1));
      await autoScaling.send(new AttachInstancesCommand(group));
      expect(await targets()).toContain(id);
    });
  });
}
