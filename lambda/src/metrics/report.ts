import { brokenIdentities, MAX_REPORTED, type Outcome } from "#model/outcome.ts";
import type { Log } from "#model/ports.ts";

/** Writes what came of an invocation into the log: what is not well, each up to a bound, and all counts. */
export function report(outcome: Outcome, log: Log): void {
  const { failures, recordProblems, ruleProblems, deadDestinations, ...counts } = outcome;
  for (const { what, reason } of failures.slice(0, MAX_REPORTED)) {
    log.error("not finished; AWS will bring it again", { what, reason });
  }
  if (failures.length > MAX_REPORTED) log.error("more was not finished", { failures: failures.length });
  for (const { where, reason } of recordProblems) log.warning("a record could not be judged", { where, reason });
  for (const { ruleId, message } of ruleProblems.values())
    log.error("a rule failed", { rule: ruleId, reason: message });
  for (const identity of brokenIdentities(outcome)) log.error("counts do not reconcile", { identity });
  log.info("outcome", { ...counts, deadDestinations: [...deadDestinations] });
}

/** What was not finished, in one sentence. */
export function describeFailures({ failures }: Outcome): string {
  const shown = failures.slice(0, 5).map(({ what, reason }) => `${what}: ${reason}`);
  const more = failures.length > shown.length ? `; and ${failures.length - shown.length} more` : "";
  return `not finished: ${shown.join("; ")}${more}`;
}
