import { createHash } from "node:crypto";
import {
  AttachVolumeCommand,
  CreateVolumeCommand,
  DescribeSnapshotsCommand,
  DescribeSubnetsCommand,
  DescribeVolumesCommand,
  DetachVolumeCommand,
  type Volume,
} from "@aws-sdk/client-ec2";
import type { Context, Step } from "#incident-response/context.ts";
import { explained, Skip } from "#incident-response/run-step.ts";
import { madeTags } from "./made-tags.ts";
import { isStopped } from "./power-off.ts";

/** Snapshots of large disks take hours. */
const SNAPSHOTS_MAX_MS = 12 * 3_600_000;
/** `/dev/sdf` to `/dev/sdp`: those that AWS recommends for data. */
const DEVICES = [..."fghijklmnop"].map((letter) => `/dev/sd${letter}`);

/** A disk for the forensic machine. */
export interface ForensicVolume {
  readonly id: string;
  /** Whose contents it has. */
  readonly of: string;
  readonly device: string;
}

/** Takes all disks off the stopped instance. One that is shared with other instances stays: they would lose it, too. */
export const detach: Step = async (context) => {
  const { aws, before, run, changed } = context;
  if (before.volumes.length === 0) throw new Skip("the instance has no EBS volumes");
  if (!(await isStopped(context))) throw new Skip("the instance has not stopped: its root cannot be detached");
  const shared = before.volumes.filter(({ multiAttach }) => multiAttach === true).map(({ id }) => id);
  const attached = await attachedTo(context, run.instanceId);
  const problems: string[] = [];
  for (const { VolumeId = "", Attachments = [] } of attached) {
    if (shared.includes(VolumeId)) continue;
    try {
      const wanted = new DetachVolumeCommand({ VolumeId, InstanceId: run.instanceId });
      await aws.ec2.send(wanted).catch(async (error: unknown) => {
        // Perhaps an earlier request got there, whose answer did not.
        const left = await attachedTo(context, run.instanceId);
        if (left.some((volume) => volume.VolumeId === VolumeId)) throw error;
      });
      changed({ what: "attachment", id: VolumeId, before: Attachments[0]?.Device, after: null });
    } catch (error) {
      problems.push(`${VolumeId}: ${explained(error)}`);
    }
  }
  if (problems.length > 0) return { status: "failed", reason: problems.join("; ") };
  return {
    status: "ok",
    ...(shared.length === 0 ? {} : { reason: `shared with others, so left: ${shared.join(", ")}` }),
  };
};

async function attachedTo({ aws }: Context, instanceId: string): Promise<readonly Volume[]> {
  const Filters = [{ Name: "attachment.instance-id", Values: [instanceId] }];
  const { Volumes = [] } = await aws.ec2.send(new DescribeVolumesCommand({ Filters }));
  return Volumes.filter(({ Attachments = [] }) =>
    Attachments.some(
      ({ InstanceId, State }) => InstanceId === instanceId && State !== "detaching" && State !== "detached",
    ),
  );
}

/** Asked until the snapshots can be read. Without a forensic machine nobody waits for them. */
export const awaitSnapshots: Step = async ({ aws, settings, records }) => {
  if (settings.forensic === null) throw new Skip("no forensic machine is named");
  const set = setFor(records);
  if (set === undefined) throw new Skip("there are no snapshots");
  const { Snapshots = [] } = await aws.ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [...set.ids] }));
  const broken = Snapshots.filter(({ State }) => State === "error").map(({ SnapshotId }) => SnapshotId);
  if (broken.length > 0) return { status: "failed", reason: `snapshots failed: ${broken.join(", ")}` };
  if (Snapshots.every(({ State }) => State === "completed")) return { status: "ok" };
  if (Date.now() - Date.parse(set.ended) > SNAPSHOTS_MAX_MS)
    return { status: "failed", reason: "the snapshots take too long" };
  return { status: "pending", reason: "snapshots are being written" };
};

/** The later set, where there is one. */
function setFor(records: Context["records"]): { readonly ids: readonly string[]; readonly ended: string } | undefined {
  for (const step of ["FinalSnapshots", "LiveSnapshots"]) {
    const record = records.get(step);
    const ids = (record?.evidence ?? []).filter(({ kind }) => kind === "snapshot").map(({ id }) => id);
    if (record !== undefined && ids.length > 0) return { ids, ended: record.ended };
  }
  return undefined;
}

