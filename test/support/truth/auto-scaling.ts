import {
  type AutoScalingGroup,
  DescribeAutoScalingGroupsCommand,
  DescribeAutoScalingInstancesCommand,
} from "@aws-sdk/client-auto-scaling";
import { DeregisterTargetsCommand } from "@aws-sdk/client-elastic-load-balancing-v2";
import { AwsError } from "./answer.ts";
import { membersOf } from "./auto-scaling-members.ts";
import { findInstance, required, stateOf } from "./lookups.ts";
import type { AwsRequest } from "./request.ts";
import type { Correction, Refusal } from "./rule.ts";
import type { World } from "./world.ts";

/** @throws AwsError ValidationError, the code that Auto Scaling has for nearly everything */
async function findGroup(world: World, request: AwsRequest): Promise<AutoScalingGroup> {
  const name = required(request.params, "AutoScalingGroupName");
  const command = new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] });
  const { AutoScalingGroups: [group] = [] } = await world.clients(request).autoScaling.send(command);
  if (group !== undefined) return group;
  throw new AwsError("ValidationError", `AutoScalingGroup name not found - AutoScalingGroup '${name}' not found`);
}

/** Calls that name members of a group: the group exists and they are members, in one of the states. */
export const refuseStrangers = (states?: readonly string[]): Refusal => {
  return async (request, world) => {
    const { AutoScalingGroupName, Instances = [] } = await findGroup(world, request);
    for (const id of membersOf(request.params)) {
      const member = Instances.find(({ InstanceId }) => InstanceId === id);
      if (member === undefined) {
        throw new AwsError(
          "ValidationError",
          `The instance ${id} is not part of Auto Scaling group ${AutoScalingGroupName}.`,
        );
      }
      const state = world.state.facts.get(id)?.lifecycleState ?? member.LifecycleState ?? "";
      if (states === undefined || states.includes(state)) continue;
      const message = `The instance ${id} is not in ${states.join(" or ")} (${state}).`;
      throw new AwsError("ValidationError", message);
    }
  };
};

/** DetachInstances and EnterStandby: not below the smallest size, when the group is to shrink. */
export const refuseBelowMinimum: Refusal = async (request, world) => {
  const group = await findGroup(world, request);
  if (required(request.params, "ShouldDecrementDesiredCapacity") !== "true") return;
  const left = (group.DesiredCapacity ?? 0) - membersOf(request.params).length;
  if (left >= (group.MinSize ?? 0)) return;
  const message = `AutoScalingGroup ${group.AutoScalingGroupName} has min-size=${group.MinSize}, and would have ${left}.`;
  throw new AwsError("ValidationError", message);
};

/** AttachInstances: running instances of no group, and room for them. */
export const refuseAttachToGroup: Refusal = async (request, world) => {
  const group = await findGroup(world, request);
  const ids = membersOf(request.params);
  const { autoScaling } = world.clients(request);
  const command = new DescribeAutoScalingInstancesCommand({ InstanceIds: [...ids] });
  const { AutoScalingInstances: [member] = [] } = await autoScaling.send(command);
  if (member !== undefined) {
    throw new AwsError(
      "ValidationError",
      `Instance ${member.InstanceId} is already part of ${member.AutoScalingGroupName}.`,
    );
  }
  for (const id of ids) {
    if (stateOf(world, await findInstance(world, request, id)) === "running") continue;
    throw new AwsError(
      "ValidationError",
      `Instance ${id} is not in correct state: only running instances can be attached.`,
    );
  }
  const size = (group.DesiredCapacity ?? 0) + ids.length;
  if (size <= (group.MaxSize ?? 0)) return;
  throw new AwsError("ValidationError", `The group would have ${size} instances; its max-size is ${group.MaxSize}.`);
};

/** ExitStandby: room for the instance, which counts again. */
export const refuseAboveMaximum: Refusal = async (request, world) => {
  const group = await findGroup(world, request);
  const size = (group.DesiredCapacity ?? 0) + membersOf(request.params).length;
  if (size <= (group.MaxSize ?? 0)) return;
  throw new AwsError("ValidationError", `The group would have ${size} instances; its max-size is ${group.MaxSize}.`);
};

/** DetachInstances and EnterStandby: who leaves the group leaves its target groups. */
export const leaveTargetGroups: Correction = async (_answer, request, world) => {
  const { TargetGroupARNs = [] } = await findGroup(world, request);
  const Targets = membersOf(request.params).map((Id) => ({ Id }));
  for (const TargetGroupArn of TargetGroupARNs) {
    for (const target of Targets) {
      // moto minds a target that is not there.
      const command = new DeregisterTargetsCommand({ TargetGroupArn, Targets: [target] });
      await world
        .clients(request)
        .loadBalancers.send(command)
        .catch((error: unknown) => {
          if (!(error instanceof Error && error.name.startsWith("InvalidTarget"))) throw error;
        });
    }
  }
};
