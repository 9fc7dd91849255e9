import * as v from "valibot";
import { isIsolated } from "#incident-response/manifest.ts";
import { OUTCOMES, type Outcome } from "#incident-response/manifests.ts";
import type { StepRecord } from "#incident-response/record.ts";
import { readState, type State } from "#incident-response/state.ts";
import { completeLine } from "#incident-response/steps/people.ts";
import { EXIT, type ExitCode, exitCodeOf } from "./exit.ts";
import type { Show } from "./progress.ts";

/** An execution that has ended, as Step Functions tells of it. */
export interface Execution {
  readonly status: string;
  readonly error: string | undefined;
  /** Why the last task that failed did. */
  readonly cause: string | undefined;
  /** Of one that succeeded: its last state, as JSON. */
  readonly output: string | undefined;
}

/** With which error the state machine ends by which outcome. */
const OF_ERROR: Readonly<Record<string, Outcome>> = {
  "IR.Partial": "partial",
  "IR.NotIsolated": "not-isolated",
  "IR.Drift": "drift",
};

/**
 * Tells how an execution ended.
 * @param seen the records of its history, as far as that could be read
 */
export function ended(
  { status, error = "", output, cause }: Execution,
  seen: ReadonlyMap<string, StepRecord>,
  instanceId: string,
  show: Show,
): ExitCode {
  const { run, records } = seen.size > 0 ? readState({ records: Object.fromEntries(seen) }) : lastState(output);
  if (error === "IR.Invalid") {
    const reason = cause ?? "see the execution";
    show.event("refused", { instance: instanceId }, `Unable to get instance metadata: ${reason}`);
    return cause === undefined || /NoSuchInstance|NoOpenCase/.test(cause) ? EXIT.notFound : EXIT.forbidden;
  }
  if (run?.decision === "duplicate") {
    const text = `${instanceId} is contained already: case ${run.case}`;
    show.event("contained-before", { instance: instanceId, case: run.case }, text);
    return EXIT.containedBefore;
  }
  const said = v.safeParse(v.picklist(OUTCOMES), records.get("Notify")?.details?.outcome);
  const outcome = OF_ERROR[error] ?? (said.success ? said.output : undefined);
  if (outcome === undefined) return endedOddly(status, error, [...records.values()], instanceId, show);
  const isolated = run?.action === "contain" && outcome !== "not-isolated";
  const text = isolated
    ? completeLine(instanceId)
    : `${instanceId}: ${outcome === "not-isolated" ? "NOT ISOLATED: act now, by hand" : outcome}`;
  show.event("ended", { instance: instanceId, case: run?.case, outcome }, text);
  return exitCodeOf(outcome);
}

function lastState(output: string | undefined): Pick<State, "run" | "records"> {
  return readState(output === undefined ? {} : JSON.parse(output));
}

/** Somebody ended it, or a limit of Step Functions did: what counts is whether the instance is isolated. */
function endedOddly(
  status: string,
  error: string,
  records: readonly StepRecord[],
  instanceId: string,
  show: Show,
): ExitCode {
  const why = `the execution ended: ${[status, error].filter(Boolean).join(" ")}`;
  if (status === "SUCCEEDED") {
    show.event("ended", { instance: instanceId, status }, why);
    return EXIT.done;
  }
  const isolated = isIsolated(records);
  const text = isolated
    ? `${instanceId} is isolated, but ${why}`
    : `${instanceId}: NOT ISOLATED as far as is known; ${why}`;
  show.event("ended", { instance: instanceId, status }, text);
  return isolated ? EXIT.partial : EXIT.notIsolated;
}
