import { setTimeout as sleep } from "node:timers/promises";
import {
  type AutoScalingInstanceDetails,
  DescribeAutoScalingInstancesCommand,
  DescribeLifecycleHooksCommand,
  DetachInstancesCommand,
  RecordLifecycleActionHeartbeatCommand,
  SetInstanceProtectionCommand,
} from "@aws-sdk/client-auto-scaling";
import type { Context, Step } from "#incident-response/context.ts";
import { explained, Skip } from "#incident-response/run-step.ts";

/** How often to look whether the group has let go of the instance. */
const EVERY_MS = 500;
/** Enough for a detachment, and short of the first health check that fails. */
const LONGEST_MS = 30_000;

/**
 * Takes the instance out of its Auto Scaling group, which would terminate an instance that nobody reaches: termination
 * protection does not stop it. The group starts another one in its place and takes this one off its load balancers.
 */
export const holdAutoScaling: Step = async (context) => {
  const { autoScaling } = context.aws;
  const found = await memberOf(context);
  if (found === undefined) throw new Skip("the instance is in no Auto Scaling group");
  const { AutoScalingGroupName: group = "", LifecycleState: state = "" } = found;
  if (state.startsWith("Warmed:"))
    throw new Skip(`the instance waits in the warm pool of ${group}: it cannot be detached`);
  if (state.startsWith("Terminating")) return prolong(context, group, state);
  if (state !== "InService" && state !== "Standby" && !state.startsWith("Detaching")) {
    return { status: "failed", reason: `the instance is ${state} in ${group}: it can only be detached in service` };
  }
  const notes: string[] = [];
  if (state === "InService") {
    // Only against a scale-in in this second; what keeps the instance is the detachment.
    await protect(context, group, found.ProtectedFromScaleIn === true).catch((error) => notes.push(explained(error)));
  }
  if (!state.startsWith("Detaching")) {
    const InstanceIds = [context.run.instanceId];
    const detach = { InstanceIds, AutoScalingGroupName: group, ShouldDecrementDesiredCapacity: false };
    await autoScaling.send(new DetachInstancesCommand(detach)).catch(async (error: unknown) => {
      // Perhaps an earlier request got there, whose answer did not.
      const left = await memberOf(context);
      if (left !== undefined && left.LifecycleState?.startsWith("Detaching") !== true) throw error;
    });
    context.changed({ what: "autoScalingGroup", id: context.run.instanceId, before: group, after: null });
  }
  await gone(context);
  return { status: "ok", ...(notes.length === 0 ? {} : { reason: notes.join("; ") }), details: { group } };
};

async function memberOf({ aws, run }: Context): Promise<AutoScalingInstanceDetails | undefined> {
  const asked = new DescribeAutoScalingInstancesCommand({ InstanceIds: [run.instanceId] });
  const { AutoScalingInstances = [] } = await aws.autoScaling.send(asked);
  return AutoScalingInstances.find(({ InstanceId }) => InstanceId === run.instanceId);
}

async function protect({ aws, run, changed }: Context, AutoScalingGroupName: string, already: boolean): Promise<void> {
  if (already) return;
  const protection = { InstanceIds: [run.instanceId], AutoScalingGroupName, ProtectedFromScaleIn: true };
  await aws.autoScaling.send(new SetInstanceProtectionCommand(protection));
  changed({ what: "protectedFromScaleIn", id: run.instanceId, before: false, after: true });
}

/** It is being terminated: where a lifecycle hook holds it, that hook can be made to wait longer, for the snapshots. */
async function prolong({ aws, run }: Context, group: string, state: string): ReturnType<Step> {
  const hooks = await aws.autoScaling.send(new DescribeLifecycleHooksCommand({ AutoScalingGroupName: group }));
  const onEnd = (hooks.LifecycleHooks ?? []).filter(
    ({ LifecycleTransition }) => LifecycleTransition === "autoscaling:EC2_INSTANCE_TERMINATING",
  );
  for (const { LifecycleHookName } of onEnd) {
    const heartbeat = { InstanceId: run.instanceId, AutoScalingGroupName: group, LifecycleHookName };
    await aws.autoScaling.send(new RecordLifecycleActionHeartbeatCommand(heartbeat));
  }
  const held = onEnd.length === 0 ? "nothing holds it" : "its lifecycle hook waits longer";
  return { status: "failed", reason: `the instance is ${state} in ${group} and will be gone soon; ${held}` };
}

async function gone(context: Context): Promise<void> {
  const untilMs = Date.now() + LONGEST_MS;
  while ((await memberOf(context)) !== undefined) {
    if (Date.now() > untilMs) throw new Error("the group does not let go of the instance");
    await sleep(EVERY_MS, undefined, { signal: context.signal });
  }
}
