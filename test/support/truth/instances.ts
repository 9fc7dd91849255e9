import type { Instance } from "@aws-sdk/client-ec2";
import { AwsError } from "./answer.ts";
import { findInstance, listOf, stateOf } from "./lookups.ts";
import type { AwsRequest } from "./request.ts";
import type { Correction, Refusal } from "./rule.ts";
import { startTransition, transitionOf, type World } from "./world.ts";
import { type Element, element, elementsAt, setChild, textAt } from "./xml.ts";

/** Checks every instance that the call names. */
const eachInstance =
  (check: (instance: Instance, world: World, request: AwsRequest) => void): Refusal =>
  async (request, world) => {
    for (const id of listOf(request.params, "InstanceId"))
      check(await findInstance(world, request, id), world, request);
  };

const rootDeviceTypeOf = (world: World, { InstanceId = "", RootDeviceType }: Instance) =>
  world.state.facts.get(InstanceId)?.rootDeviceType ?? RootDeviceType;

function requireState(world: World, instance: Instance, states: readonly string[], deed: string): void {
  if (states.includes(stateOf(world, instance))) return;
  const message = `This instance '${instance.InstanceId}' is not in a state from which it can be ${deed}.`;
  throw new AwsError("IncorrectInstanceState", message);
}

/**
 * StopInstances: not from an instance store, not a spot instance of a one-time or cancelled request, hibernation only where it
 * was configured (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Stop_Start.html).
 */
export const refuseStop: Refusal = eachInstance((instance, world, { params }) => {
  const id = instance.InstanceId ?? "";
  requireState(world, instance, ["pending", "running", "stopping", "stopped"], "stopped");
  if (rootDeviceTypeOf(world, instance) === "instance-store") {
    throw new AwsError(
      "UnsupportedOperation",
      `The instance '${id}' does not have an 'ebs' root device type and cannot be stopped`,
    );
  }
  const spot = world.state.spotRequests.get(id);
  if (spot !== undefined && (spot.type === "one-time" || spot.state === "cancelled")) {
    throw new AwsError(
      "UnsupportedOperation",
      `You can't stop the Spot Instance '${id}' of a ${spot.state} ${spot.type} request.`,
    );
  }
  if (params.Hibernate === "true" && instance.HibernationOptions?.Configured !== true) {
    throw new AwsError(
      "UnsupportedHibernationConfiguration",
      `The instance '${id}' is not configured for hibernation.`,
    );
  }
});

const code = { pending: 0, running: 16, stopping: 64, stopped: 80 };
type State = keyof typeof code;

function setState(item: Element, name: string, state: State): void {
  setChild(item, element(name, [element("code", String(code[state])), element("name", state)]));
}

/** What an instance was before the call: what it still shows, else what moto remembers. */
function stateBefore(item: Element, world: World): string | undefined {
  return transitionOf(world, textAt(item, "instanceId") ?? "") ?? textAt(item, "previousState", "name");
}

/** StopInstances takes time; to stop what is stopped or stopping changes nothing, unless it is forced. */
export const beginStop: Correction = (answer, { params }, world) => {
  const forced = params.Force === "true";
  const ms = forced ? world.durations.forcedStopMs : world.durations.stopMs;
  for (const item of elementsAt(answer, "instancesSet", "item")) {
    const before = stateBefore(item, world);
    if (before === "stopped") setState(item, "currentState", "stopped");
    if (before === "stopping") setState(item, "previousState", "stopping");
    if (before === "stopped" || (before === "stopping" && !forced)) continue;
    startTransition(world, textAt(item, "instanceId") ?? "", "stopping", ms);
  }
};

/** StartInstances: stopped ones that have their root volume. */
export const refuseStart: Refusal = eachInstance((instance, world) => {
  const { InstanceId, RootDeviceName, BlockDeviceMappings = [] } = instance;
  requireState(world, instance, ["pending", "running", "stopped"], "started");
  if (BlockDeviceMappings.some(({ DeviceName }) => DeviceName === RootDeviceName)) return;
  const message = `Invalid value '${InstanceId}' for instanceId. Instance does not have a volume attached at root (${RootDeviceName})`;
  throw new AwsError("IncorrectState", message);
});

/** StartInstances takes time; to start what runs changes nothing. */
export const beginStart: Correction = (answer, _request, world) => {
  for (const item of elementsAt(answer, "instancesSet", "item")) {
    if (stateBefore(item, world) === "stopped") {
      startTransition(world, textAt(item, "instanceId") ?? "", "pending", world.durations.startMs);
    } else setState(item, "currentState", "running");
  }
};

/** RebootInstances: running ones. */
export const refuseReboot: Refusal = eachInstance((instance, world) => {
  requireState(world, instance, ["running"], "rebooted");
});

/** TerminateInstances ends whatever else was going on. */
export const endTransitions: Correction = (_answer, { params }, world) => {
  for (const id of listOf(params, "InstanceId")) world.state.transitions.delete(id);
};
