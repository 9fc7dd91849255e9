import { AwsError, ec2Answer } from "./answer.ts";
import { findSnapshot, listOf, required } from "./lookups.ts";
import type { AwsRequest } from "./request.ts";
import type { Handler } from "./rule.ts";
import type { SnapshotLock, World } from "./world.ts";

const dayMs = 86_400_000;
const hourMs = 3_600_000;
/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_LockSnapshot.html */
const maxDays = 36_500;
const maxCoolOffHours = 72;

/** The lock that holds now, undefined when there is none or it has expired. */
export function lockOf(world: World, snapshotId: string): SnapshotLock | undefined {
  const lock = world.state.locks.get(snapshotId);
  return lock !== undefined && lock.expiresMs > Date.now() ? lock : undefined;
}

const isFinal = (lock: SnapshotLock) => lock.mode === "compliance" && (lock.coolOffUntilMs ?? 0) <= Date.now();

function stateOf(lock: SnapshotLock): string {
  if (lock.mode === "governance") return "governance";
  return isFinal(lock) ? "compliance" : "compliance-cooloff";
}

function wholeNumber(text: string, name: string, max: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= max) return value;
  throw new AwsError("InvalidParameterValue", `${name} must be between 1 and ${max}.`);
}

function readMode(params: AwsRequest["params"]): SnapshotLock["mode"] {
  const mode = required(params, "LockMode");
  if (mode === "governance" || mode === "compliance") return mode;
  throw new AwsError("InvalidParameterValue", `Value (${mode}) for parameter LockMode is invalid.`);
}

/** The end of a lock, from a duration in days or a date: one of them, not both. */
function readEnd(params: AwsRequest["params"], nowMs: number): { readonly expiresMs: number; readonly days: number } {
  const { LockDuration: duration, ExpirationDate: date } = params;
  if ((duration === undefined) === (date === undefined)) {
    throw new AwsError("InvalidParameterCombination", "Specify either LockDuration or ExpirationDate.");
  }
  if (duration !== undefined) {
    const days = wholeNumber(duration, "LockDuration", maxDays);
    return { expiresMs: nowMs + days * dayMs, days };
  }
  const expiresMs = Date.parse(date ?? "");
  if (!(expiresMs > nowMs)) throw new AwsError("InvalidParameterValue", "ExpirationDate must be in the future.");
  return { expiresMs, days: Math.ceil((expiresMs - nowMs) / dayMs) };
}

function readLock({ params }: AwsRequest, nowMs: number, ownerId: string): SnapshotLock {
  const mode = readMode(params);
  const lock = { mode, ownerId, createdMs: nowMs, ...readEnd(params, nowMs) };
  if (params.CoolOffPeriod === undefined) return lock;
  if (mode !== "compliance") {
    throw new AwsError("InvalidParameterCombination", "CoolOffPeriod is for the compliance mode only.");
  }
  const coolOffHours = wholeNumber(params.CoolOffPeriod, "CoolOffPeriod", maxCoolOffHours);
  return { ...lock, coolOffHours, coolOffUntilMs: nowMs + coolOffHours * hourMs };
}

function describe(snapshotId: string, lock: SnapshotLock): string {
  const time = (name: string, ms: number) => `<${name}>${new Date(ms).toISOString()}</${name}>`;
  const coolOff =
    lock.coolOffUntilMs === undefined
      ? ""
      : `<coolOffPeriod>${lock.coolOffHours}</coolOffPeriod>${time("coolOffPeriodExpiresOn", lock.coolOffUntilMs)}`;
  return [
    `<snapshotId>${snapshotId}</snapshotId><lockState>${stateOf(lock)}</lockState>`,
    `<lockDuration>${lock.days}</lockDuration>${coolOff}`,
    time("lockCreatedOn", lock.createdMs),
    time("lockExpiresOn", lock.expiresMs),
    time("lockDurationStartTime", lock.createdMs),
  ].join("");
}

/** LockSnapshot: allowed while the snapshot is pending; a final compliance lock can only be made longer. */
export const lockSnapshot: Handler = async (request, world) => {
  const id = required(request.params, "SnapshotId");
  const { OwnerId = "" } = await findSnapshot(world, request, id);
  const lock = readLock(request, Date.now(), OwnerId);
  const before = lockOf(world, id);
  const weakens = lock.mode !== "compliance" || lock.coolOffHours !== undefined;
  if (before !== undefined && isFinal(before) && (weakens || lock.expiresMs < before.expiresMs)) {
    throw new AwsError("InvalidParameterValue", `The compliance lock of ${id} can only be extended.`);
  }
  world.state.locks.set(id, lock);
  return ec2Answer(request.action, describe(id, lock));
};

/** UnlockSnapshot: not after the cooling-off period of a compliance lock. */
export const unlockSnapshot: Handler = async (request, world) => {
  const id = required(request.params, "SnapshotId");
  await findSnapshot(world, request, id);
  const lock = lockOf(world, id);
  if (lock !== undefined && isFinal(lock)) {
    throw new AwsError("OperationNotPermitted", `The snapshot ${id} is locked in compliance mode.`);
  }
  world.state.locks.delete(id);
  return ec2Answer(request.action, `<snapshotId>${id}</snapshotId>`);
};

/** DescribeLockedSnapshots: by ids or all; the filter `lock-state` is known. */
export const describeLockedSnapshots: Handler = async (request, world) => {
  const ids = listOf(request.params, "SnapshotId");
  const states =
    request.params["Filter.1.Name"] === "lock-state" ? listOf(request.params, "Filter.1.Value") : undefined;
  const items = [...world.state.locks.keys()].flatMap((id) => {
    const lock = lockOf(world, id);
    if (lock === undefined || (ids.length > 0 && !ids.includes(id))) return [];
    if (states !== undefined && !states.includes(stateOf(lock))) return [];
    return [`<item><ownerId>${lock.ownerId}</ownerId>${describe(id, lock)}</item>`];
  });
  return ec2Answer(request.action, `<snapshotSet>${items.join("")}</snapshotSet>`);
};
