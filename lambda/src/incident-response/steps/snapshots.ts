import { setTimeout as sleep } from "node:timers/promises";
import { CreateSnapshotsCommand, DescribeSnapshotsCommand, LockSnapshotCommand } from "@aws-sdk/client-ec2";
import * as v from "valibot";
import { errorName, isForbidden, isTransient } from "#incident-response/aws-error.ts";
import { keys } from "#incident-response/cases.ts";
import type { Context, Step } from "#incident-response/context.ts";
import { getObject, putOnce } from "#incident-response/evidence.ts";
import { explained, Skip } from "#incident-response/run-step.ts";
import { bucketOf } from "#incident-response/validate.ts";
import { madeTags } from "./made-tags.ts";

/** A snapshot, from either of the two calls that tell of one. */
interface Snapshot {
  readonly SnapshotId?: string | undefined;
  readonly VolumeId?: string | undefined;
  readonly Encrypted?: boolean | undefined;
  readonly StartTime?: Date | undefined;
}

/** How long a turn lasts for who has it, and for who waits: longer, so that two never overlap. */
const TURN_MS = 20_000;
const OTHERS_TURN_MS = 25_000;
const LOOK_EVERY_MS = 2_000;

const Claim = v.object({ atMs: v.number() });

/** All disks at one point in time, while the instance runs: before anything slow, and before a spot machine is taken away. */
export const liveSnapshots: Step = (context) => snapshotSet(context, "LiveSnapshots");

/** All disks once more, when the instance has stopped: with what the crash wrote. */
export const finalSnapshots: Step = (context) => snapshotSet(context, "FinalSnapshots");

async function snapshotSet(context: Context, step: string): ReturnType<Step> {
  const { volumes, instance } = context.before;
  if (volumes.length === 0) throw new Skip("the instance has no EBS volumes");
  if (instance.state === "terminated")
    throw new Skip("the instance is terminated: a set cannot be made of its volumes");
  const set = (await found(context, step)) ?? (await made(context, step));
  const problems = await lock(context, set);
  for (const { SnapshotId = "", VolumeId = "", Encrypted, StartTime } of set) {
    context.kept({
      kind: "snapshot",
      id: SnapshotId,
      what: `snapshot, ${step}`,
      volumeId: VolumeId,
      device: volumes.find(({ id }) => id === VolumeId)?.device,
      encrypted: Encrypted === true,
      startedAt: StartTime?.toISOString(),
    });
  }
  const missing = volumes.filter(({ id }) => !set.some(({ VolumeId }) => VolumeId === id)).map(({ id }) => id);
  if (missing.length > 0) problems.push(`no snapshot of ${missing.join(", ")}`);
  const details = { snapshots: set.map(({ SnapshotId }) => SnapshotId) };
  if (problems.length === 0) return { status: "ok", details };
  return { status: "failed", reason: problems.join("; "), details };
}

/** The set of an earlier attempt: it stands there by its tags, which came with the call that made it. */
async function found({ aws, run }: Context, step: string): Promise<readonly Snapshot[] | undefined> {
  const Filters = [
    { Name: "tag:ir:case", Values: [run.case] },
    { Name: "tag:ir:step", Values: [step] },
    { Name: "tag:ir:source", Values: [run.instanceId] },
  ];
  const { Snapshots = [] } = await aws.ec2.send(new DescribeSnapshotsCommand({ Filters, OwnerIds: ["self"] }));
  return Snapshots.length === 0 ? undefined : Snapshots;
}

/**
 * The call has no token that would make it safe to repeat. Who claims a turn may make the set, for a while; who comes
 * later waits until that turn is over, looks again, and claims the next one.
 */
async function made(context: Context, step: string): Promise<readonly Snapshot[]> {
  for (let turn = 1; ; turn += 1) {
    const leftMs = await claimed(context, step, turn);
    const set = leftMs === "mine" ? await createInTurn(context, step) : await othersSet(context, step, leftMs);
    if (set !== undefined) return set;
  }
}

/** Whether the turn is ours, or how long it is still somebody else's. Without a bucket nobody can be asked: then it is ours. */
async function claimed({ aws, run, settings }: Context, step: string, turn: number): Promise<"mine" | number> {
  const where = bucketOf(settings, run.account);
  const key = keys.claim(run.case, `${step}-${turn}`);
  const body = JSON.stringify({ atMs: Date.now() });
  try {
    if ((await putOnce(aws, where, key, body, "claim")) !== undefined) return "mine";
    const found = await getObject(aws, where, key);
    const { atMs } = v.parse(Claim, JSON.parse(Buffer.from(found?.body ?? body).toString()));
    return Math.max(0, atMs + OTHERS_TURN_MS - Date.now());
  } catch {
    return "mine";
  }
}

async function createInTurn(context: Context, step: string): Promise<readonly Snapshot[] | undefined> {
  const earlier = await found(context, step);
  if (earlier !== undefined) return earlier;
  const turn = AbortSignal.timeout(TURN_MS);
  for (;;) {
    try {
      return await create(context, step, turn);
    } catch (error) {
      if (!turn.aborted && !isTransient(error)) throw error;
      // Perhaps it was made, and the answer lost.
      await sleep(LOOK_EVERY_MS, undefined, { signal: context.signal });
      const after = await found(context, step);
      if (after !== undefined || turn.aborted) return after;
    }
  }
}

async function othersSet(context: Context, step: string, ms: number): Promise<readonly Snapshot[] | undefined> {
  const untilMs = Date.now() + ms;
  while (Date.now() < untilMs) {
    await sleep(LOOK_EVERY_MS * (1 + Math.random()), undefined, { signal: context.signal });
    const set = await found(context, step);
    if (set !== undefined) return set;
  }
  return undefined;
}

async function create(context: Context, step: string, abortSignal: AbortSignal): Promise<readonly Snapshot[]> {
  const { aws, run, changed } = context;
  const Tags = madeTags(context, step, run.instanceId);
  const { Snapshots = [] } = await aws.ec2.send(
    new CreateSnapshotsCommand({
      InstanceSpecification: { InstanceId: run.instanceId },
      Description: `${step} of ${run.instanceId}, case ${run.case}`,
      TagSpecifications: [{ ResourceType: "snapshot", Tags }],
    }),
    { abortSignal },
  );
  for (const { SnapshotId = "", VolumeId } of Snapshots) {
    changed({ what: "snapshot", id: SnapshotId, before: null, after: VolumeId });
  }
  return Snapshots;
}

/** Against whoever has taken over the account. It may be done while they are pending. */
async function lock({ aws, settings, changed }: Context, set: readonly Snapshot[]): Promise<string[]> {
  const { snapshotLockDays: days } = settings;
  if (days === 0) return [];
  const problems: string[] = [];
  for (const { SnapshotId = "" } of set) {
    try {
      const asked = { SnapshotId, LockMode: "governance", LockDuration: days } as const;
      await aws.ec2.send(new LockSnapshotCommand(asked));
      changed({ what: "lock", id: SnapshotId, before: null, after: days });
    } catch (error) {
      problems.push(`${SnapshotId} is not locked: ${isForbidden(error) ? errorName(error) : explained(error)}`);
    }
  }
  return problems;
}
