import * as v from "valibot";
import type { StepRecord } from "./record.ts";
import { Before, Run } from "./run.ts";

/** What an execution knows, as a step sees it. */
export interface State {
  readonly request: unknown;
  readonly execution: string | undefined;
  readonly run: Run | undefined;
  readonly before: Before | undefined;
  /** Of the steps so far, as far as they lie on the way; the latest of each. */
  readonly records: ReadonlyMap<string, StepRecord>;
}

const Api = v.object({
  action: v.string(),
  requestId: v.optional(v.string()),
  at: v.string(),
  error: v.optional(v.string()),
});
const Change = v.object({ what: v.string(), id: v.string(), before: v.unknown(), after: v.unknown() });
const Evidence = v.looseObject({ kind: v.picklist(["object", "snapshot"]), id: v.string(), what: v.string() });

const Record = v.object({
  step: v.string(),
  status: v.picklist(["ok", "skipped", "failed", "pending"]),
  reason: v.optional(v.string()),
  started: v.string(),
  ended: v.string(),
  changes: v.array(Change),
  evidence: v.array(Evidence),
  api: v.array(Api),
  details: v.optional(v.record(v.string(), v.unknown())),
});

/** What a Catch leaves in the place of a record. */
const Caught = v.object({ Error: v.string(), Cause: v.optional(v.string(), "") });

const Envelope = v.object({
  input: v.optional(v.object({ request: v.optional(v.unknown()) })),
  execution: v.optional(v.string()),
});
const Details = v.object({ run: v.optional(Run), before: v.optional(Before) });

/** How deep branches of branches are nested, at most. */
const MAX_DEPTH = 16;

/** Reads the state of an execution: every record that stands anywhere in it. @throws Error for one that is damaged */
export function readState(state: unknown): State {
  const { input, execution } = v.parse(Envelope, state);
  const records = new Map<string, StepRecord>();
  collect(state, "", records, MAX_DEPTH);
  const details = (step: string) => v.parse(Details, records.get(step)?.details ?? {});
  const { run } = details("Validate");
  const { before } = details("RecordBaseline");
  return { request: input?.request, execution, run, before, records };
}

function collect(value: unknown, name: string, records: Map<string, StepRecord>, depth: number): void {
  if (typeof value !== "object" || value === null || depth === 0) return;
  const record = v.safeParse(Record, value);
  if (record.success) {
    records.set(record.output.step, record.output as StepRecord);
    return;
  }
  const caught = v.safeParse(Caught, value);
  if (caught.success && !records.has(name)) {
    records.set(name, caughtRecord(name, `${caught.output.Error}: ${caught.output.Cause}`));
    return;
  }
  for (const [key, inner] of Object.entries(value)) {
    // Of a task's answer: the step is named by the key around it.
    collect(inner, key === "Payload" || /^\d+$/.test(key) ? name : key, records, depth - 1);
  }
}

/** Enough of what Step Functions says. In characters. */
const MAX_CAUSE = 500;

function caughtRecord(step: string, reason: string): StepRecord {
  const now = new Date().toISOString();
  const rest = { started: now, ended: now, changes: [], evidence: [], api: [] };
  return { step, status: "failed", reason: reason.slice(0, MAX_CAUSE), ...rest };
}
