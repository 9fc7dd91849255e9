import { table } from "#cli/shared/table.ts";
import { counted, lines, time } from "#cli/shared/text.ts";
import { plain } from "#delivery/plain.ts";
import { nameOfObject } from "#model/source-item.ts";
import type { Break, Findings } from "./findings.ts";
import type { HandedIn } from "./hand-in.ts";

/** How many of a kind are printed; `--json` has all. */
const MAX_SHOWN = 20;
/** A key has 1,024 bytes at most, and a reason names one. In characters. */
const MAX_LINE = 1_500;

/** What was found and done, for people: one sentence, the counts, and what is not as it should be. */
export function reportText(
  findings: Findings,
  {
    handedIn,
    readAll,
    stopped,
  }: { readonly handedIn: HandedIn | undefined; readonly readAll: boolean; readonly stopped: boolean },
): string {
  const { digests, span, listed, processed, missing, unknown, altered, removed, breaks, unreadable } = findings;
  const hours = span && (span[0] === span[1] ? time(span[0]) : `${time(span[0])} to ${time(span[1])}`);
  const handed = [
    ...(handedIn?.logFiles ? [counted(handedIn.logFiles, "log file")] : []),
    ...(handedIn?.digests ? [counted(handedIn.digests, "digest file")] : []),
  ];
  const counts = [
    ["digest files", `${digests}${hours ? `, of the hours that ended ${hours}` : ""}`],
    ["log files", String(listed)],
    ["processed", String(processed)],
    ...(unknown > 0
      ? [
          [
            "not known",
            `${unknown}, of hours that ended before ${time(findings.knownSince)}: the ledger knows nothing of them`,
          ],
        ]
      : []),
    ["missing", String(missing.length)],
    ["altered", String(altered.length)],
    ["removed", String(removed.length)],
    ["chain breaks", String(breaks.length)],
    ...(unreadable.length > 0 ? [["unreadable", String(unreadable.length)]] : []),
    ...(handed.length > 0 ? [["handed in", handed.join(", ")]] : []),
  ];
  return lines(
    `${verdict(findings, handedIn, readAll, stopped)}\n`,
    table(counts),
    list("Missing", missing, (object) => [nameOfObject(object)]),
    list("Altered", altered, ({ object, when }) => [object, when]),
    list("Removed", removed, ({ object, processed }) => [
      object,
      processed ? "after it was processed" : "not processed",
    ]),
    list("Chain breaks", breaks, (one) => [one.digest, inWords(one)]),
    list("Unreadable", unreadable, ({ reason }) => [reason]),
    altered.length + removed.length + breaks.length > 0
      ? "\nSee who wrote to the bucket, and compare with `aws cloudtrail validate-logs`."
      : "",
  );
}

function verdict(findings: Findings, handedIn: HandedIn | undefined, readAll: boolean, stopped: boolean): string {
  const { listed, missing, unknown, altered, removed, breaks, unreadable, toTell } = findings;
  if (findings.interrupted) return "Ended before all was compared; nothing was handed in.";
  const problems = [
    missing.length > 0 ? missingClause(missing.length, listed, handedIn?.logFiles ?? 0) : "",
    altered.length > 0 ? `${are(altered.length, "log file")} not what CloudTrail wrote` : "",
    removed.length > 0 ? `${are(removed.length, "log file")} gone` : "",
    breaks.length > 0 ? `the chain of digest files is broken in ${counted(breaks.length, "place")}` : "",
    unreadable.length > 0 ? `${counted(unreadable.length, "file")} could not be read` : "",
  ].filter((problem) => problem !== "");
  if (problems.length > 0) {
    const due = missing.length + toTell.length;
    const done = (handedIn?.logFiles ?? 0) + (handedIn?.digests ?? 0);
    if (due > 0 && done === 0) problems.push("nothing was handed in");
    const sentence = `${stopped && done < due ? "ended early: " : ""}${problems.join("; ")}.`;
    return sentence.charAt(0).toUpperCase() + sentence.slice(1);
  }
  if (listed === 0) return "CloudTrail delivered no log files.";
  if (unknown === listed) return "The ledger knows nothing of these hours.";
  const which = unknown > 0 ? "Every log file of which the ledger can know" : "Every log file";
  return `${which} was processed, and ${readAll ? "is still" : "was"} what CloudTrail wrote.`;
}

function missingClause(missing: number, listed: number, handedIn: number): string {
  const were = missing === 1 ? "was" : "were";
  const what = `${missing} of ${counted(listed, "log file")} ${were} not processed`;
  if (handedIn === 0) return what;
  return handedIn === missing ? `${what}, and ${were} handed in` : `${what}; ${handedIn} of them were handed in`;
}

const are = (count: number, thing: string) => `${counted(count, thing)} ${count === 1 ? "is" : "are"}`;

function inWords({ what, previous = "" }: Break): string {
  if (what === "restart") return "names none before it: log file validation was off in between";
  return `the one before it was ${what === "previous removed" ? "removed" : "altered"}: ${previous}`;
}

/** @param describe the thing, and what is to say about it */
function list<T>(title: string, things: readonly T[], describe: (thing: T) => readonly string[]): string {
  if (things.length === 0) return "";
  const shown = things.slice(0, MAX_SHOWN).map((thing) =>
    describe(thing)
      .map((text) => plain(text, { max: MAX_LINE }))
      .join("\n  "),
  );
  const more = things.length - shown.length;
  return lines(`\n${title}:`, ...shown, more > 0 ? `and ${more} more; --json lists them all` : "");
}
