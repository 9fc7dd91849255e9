import type { Aws } from "./aws.ts";
import { isIsolated, outcomeOf } from "./manifest.ts";
import type { Outcome } from "./manifests.ts";
import { within } from "./patience.ts";
import type { Change, StepRecord } from "./record.ts";
import { type Logged, recordBefore } from "./record-before.ts";
import type { Before, Run } from "./run.ts";
import { explained, runStep } from "./run-step.ts";
import type { Settings } from "./settings.ts";
import { STEPS, type StepName } from "./steps.ts";

/** What a run in one process needs. */
export interface Surroundings {
  readonly aws: Aws;
  readonly settings: Settings;
  /** The settings with what takes a while to find out, such as a key by its description. Isolation does not wait for it. */
  readonly settled: Promise<Settings>;
  readonly onBegin: (step: string) => void;
  /** Told of each record as soon as there is one: the log of who ran it. */
  readonly onRecord: (record: StepRecord) => void;
  /** The case that the operator's log has open for the instance: its state before may stand there alone. */
  readonly logged: Logged | undefined;
}

/** A run whose instance is isolated, or cannot be. */
export interface Begun {
  readonly run: Run;
  /** Undefined where not even the state could be read: then nothing was changed. */
  readonly before: Before | undefined;
  readonly records: Map<string, StepRecord>;
}

/** How a run ended. */
export interface Ended {
  readonly records: readonly StepRecord[];
  readonly outcome: Outcome;
}

/** Isolation is tried again as a whole, as often. */
const ISOLATION_ATTEMPTS = 3;
/** How long the state before may wait for the key that it is encrypted with. */
const SETTLING_MS = 2_000;

/**
 * The first half of the profile `contain` in one process: records the state before, and isolates. Never throws on what a
 * step meets.
 */
export async function isolateHere(run: Run, surroundings: Surroundings): Promise<Begun> {
  const { aws, onBegin, onRecord, logged, settings } = surroundings;
  const records = new Map<string, StepRecord>();
  onBegin("RecordBaseline");
  const soon = await within(SETTLING_MS, surroundings.settled).catch(() => settings);
  let before: Before | undefined;
  const record = await runStep("RecordBaseline", aws, async (tools) => {
    const result = await recordBefore(tools, run, soon, logged);
    before = result.details.before;
    return result;
  });
  records.set(record.step, record);
  onRecord(record);
  if (before === undefined) return { run, before, records };
  const step = stepOf({ run, before, records }, settings, surroundings);
  const insisting = async () => {
    for (let attempt = 1; attempt <= ISOLATION_ATTEMPTS; attempt += 1) {
      const { status, details } = await step("Isolate");
      if (status !== "failed" || details?.refused === true) return;
    }
  };
  await Promise.all([step("HoldAutoScaling"), insisting()]);
  return { run, before, records };
}

/** The second half: tells, keeps evidence, protects, and closes the run with its manifest. Never throws either. */
export async function finishHere(begun: Begun, surroundings: Surroundings): Promise<Ended> {
  const { run, before, records } = begun;
  if (before !== undefined) {
    const settings = await surroundings.settled.catch((error: unknown) => {
      // AWS's own key is better than no evidence.
      const record = failedRecord("EncryptionKey", explained(error));
      records.set(record.step, record);
      surroundings.onRecord(record);
      return surroundings.settings;
    });
    const step = stepOf({ run, before, records }, settings, surroundings);
    const inOrder = async (...names: readonly StepName[]) => {
      for (const name of names) await step(name);
    };
    await Promise.all([
      step(isIsolated([...records.values()]) ? "NotifyIsolated" : "PageNotIsolated"),
      step("CutAddresses"),
      step("LiveSnapshots"),
      step("Screenshot"),
      step("ConsoleOutput"),
      inOrder("ShutdownBehavior", "TerminationProtection", "KeepVolumes", "Tags"),
    ]);
    await inOrder("Manifest", "Notify");
  }
  const all = [...records.values()];
  return { records: all, outcome: outcomeOf(run, all) };
}

/**
 * Undoes a response in one process.
 * @param before what log or history have, for where the bucket has nothing
 * @param changedBefore the same of what was changed
 */
export async function restoreHere(
  run: Run,
  before: Before,
  changedBefore: readonly Change[],
  surroundings: Surroundings,
): Promise<Ended> {
  const records = new Map<string, StepRecord>();
  const step = stepOf({ run, before, records }, surroundings.settings, surroundings, changedBefore);
  for (const name of ["Restore", "Manifest", "Notify"] as const) await step(name);
  const all = [...records.values()];
  return { records: all, outcome: outcomeOf(run, all) };
}

function failedRecord(step: string, reason: string): StepRecord {
  const now = new Date().toISOString();
  return { step, status: "failed", reason, started: now, ended: now, changes: [], evidence: [], api: [] };
}

/** Runs steps of a run, and writes down what they say. */
function stepOf(
  { run, before, records }: Begun & { readonly before: Before },
  settings: Settings,
  { aws, onBegin, onRecord }: Surroundings,
  changedBefore: readonly Change[] = [],
): (name: StepName) => Promise<StepRecord> {
  return async (name) => {
    onBegin(name);
    const record = await runStep(name, aws, (tools) =>
      STEPS[name]({ ...tools, run, before, settings, records, changedBefore, taskToken: undefined }),
    );
    records.set(name, record);
    onRecord(record);
    return record;
  };
}
