import type { FaultySlack } from "./faulty-slack.ts";
import type { LogSoFar } from "./follow-log.ts";
import type { WatchedProcesses } from "./function-processes.ts";
import type { Load, SoakFile } from "./load.ts";
import type { Soak } from "./phases.ts";
import type { Reconciliation } from "./reconcile.ts";

/** The share of values (0 to 1) that are at most what is returned; 0 when there are none. */
function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/** What a run prints at its end. */
export function figures(given: {
  readonly load: Load;
  readonly faulty: FaultySlack;
  readonly counts: Soak["counts"];
  readonly processes: WatchedProcesses;
  readonly seen: LogSoFar;
  readonly reconciliation: Reconciliation;
  readonly redriven: number;
  readonly delays: readonly number[];
  readonly startedMs: number;
}): string {
  const { load, faulty, counts, processes, seen, reconciliation, redriven, delays, startedMs } = given;
  const { files, actions, repeatedRecords } = load;
  const ofFate = (fate: SoakFile["fate"]) => files.filter((file) => file.fate === fate).length;
  const sum = (of: (outcome: LogSoFar["outcomes"][number]) => number) =>
    seen.outcomes.reduce((total, outcome) => total + of(outcome), 0);
  const { throttled, unavailable, lostBefore, lostAfter, refused, killedBefore, killedAfter, outage, dead } =
    faulty.counts;
  const refusals = Array.from(faulty.refusals, ([status, count]) => `${count} × ${status}`).join(", ") || "none";
  const seconds = (value: number) => `${value.toFixed(1)} s`;
  const again = actions.filter(({ kind, file }) => kind === "notify" && file.fate === "usual").length;
  const rows: readonly (readonly [string, string | number])[] = [
    ["files", files.length],
    ["records", files.reduce((total, file) => total + file.records, 0)],
    ["alerts expected", reconciliation.expected],
    ["alerts arrived", reconciliation.arrived],
    [
      "told once more",
      `${reconciliation.duplicates}, of which ${reconciliation.unexplained.length} after a process had ended`,
    ],
    [
      "put to message",
      `median ${seconds(quantile(delays, 0.5))}, 99 % ${seconds(quantile(delays, 0.99))}, longest ${seconds(quantile(delays, 1))}`,
    ],
    ["", ""],
    ["notifications once more", again],
    ["notifications before the file", ofFate("early")],
    ["notifications that never come", ofFate("silent")],
    ["records in two files", repeatedRecords],
    ["corrupt files, mended later", ofFate("corrupt")],
    ["Slack: 429", throttled],
    ["Slack: 503", unavailable],
    ["Slack: 400", refused],
    ["Slack: no answer, not posted", lostBefore],
    ["Slack: no answer, posted", lostAfter],
    ["Slack: out for 20 s", `${outage} requests`],
    ["Slack: a hook that died", `${dead} requests`],
    ["killed before Slack posts", killedBefore],
    ["killed after Slack posted", killedAfter],
    ["killed at any time", counts.killed],
    ["", ""],
    [
      "invocations",
      `${seen.outcomes.length} ended well or handed back, ${seen.died} killed, ${seen.timedOut} took too long`,
    ],
    ["most processes at once", processes.most()],
    ["records that they counted", sum(({ records }) => records.in)],
    ["messages from the retry queue", sum(({ messages }) => messages.in)],
    ["most in the retry queue", counts.mostQueued],
    ["dead letters, redriven", `${counts.deadLetters}, ${redriven}`],
    ["files found by digests", sum(({ completeness }) => completeness.missing)],
    ["units handed back for time", sum(({ handedBack }) => handedBack.count)],
    ["alerts told before", sum(({ alerts }) => alerts.alreadyDelivered)],
    ["told as plain text", sum(({ answers }) => answers.degraded)],
    ["calls of the ledger that failed", sum(({ ledger }) => ledger.failed)],
    ["refused by Slack's own limits", refusals],
    ["duration", seconds((Date.now() - startedMs) / 1_000)],
  ];
  return `\n${rows.map(([name, value]) => `  ${name.padEnd(32)}${value}`.trimEnd()).join("\n")}\n`;
}
