import {
  AttachVolumeCommand,
  CreateSnapshotCommand,
  CreateVolumeCommand,
  DescribeInstancesCommand,
  DescribeLockedSnapshotsCommand,
  DescribeSnapshotsCommand,
  DescribeVolumesCommand,
  DetachVolumeCommand,
  EC2Client,
  LockSnapshotCommand,
  type LockSnapshotRequest,
  StopInstancesCommand,
  UnlockSnapshotCommand,
} from "@aws-sdk/client-ec2";
import { describe, expect, test } from "vitest";
import { launch } from "#test/support/truth/shapes.ts";
import type { Truth } from "#test/support/truth/truth.ts";

/** The tests of volumes, snapshots and their locks, on the proxy of the file that calls this. */
export function storageTests(truth: Truth): void {
  const ec2 = new EC2Client(truth.client);

  const snapshotOf = async (VolumeId: string | undefined) =>
    (await ec2.send(new CreateSnapshotCommand({ VolumeId }))).SnapshotId ?? "";

  describe("volumes", () => {
    test("are made, attached and detached in a while", async () => {
      const { id } = await launch(truth);
      truth.takes({ volumeMs: Number.POSITIVE_INFINITY });
      const { VolumeId = "" } = await ec2.send(new CreateVolumeCommand({ Size: 1, AvailabilityZone: "us-east-1a" }));
      const read = async () => {
        const { Volumes: [volume] = [] } = await ec2.send(new DescribeVolumesCommand({ VolumeIds: [VolumeId] }));
        return [volume?.State, volume?.Attachments?.[0]?.State];
      };
      /** What it shows on its way, and when it has arrived. */
      const both = async () => {
        const before = await read();
        truth.settle();
        return [before, await read()];
      };
      const shown = [await both()];
      await ec2.send(new AttachVolumeCommand({ VolumeId, InstanceId: id, Device: "/dev/sdf" }));
      shown.push(await both());
      await ec2.send(new DetachVolumeCommand({ VolumeId }));
      shown.push(await both());
      truth.takes({ volumeMs: 50 });
      expect(shown).toEqual([
        [
          ["creating", undefined],
          ["available", undefined],
        ],
        [
          ["in-use", "attaching"],
          ["in-use", "attached"],
        ],
        [
          ["in-use", undefined],
          ["available", undefined],
        ],
      ]);
    });

    test("what shows another state for a while is not found by its later one", async () => {
      const { id, volumes } = await launch(truth);
      truth.takes({ snapshotMs: Number.POSITIVE_INFINITY, stopMs: Number.POSITIVE_INFINITY });
      const snapshotId = await snapshotOf(volumes[0]);
      await ec2.send(new StopInstancesCommand({ InstanceIds: [id] }));
      truth.takes({ snapshotMs: 50, stopMs: 50 });
      const found = async () => {
        const complete = { SnapshotIds: [snapshotId], Filters: [{ Name: "status", Values: ["completed"] }] };
        const stopped = { InstanceIds: [id], Filters: [{ Name: "instance-state-name", Values: ["stopped"] }] };
        const { Snapshots = [] } = await ec2.send(new DescribeSnapshotsCommand(complete));
        const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand(stopped));
        return [Snapshots.length, Reservations.flatMap(({ Instances = [] }) => Instances).length];
      };
      const before = await found();
      truth.settle();
      expect([before, await found()]).toEqual([
        [0, 0],
        [1, 1],
      ]);
    });
  });

  describe("locks of snapshots", () => {
    const day = 86_400_000;
    test.each([
      ["governance for days", { LockMode: "governance", LockDuration: 3 }, "governance", 3],
      ["compliance at once", { LockMode: "compliance", LockDuration: 2 }, "compliance", 2],
      [
        "compliance that cools off",
        { LockMode: "compliance", LockDuration: 2, CoolOffPeriod: 1 },
        "compliance-cooloff",
        2,
      ],
      [
        "governance until a day",
        { LockMode: "governance", ExpirationDate: new Date(Date.now() + 5 * day) },
        "governance",
        5,
      ],
    ] satisfies readonly (readonly [string, Omit<LockSnapshotRequest, "SnapshotId">, string, number])[])(
      "%s, also of a pending one",
      async (_what, lock, LockState, LockDuration) => {
        const { volumes } = await launch(truth);
        truth.takes({ snapshotMs: 10_000 });
        const SnapshotId = await snapshotOf(volumes[0]);
        truth.takes({ snapshotMs: 50 });
        const answer = await ec2.send(new LockSnapshotCommand({ SnapshotId, ...lock }));
        const asked = new DescribeLockedSnapshotsCommand({ SnapshotIds: [SnapshotId] });
        const { Snapshots = [] } = await ec2.send(asked);
        const expected = { SnapshotId, LockState, LockDuration };
        expect([answer, ...Snapshots]).toEqual([
          expect.objectContaining(expected),
          expect.objectContaining({ ...expected, OwnerId: "123456789012", LockExpiresOn: answer.LockExpiresOn }),
        ]);
        const lastsDays = ((answer.LockExpiresOn?.getTime() ?? 0) - (answer.LockCreatedOn?.getTime() ?? 0)) / day;
        expect(lastsDays).toBeCloseTo(LockDuration, 1);
      },
    );

    test("end where they may be ended", async () => {
      const { volumes } = await launch(truth);
      const SnapshotId = await snapshotOf(volumes[0]);
      await ec2.send(new LockSnapshotCommand({ SnapshotId, LockMode: "governance", LockDuration: 1 }));
      const filter = { SnapshotIds: [SnapshotId], Filters: [{ Name: "lock-state", Values: ["governance"] }] };
      const count = async () => (await ec2.send(new DescribeLockedSnapshotsCommand(filter))).Snapshots?.length;
      const before = await count();
      await ec2.send(new UnlockSnapshotCommand({ SnapshotId }));
      expect([before, await count()]).toEqual([1, 0]);
    });
  });
}
