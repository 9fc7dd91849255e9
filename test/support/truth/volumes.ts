import { AwsError } from "./answer.ts";
import { findInstance, findSnapshot, findVolume, required, stateOf } from "./lookups.ts";
import { withParams } from "./request.ts";
import type { Correction, Handler, Refusal } from "./rule.ts";
import { startTransition, transitionOf } from "./world.ts";
import { textAt } from "./xml.ts";

/** AttachVolume: a free volume, at a free device of a running or stopped instance of the same zone. */
export const refuseAttach: Refusal = async (request, world) => {
  const volume = await findVolume(world, request, required(request.params, "VolumeId"));
  const instance = await findInstance(world, request, required(request.params, "InstanceId"));
  const device = required(request.params, "Device");
  const id = volume.VolumeId ?? "";
  if (volume.State === "in-use") throw new AwsError("VolumeInUse", `${id} is already attached to an instance`);
  const shown = transitionOf(world, id);
  if (shown !== undefined) throw new AwsError("IncorrectState", `${id} is not 'available' (${shown}).`);
  if (!["running", "stopped"].includes(stateOf(world, instance))) {
    throw new AwsError("IncorrectState", `Instance '${instance.InstanceId}' is not 'running'.`);
  }
  if (volume.AvailabilityZone !== instance.Placement?.AvailabilityZone) {
    throw new AwsError(
      "InvalidVolume.ZoneMismatch",
      `The volume '${id}' is not in the same availability zone as the instance`,
    );
  }
  if (instance.BlockDeviceMappings?.some(({ DeviceName }) => DeviceName === device)) {
    const message = `Invalid value '${device}' for unixDevice. Attachment point ${device} is already in use`;
    throw new AwsError("InvalidParameterValue", message);
  }
};

/** DetachVolume: an attached volume; the root volume only of a stopped instance. */
export const refuseDetach: Refusal = async (request, world) => {
  const volume = await findVolume(world, request, required(request.params, "VolumeId"));
  const [attachment] = volume.Attachments ?? [];
  const named = request.params.InstanceId;
  if (attachment === undefined) {
    throw new AwsError("IncorrectState", `Volume '${volume.VolumeId}' is in the 'available' state.`);
  }
  if (named !== undefined && named !== attachment.InstanceId) {
    throw new AwsError("InvalidAttachment.NotFound", `Volume '${volume.VolumeId}' is not attached to '${named}'.`);
  }
  const instance = await findInstance(world, request, attachment.InstanceId ?? "");
  const state = stateOf(world, instance);
  if (attachment.Device !== instance.RootDeviceName || state === "stopped") return;
  const message = `Unable to detach root volume '${volume.VolumeId}' from instance '${instance.InstanceId}' (${state})`;
  throw new AwsError(state === "running" ? "OperationNotPermitted" : "IncorrectState", message);
};

/** DetachVolume: the volume is enough; moto wants to be told the instance. */
export const detachVolume: Handler = async (request, world, forward) => {
  const { Attachments: [attachment] = [] } = await findVolume(world, request, required(request.params, "VolumeId"));
  return await forward(withParams(request, { InstanceId: attachment?.InstanceId, Device: attachment?.Device }));
};

/** AttachVolume and DetachVolume take time. */
export const beginAttaching = (shown: "attaching" | "detaching"): Correction => {
  return (_answer, { params }, world) => {
    startTransition(world, params.VolumeId ?? "", shown, world.durations.volumeMs);
  };
};

/** CreateVolume: from a snapshot that is complete. */
export const refuseVolumeOfPending: Refusal = async (request, world) => {
  const id = request.params.SnapshotId;
  if (id === undefined) return;
  await findSnapshot(world, request, id);
  if (transitionOf(world, id) === undefined) return;
  throw new AwsError("IncorrectState", `Snapshot is in invalid state - pending: ${id}`);
};

/** CreateVolume takes time. */
export const beginVolume: Correction = (answer, _request, world) => {
  startTransition(world, textAt(answer, "volumeId") ?? "", "creating", world.durations.volumeMs);
};