/** Prepares the disks for the forensic machine: copies, made where that machine is; the originals where they are asked for. */
export const forensicVolumes: Step = async (context) => {
  const { aws, before, run, settings, records, changed } = context;
  if (settings.forensic === null) throw new Skip("no forensic machine is named");
  const place = await placeOf(context);
  if (settings.evidenceVolumeMode === "original") {
    if (records.get("Detach")?.status !== "ok") return { status: "failed", reason: "the originals are not detached" };
    if (place.zone !== before.instance.zone) {
      return {
        status: "failed",
        reason: `the originals are in ${before.instance.zone}, and no subnet of the forensic machine is`,
      };
    }
    const volumes = before.volumes.map(({ id }, index) => ({ id, of: id, device: deviceAt(index) }));
    return { status: "ok", details: { volumes, subnetId: place.subnetId } };
  }
  const set = setFor(records);
  if (set === undefined) throw new Skip("there are no snapshots");
  const { Snapshots = [] } = await aws.ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [...set.ids] }));
  const ordered = [...Snapshots].sort(
    (one, other) => indexOf(context, one.VolumeId) - indexOf(context, other.VolumeId),
  );
  const volumes: ForensicVolume[] = [];
  for (const [index, { SnapshotId = "", VolumeId: of = "" }] of ordered.entries()) {
    const Tags = madeTags(context, "ForensicVolumes", of);
    const { VolumeId: id = "" } = await aws.ec2.send(
      new CreateVolumeCommand({
        SnapshotId,
        AvailabilityZone: place.zone,
        VolumeType: "gp3",
        ClientToken: tokenOf(run.case, "ForensicVolumes", SnapshotId),
        TagSpecifications: [{ ResourceType: "volume", Tags }],
      }),
    );
    changed({ what: "volume", id, before: null, after: SnapshotId });
    volumes.push({ id, of, device: deviceAt(index) });
  }
  return { status: "ok", details: { volumes, subnetId: place.subnetId } };
};

const indexOf = ({ before }: Context, volumeId = "") => before.volumes.findIndex(({ id }) => id === volumeId);

function deviceAt(index: number): string {
  const device = DEVICES[index];
  if (device === undefined) throw new Error(`a forensic machine takes ${DEVICES.length} disks`);
  return device;
}

/** The same call, made again, makes nothing new. At most 64 characters. */
export const tokenOf = (...parts: readonly string[]): string =>
  createHash("sha256").update(parts.join(" ")).digest("hex");

/** Where the forensic machine runs: a disk of the same zone need not be copied, so that is taken where there is a choice. */
async function placeOf({
  aws,
  before,
  settings,
}: Context): Promise<{ readonly subnetId: string; readonly zone: string }> {
  const SubnetIds = settings.forensic?.subnetIds ?? [];
  const { Subnets = [] } = await aws.ec2.send(new DescribeSubnetsCommand({ SubnetIds: [...SubnetIds] }));
  const subnet = Subnets.find(({ AvailabilityZone }) => AvailabilityZone === before.instance.zone) ?? Subnets[0];
  if (subnet?.SubnetId === undefined) throw new Error("none of the subnets of the forensic machine exists");
  return { subnetId: subnet.SubnetId, zone: subnet.AvailabilityZone ?? "" };
}

/** Hands the disks to the forensic machine. */
export const attach: Step = async (context) => {
  const { aws, records, changed } = context;
  const machine = records.get("ForensicInstance")?.details?.instanceId;
  const volumes = volumesIn(records.get("ForensicVolumes")?.details?.volumes);
  if (typeof machine !== "string" || volumes.length === 0)
    throw new Skip("there is no forensic machine, or no disk for it");
  const problems: string[] = [];
  for (const { id, device } of volumes) {
    try {
      if (await isAttachedTo(context, id, machine)) continue;
      const wanted = new AttachVolumeCommand({ VolumeId: id, InstanceId: machine, Device: device });
      await aws.ec2.send(wanted).catch(async (error: unknown) => {
        if (!(await isAttachedTo(context, id, machine))) throw error;
      });
      changed({ what: "attachment", id, before: null, after: `${machine} ${device}` });
    } catch (error) {
      problems.push(`${id}: ${explained(error)}`);
    }
  }
  const details = { instanceId: machine, devices: volumes, command: `aws ssm start-session --target ${machine}` };
  return problems.length === 0 ? { status: "ok", details } : { status: "failed", reason: problems.join("; "), details };
};

async function isAttachedTo({ aws }: Context, id: string, machine: string): Promise<boolean> {
  const { Volumes: [volume] = [] } = await aws.ec2.send(new DescribeVolumesCommand({ VolumeIds: [id] }));
  return volume?.Attachments?.some(({ InstanceId }) => InstanceId === machine) === true;
}

function volumesIn(value: unknown): readonly ForensicVolume[] {
  if (!Array.isArray(value)) return [];
  return value.filter((one): one is ForensicVolume => typeof one?.id === "string" && typeof one?.device === "string");
}
