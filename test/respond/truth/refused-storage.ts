import {
  AttachVolumeCommand,
  CopySnapshotCommand,
  CreateSnapshotCommand,
  CreateSnapshotsCommand,
  CreateVolumeCommand,
  DeleteSnapshotCommand,
  DetachVolumeCommand,
  LockSnapshotCommand,
  type LockSnapshotRequest,
  ModifySnapshotAttributeCommand,
  StartInstancesCommand,
  UnlockSnapshotCommand,
} from "@aws-sdk/client-ec2";
import type { Row, Stage } from "./stage.ts";

const attach = ({ ec2 }: Stage, VolumeId: string | undefined, InstanceId: string, Device: string) =>
  ec2.send(new AttachVolumeCommand({ VolumeId, InstanceId, Device }));
const detach = ({ ec2 }: Stage, VolumeId: string | undefined) => ec2.send(new DetachVolumeCommand({ VolumeId }));
const copy = ({ ec2 }: Stage, SourceSnapshotId: string) =>
  ec2.send(new CopySnapshotCommand({ SourceSnapshotId, SourceRegion: "us-east-1" }));

async function volume({ ec2 }: Stage, zone = "us-east-1a", encrypted = false): Promise<string> {
  const { VolumeId = "" } = await ec2.send(
    new CreateVolumeCommand({ Size: 1, AvailabilityZone: zone, Encrypted: encrypted }),
  );
  return VolumeId;
}

/** A snapshot that stays pending for so long. */
async function snapshot(stage: Stage, pendingMs: number, volumeId = stage.plain.volumes[0]): Promise<string> {
  stage.truth.takes({ snapshotMs: pendingMs });
  const { SnapshotId = "" } = await stage.ec2.send(new CreateSnapshotCommand({ VolumeId: volumeId }));
  stage.truth.takes({ snapshotMs: 50 });
  return SnapshotId;
}

async function locked(stage: Stage, lock: Omit<LockSnapshotRequest, "SnapshotId">): Promise<string> {
  const SnapshotId = await snapshot(stage, 0);
  await stage.ec2.send(new LockSnapshotCommand({ SnapshotId, ...lock }));
  return SnapshotId;
}

/** Calls about volumes and snapshots; the traps 25, 26, 28 and 30 among them. */
export const refusedStorage: readonly Row[] = [
  [
    "to detach the root of a running instance",
    "OperationNotPermitted",
    (stage) => detach(stage, stage.plain.volumes[0]),
  ],
  ["to detach a volume that is not attached", "IncorrectState", async (stage) => detach(stage, await volume(stage))],
  [
    "to detach a volume from an instance that does not have it",
    "InvalidAttachment.NotFound",
    ({ ec2, plain, stopped }) =>
      ec2.send(new DetachVolumeCommand({ VolumeId: plain.volumes[1], InstanceId: stopped.id })),
  ],
  [
    "a volume that is still being made",
    "IncorrectState",
    async (stage) => {
      stage.truth.takes({ volumeMs: 10_000 });
      const id = await volume(stage);
      stage.truth.takes({ volumeMs: 0 });
      await attach(stage, id, stage.plain.id, "/dev/sdf");
    },
  ],
  [
    "a volume of another zone",
    "InvalidVolume.ZoneMismatch",
    async (stage) => attach(stage, await volume(stage, "us-east-1b"), stage.plain.id, "/dev/sdf"),
  ],
  [
    "a volume that another instance has",
    "VolumeInUse",
    (stage) => attach(stage, stage.stopped.volumes[1], stage.plain.id, "/dev/sdf"),
  ],
  [
    "a device that is taken",
    "InvalidParameterValue",
    async (stage) => attach(stage, await volume(stage), stage.plain.id, "/dev/sdb"),
  ],
  [
    "to start an instance without its root",
    "IncorrectState",
    async (stage) => {
      await detach(stage, stage.stopped.volumes[0]);
      await stage.ec2.send(new StartInstancesCommand({ InstanceIds: [stage.stopped.id] }));
    },
  ],
  [
    "a set of snapshots of an instance without volumes",
    "InvalidParameterValue",
    async (stage) => {
      await detach(stage, stage.stopped.volumes[1]);
      const InstanceSpecification = { InstanceId: stage.stopped.id };
      await stage.ec2.send(new CreateSnapshotsCommand({ InstanceSpecification }));
    },
  ],
  [
    "a snapshot of a volume that is not there",
    "InvalidVolume.NotFound",
    ({ ec2 }) => ec2.send(new CreateSnapshotCommand({ VolumeId: "vol-0123456789abcdef0" })),
  ],
  [
    "a volume of a pending snapshot",
    "IncorrectState",
    async (stage) => {
      const SnapshotId = await snapshot(stage, 10_000);
      await stage.ec2.send(new CreateVolumeCommand({ SnapshotId, AvailabilityZone: "us-east-1a" }));
    },
  ],
  ["a copy of a pending snapshot", "IncorrectState", async (stage) => copy(stage, await snapshot(stage, 10_000))],
  [
    "the twenty-first copy at a time",
    "ResourceLimitExceeded",
    async (stage) => {
      const id = await snapshot(stage, 0);
      stage.truth.takes({ snapshotMs: 10_000 });
      for (let copies = 0; copies < 20; copies += 1) await copy(stage, id);
      await copy(stage, id).finally(() => stage.truth.takes({ snapshotMs: 50 }));
    },
  ],
  [
    "to share a snapshot that the account's own key encrypts",
    "OperationNotPermitted",
    async (stage) => {
      const SnapshotId = await snapshot(stage, 0, await volume(stage, "us-east-1a", true));
      const share = { SnapshotId, OperationType: "add" as const, UserIds: ["111111111111"] };
      await stage.ec2.send(new ModifySnapshotAttributeCommand(share));
    },
  ],
  [
    "to delete a locked snapshot",
    "OperationNotPermitted",
    async (stage) => {
      const SnapshotId = await locked(stage, { LockMode: "governance", LockDuration: 1 });
      await stage.ec2.send(new DeleteSnapshotCommand({ SnapshotId }));
    },
  ],
  [
    "to unlock what compliance locked",
    "OperationNotPermitted",
    async (stage) => {
      const SnapshotId = await locked(stage, { LockMode: "compliance", LockDuration: 1 });
      await stage.ec2.send(new UnlockSnapshotCommand({ SnapshotId }));
    },
  ],
  [
    "to shorten what compliance locked",
    "InvalidParameterValue",
    async (stage) => {
      const SnapshotId = await locked(stage, { LockMode: "compliance", LockDuration: 2 });
      await stage.ec2.send(new LockSnapshotCommand({ SnapshotId, LockMode: "compliance", LockDuration: 1 }));
    },
  ],
  [
    "time to cool off without compliance",
    "InvalidParameterCombination",
    (stage) => locked(stage, { LockMode: "governance", LockDuration: 1, CoolOffPeriod: 1 }),
  ],
  [
    "a lock with both a duration and an end",
    "InvalidParameterCombination",
    (stage) => locked(stage, { LockMode: "governance", LockDuration: 1, ExpirationDate: new Date("2100-01-01") }),
  ],
  [
    "a lock on what is not there",
    "InvalidSnapshot.NotFound",
    ({ ec2 }) => {
      const lock = { LockMode: "governance", LockDuration: 1 } as const;
      return ec2.send(new LockSnapshotCommand({ SnapshotId: "snap-0123456789abcdef0", ...lock }));
    },
  ],
];
