import {
  type AutoScalingInstanceDetails,
  DescribeAutoScalingInstancesCommand,
  DescribeLifecycleHooksCommand,
} from "@aws-sdk/client-auto-scaling";
import { type Answer, AwsError } from "./answer.ts";
import { required } from "./lookups.ts";
import type { AwsRequest } from "./request.ts";
import type { Correction, Handler } from "./rule.ts";
import { startTransition, transitionOf, type World } from "./world.ts";
import { type Element, element, elementsAt, setChild, textAt } from "./xml.ts";

/** The ids in `InstanceIds`. */
export function membersOf(params: AwsRequest["params"]): readonly string[] {
  return Object.entries(params).flatMap(([name, value]) => (/^InstanceIds\.member\.\d+$/.test(name) ? [value] : []));
}

const keyOf = (id: string) => `detaching ${id}`;

/** DetachInstances: the instances are on their way out for a while. */
export const detachInstances: Handler = async (request, world, forward) => {
  const InstanceIds = [...membersOf(request.params)];
  const { autoScaling } = world.clients(request);
  const { AutoScalingInstances = [] } = await autoScaling.send(
    new DescribeAutoScalingInstancesCommand({ InstanceIds }),
  );
  const answer = await forward(request);
  if (answer.status >= 400) return answer;
  for (const member of AutoScalingInstances) {
    const id = member.InstanceId ?? "";
    world.state.detached.set(id, member);
    startTransition(world, keyOf(id), "Detaching", world.durations.detachMs);
  }
  return answer;
};

/** DescribeAutoScalingInstances: with those that are on their way out, in the states that a test says. */
export const correctMembers: Correction = (answer, { params }, world) => {
  const [list] = elementsAt(answer, "DescribeAutoScalingInstancesResult", "AutoScalingInstances");
  if (list === undefined) return;
  for (const member of list.children) correctMember(member, world);
  const asked = membersOf(params);
  const there = list.children.map((member) => textAt(member, "InstanceId"));
  for (const [id, member] of world.state.detached) {
    if (transitionOf(world, keyOf(id)) === undefined || there.includes(id)) continue;
    if (asked.length === 0 || asked.includes(id))
      list.children.push(describe({ ...member, LifecycleState: "Detaching" }));
  }
};

/** DescribeAutoScalingGroups: members in the states that a test says. */
export const correctGroups: Correction = (answer, _request, world) => {
  const path = ["DescribeAutoScalingGroupsResult", "AutoScalingGroups", "member", "Instances", "member"];
  for (const member of elementsAt(answer, ...path)) correctMember(member, world);
};

function correctMember(member: Element, world: World): void {
  const said = world.state.facts.get(textAt(member, "InstanceId") ?? "")?.lifecycleState;
  if (said !== undefined) setChild(member, element("LifecycleState", said));
}

function describe(member: AutoScalingInstanceDetails): Element {
  const fields = Object.entries(member).filter(([, value]) => typeof value !== "object");
  return element(
    "member",
    fields.map(([name, value]) => element(name, String(value))),
  );
}

/** RecordLifecycleActionHeartbeat, which moto lacks: of a hook that there is. */
export const recordHeartbeat: Handler = async (request, world): Promise<Answer> => {
  const AutoScalingGroupName = required(request.params, "AutoScalingGroupName");
  const name = required(request.params, "LifecycleHookName");
  const asked = new DescribeLifecycleHooksCommand({ AutoScalingGroupName, LifecycleHookNames: [name] });
  const { LifecycleHooks = [] } = await world.clients(request).autoScaling.send(asked);
  if (LifecycleHooks.length === 0) {
    throw new AwsError("ValidationError", `No active Lifecycle Action found with hook ${name}`);
  }
  const body = `<${request.action}Response><${request.action}Result/></${request.action}Response>`;
  return { status: 200, headers: { "content-type": "text/xml" }, body: Buffer.from(body) };
};
