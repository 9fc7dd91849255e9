import { setTimeout as sleep } from "node:timers/promises";
import {
  AttachInstancesCommand,
  type AutoScalingInstanceDetails,
  DescribeAutoScalingInstancesCommand,
  SetInstanceProtectionCommand,
} from "@aws-sdk/client-auto-scaling";
import { AttachVolumeCommand, DescribeVolumesCommand, StartInstancesCommand } from "@aws-sdk/client-ec2";
import { DescribeTargetHealthCommand, RegisterTargetsCommand } from "@aws-sdk/client-elastic-load-balancing-v2";
import { describeInstance } from "#incident-response/describe.ts";
import type { Before } from "#incident-response/run.ts";
import { type Target, targetsBefore } from "#incident-response/steps/load-balancers.ts";
import { bucketOf } from "#incident-response/validate.ts";
import { attempt, type PuttingBack, wasChanged } from "./putting-back.ts";

const LOOK_EVERY_MS = 1_000;

/** Puts the disks back, and starts the instance where a run says that it stopped it. */
export async function restoreDisksAndState(back: PuttingBack): Promise<void> {
  const { aws, before, run, changed, signal } = back.context;
  for (const { id, device } of before.volumes) {
    await attempt(back, id, async () => {
      const holder = await holderOf(back, id);
      if (holder === run.instanceId) return;
      if (holder !== undefined)
        return void back.drift.push(`the disk ${id} is attached to ${holder}: detach it there first`);
      const wanted = new AttachVolumeCommand({ VolumeId: id, InstanceId: run.instanceId, Device: device });
      await aws.ec2.send(wanted).catch(async (error: unknown) => {
        // Perhaps an earlier request got there, whose answer did not.
        if ((await holderOf(back, id)) !== run.instanceId) throw error;
      });
      changed({ what: "attachment", id, before: null, after: device });
    });
  }
  await attempt(back, "start", async () => {
    const state = async () => (await describeInstance(aws, run.instanceId)).instance.State?.Name;
    const ours = before.instance.state === "running" && wasChanged(back, "state", run.instanceId);
    const now = await state();
    if (!ours && before.instance.state === "running" && now === "stopped")
      return void back.drift.push("the instance is stopped, which no run of the case says it did");
    // An attempt that was cut short may have started it.
    if (!ours || (now !== "stopped" && now !== "pending")) return;
    if (now === "stopped") await aws.ec2.send(new StartInstancesCommand({ InstanceIds: [run.instanceId] }));
    changed({ what: "state", id: run.instanceId, before: "stopped", after: "running" });
    // A group takes only what runs. The deadline of the step ends this.
    while ((await state()) !== "running") await sleep(LOOK_EVERY_MS, undefined, { signal });
  });
}

async function holderOf({ context }: PuttingBack, id: string): Promise<string | undefined> {
  const { Volumes: [volume] = [] } = await context.aws.ec2.send(new DescribeVolumesCommand({ VolumeIds: [id] }));
  return volume?.Attachments?.[0]?.InstanceId;
}

async function memberOf({ context: { aws, run } }: PuttingBack): Promise<AutoScalingInstanceDetails | undefined> {
  const asked = new DescribeAutoScalingInstancesCommand({ InstanceIds: [run.instanceId] });
  const { AutoScalingInstances: [member] = [] } = await aws.autoScaling.send(asked);
  return member;
}

/** Target groups that only the record of a run tells of. */
const targetsTaken = ({ changes }: PuttingBack, kept: readonly Target[]): readonly Target[] =>
  changes.flatMap(({ what, id: group, before }) => {
    const port = typeof before === "number" ? before : undefined;
    const known = kept.some((one) => one.group === group && one.port === port);
    return what === "targetGroup" && !known ? [{ group, port }] : [];
  });

/** The group that a run took the instance out of: where it could not be read before, what the step said. */
function heldBefore({ changes, context }: PuttingBack): Before["autoScaling"] {
  const taken = changes.find(({ what, id }) => what === "autoScalingGroup" && id === context.run.instanceId)?.before;
  if (typeof taken !== "string") return undefined;
  return { group: taken, lifecycleState: "InService", protectedFromScaleIn: false };
}

/** Back into the Auto Scaling group, which then has one instance more, and behind the target groups. */
export async function restoreService(back: PuttingBack): Promise<void> {
  const { aws, before, run, settings, changed } = back.context;
  const InstanceIds = [run.instanceId];
  const was = before.autoScaling ?? heldBefore(back);
  await attempt(back, "Auto Scaling group", async () => {
    if (was === undefined || was.lifecycleState !== "InService") return;
    const now = await memberOf(back);
    if (now !== undefined && now.AutoScalingGroupName !== was.group) {
      return void back.drift.push(`the instance is in ${now.AutoScalingGroupName} now`);
    }
    const AutoScalingGroupName = was.group;
    if (now === undefined) {
      const wanted = new AttachInstancesCommand({ InstanceIds, AutoScalingGroupName });
      await aws.autoScaling.send(wanted).catch(async (error: unknown) => {
        if ((await memberOf(back))?.AutoScalingGroupName !== was.group) throw error;
      });
      changed({ what: "autoScalingGroup", id: run.instanceId, before: null, after: was.group });
    }
    if ((now?.ProtectedFromScaleIn ?? false) === was.protectedFromScaleIn) return;
    const ProtectedFromScaleIn = was.protectedFromScaleIn;
    await aws.autoScaling.send(
      new SetInstanceProtectionCommand({ InstanceIds, AutoScalingGroupName, ProtectedFromScaleIn }),
    );
    changed({
      what: "protectedFromScaleIn",
      id: run.instanceId,
      before: !ProtectedFromScaleIn,
      after: ProtectedFromScaleIn,
    });
  });
  await attempt(back, "load balancers", async () => {
    const kept = await targetsBefore(aws, bucketOf(settings, run.account), run.case);
    for (const { group, port } of [...kept, ...targetsTaken(back, kept)]) {
      const asked = new DescribeTargetHealthCommand({ TargetGroupArn: group });
      const { TargetHealthDescriptions = [] } = await aws.loadBalancing.send(asked);
      const there = TargetHealthDescriptions.some(
        ({ Target, TargetHealth }) =>
          Target?.Id === run.instanceId && Target.Port === port && TargetHealth?.State !== "draining",
      );
      if (there) continue;
      const Targets = [{ Id: run.instanceId, ...(port === undefined ? {} : { Port: port }) }];
      await aws.loadBalancing.send(new RegisterTargetsCommand({ TargetGroupArn: group, Targets }));
      changed({ what: "targetGroup", id: group, before: null, after: port ?? null });
    }
  });
}
