import { DescribeTargetHealthCommand } from "@aws-sdk/client-elastic-load-balancing-v2";
import { AwsError } from "./answer.ts";
import { findInstance, required, stateOf } from "./lookups.ts";
import { type AwsRequest, withParams } from "./request.ts";
import type { Handler, Refusal } from "./rule.ts";

/** Prefix and id of every target that the call names. */
function targetsOf(params: AwsRequest["params"]): readonly (readonly [string, string])[] {
  return Object.entries(params).flatMap(([name, value]) => {
    const prefix = /^(Targets\.member\.\d+)\.Id$/.exec(name)?.[1];
    return prefix === undefined ? [] : [[prefix, value] as const];
  });
}

/** RegisterTargets: instances that are running (https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RegisterTargets.html). */
export const refuseStoppedTargets: Refusal = async (request, world) => {
  for (const [, id] of targetsOf(request.params)) {
    if (!id.startsWith("i-")) continue;
    const instance = await findInstance(world, request, id).catch(() => undefined);
    if (instance !== undefined && stateOf(world, instance) === "running") continue;
    throw new AwsError(
      "InvalidTarget",
      `The following targets are not in a running state and cannot be registered: '${id}'`,
    );
  }
};

/** DeregisterTargets: a target that is not there is no error. */
export const deregisterTargets: Handler = async (request, world, forward) => {
  const TargetGroupArn = required(request.params, "TargetGroupArn");
  const { loadBalancers } = world.clients(request);
  const { TargetHealthDescriptions = [] } = await loadBalancers.send(
    new DescribeTargetHealthCommand({ TargetGroupArn }),
  );
  const there = TargetHealthDescriptions.map(({ Target }) => Target?.Id);
  const gone = targetsOf(request.params).filter(([, id]) => !there.includes(id));
  const changes = gone.flatMap(([prefix]) => [
    [`${prefix}.Id`, undefined],
    [`${prefix}.Port`, undefined],
  ]);
  return await forward(withParams(request, Object.fromEntries(changes) as Record<string, undefined>));
};
