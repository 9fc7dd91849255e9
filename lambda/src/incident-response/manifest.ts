import type { Outcome } from "./manifests.ts";
import type { Evidence, StepRecord } from "./record.ts";
import type { Before, Run } from "./run.ts";

/** Version of the manifest's shape. Fields may be added; whatever else changes counts it up. */
const SCHEMA = 1;

/** Whether no interface of the instance is outside the quarantine group any more; a terminated one has none. */
export function isIsolated(records: readonly StepRecord[]): boolean {
  return records.some(({ step, status }) => step === "Isolate" && (status === "ok" || status === "skipped"));
}

/** How a run of steps ended. */
export function outcomeOf(run: Run, records: readonly StepRecord[]): Outcome {
  if (run.action === "contain" && !isIsolated(records)) return "not-isolated";
  if (records.some(({ step, details }) => step === "Restore" && Number(details?.drifted) > 0)) return "drift";
  return records.some(({ status }) => status === "failed" || status === "pending") ? "partial" : "done";
}

/** What the run leaves behind for who investigates it. */
export function manifestOf(
  run: Run,
  before: Before | undefined,
  records: readonly StepRecord[],
): Readonly<Record<string, unknown>> {
  const record = (name: string) => records.find(({ step }) => step === name);
  const evidence: readonly Evidence[] = records.flatMap((one) => one.evidence);
  return {
    schema: SCHEMA,
    case: run.case,
    outcome: outcomeOf(run, records),
    isolated: isIsolated(records),
    action: run.action,
    profile: run.profile,
    execution: run.execution ?? null,
    account: run.account,
    region: run.region,
    instance: before?.instance ?? { id: run.instanceId },
    trigger: run.trigger,
    requestedBy: run.requestedBy,
    reason: run.reason,
    started: run.startedAt,
    ended: new Date().toISOString(),
    before: before ?? null,
    network: record("Isolate")?.details ?? null,
    memory: record("Interrupt")?.details ?? null,
    replacement: record("Replacement")?.details ?? null,
    forensic: record("Attach")?.details ?? null,
    steps: records,
    evidence,
    custody: evidence.map(({ id, what }) => ({ what: `${what} kept`, id, who: run.requestedBy })),
    restore: { command: `cloudtrail-to-slack respond restore ${run.case} --reason "…"` },
  };
}
