import { DeregisterTargetsCommand, DescribeTargetHealthCommand } from "@aws-sdk/client-elastic-load-balancing-v2";
import { AwsError } from "./answer.ts";
import { findInstance, required, stateOf } from "./lookups.ts";
import type { AwsRequest } from "./request.ts";
import type { Handler, Refusal } from "./rule.ts";

/** The ids of the targets that the call names. */
function targetsOf(params: AwsRequest["params"]): readonly string[] {
  return Object.entries(params).flatMap(([name, value]) => (/^Targets\.member\.\d+\.Id$/.test(name) ? [value] : []));
}

/** RegisterTargets: instances that are running (https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RegisterTargets.html). */
export const refuseStoppedTargets: Refusal = async (request, world) => {
  for (const id of targetsOf(request.params)) {
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
export const deregisterTargets: Handler = async (request, world) => {
  const TargetGroupArn = required(request.params, "TargetGroupArn");
  const { loadBalancers } = world.clients(request);
  const { TargetHealthDescriptions = [] } = await loadBalancers.send(
    new DescribeTargetHealthCommand({ TargetGroupArn }),
  );
  const there = TargetHealthDescriptions.map(({ Target }) => Target?.Id);
  const Targets = targetsOf(request.params).flatMap((Id) => (there.includes(Id) ? [{ Id }] : []));
  if (Targets.length > 0) await loadBalancers.send(new DeregisterTargetsCommand({ TargetGroupArn, Targets }));
  const body = "<DeregisterTargetsResponse><DeregisterTargetsResult/></DeregisterTargetsResponse>";
  return { status: 200, headers: { "content-type": "text/xml" }, body: Buffer.from(body) };
};
