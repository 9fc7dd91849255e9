import { AwsError } from "./answer.ts";
import { findInstance, findSnapshot, findVolume, required, stateOf } from "./lookups.ts";
import type { Correction, Refusal } from "./rule.ts";
import { lockOf } from "./snapshot-locks.ts";
import { startTransition, transitionOf, type World } from "./world.ts";
import { type Element, element, elementsAt, setChild, textAt } from "./xml.ts";

/** Copies of snapshots to one region that may be under way: the quota of a new account. */
const maxCopies = 20;

/** CreateSnapshots takes time; moto does not say in which state a snapshot of the set is. */
export const beginSet: Correction = (answer, _request, world) => {
  for (const each of elementsAt(answer, "snapshotSet", "item")) beginSnapshot(each, "state", world);
};

/** CreateSnapshot takes time. */
export const beginOne: Correction = (answer, _request, world) => beginSnapshot(answer, "status", world);

/** CopySnapshot takes time, and counts as a copy meanwhile. */
export const beginCopy: Correction = (answer, { region }, world) => {
  const id = textAt(answer, "snapshotId") ?? "";
  startTransition(world, id, "pending", world.durations.snapshotMs);
  world.state.copies.set(id, region);
};

function beginSnapshot(snapshot: Element, stateName: string, world: World): void {
  startTransition(world, textAt(snapshot, "snapshotId") ?? "", "pending", world.durations.snapshotMs);
  setChild(snapshot, element(stateName, "pending"));
  setChild(snapshot, element("progress", ""));
}

/** CreateSnapshots: of an instance that is there and has a volume. */
export const refuseSnapshots: Refusal = async (request, world) => {
  const instance = await findInstance(world, request, required(request.params, "InstanceSpecification.InstanceId"));
  if (stateOf(world, instance) === "terminated") {
    throw new AwsError("IncorrectInstanceState", `The instance '${instance.InstanceId}' is terminated.`);
  }
  if ((instance.BlockDeviceMappings ?? []).length > 0) return;
  throw new AwsError("InvalidParameterValue", `The instance '${instance.InstanceId}' has no EBS volume.`);
};

/** CreateSnapshot. */
export const refuseSnapshot: Refusal = async (request, world) => {
  await findVolume(world, request, required(request.params, "VolumeId"));
};

/** CopySnapshot: of a complete snapshot, and not too many at once. */
export const refuseCopy: Refusal = async (request, world) => {
  const id = required(request.params, "SourceSnapshotId");
  const source = { ...request, region: request.params.SourceRegion ?? request.region };
  await findSnapshot(world, source, id);
  if (transitionOf(world, id) !== undefined)
    throw new AwsError("IncorrectState", `Snapshot '${id}' is not 'completed'.`);
  const copying = [...world.state.copies].filter(([copy, region]) => {
    return region === request.region && transitionOf(world, copy) !== undefined;
  });
  if (copying.length < maxCopies) return;
  throw new AwsError("ResourceLimitExceeded", `Too many snapshot copies in progress. The limit is ${maxCopies}.`);
};

/** ModifySnapshotAttribute: what is encrypted with the account's own EBS key cannot be shared. */
export const refuseShare: Refusal = async (request, world) => {
  const snapshot = await findSnapshot(world, request, required(request.params, "SnapshotId"));
  if (snapshot.Encrypted !== true || request.params.OperationType !== "add") return;
  if (snapshot.KmsKeyId !== undefined && !/alias\/aws\/ebs$/.test(snapshot.KmsKeyId)) return;
  throw new AwsError("OperationNotPermitted", "Encrypted snapshots with EBS default key cannot be shared");
};

/** DeleteSnapshot: not while it is locked. AWS does not document the code; this is the one of its other protections. */
export const refuseDeleteLocked: Refusal = async (request, world) => {
  const id = required(request.params, "SnapshotId");
  if (lockOf(world, id) !== undefined) throw new AwsError("OperationNotPermitted", `The snapshot '${id}' is locked.`);
};
