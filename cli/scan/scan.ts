import { type AlertOptions, toAlert } from "#alerts/to-alert.ts";
import { each } from "#cli/shared/each.ts";
import type { RuleProblem } from "#model/decision.ts";
import { LogFileError } from "#model/errors.ts";
import { type Limits, MalformedElement } from "#model/log-file.ts";
import type { Alert } from "#model/news.ts";
import { type CloudTrailRecord, isInsight } from "#model/record.ts";
import { flatten } from "#records/flatten.ts";
import { decide } from "#rules/decide.ts";
import type { RuleSet } from "#rules/rule-set.ts";
import type { Candidate } from "./candidate.ts";
import { elementsOf, type LogFile } from "./file.ts";
import { holdsNoRecords } from "./forms.ts";
import { repeats } from "./repeats.ts";
import { newTally, type RuleTally } from "./tally.ts";
import { isWanted, type Wanted } from "./wanted.ts";

/** A record that alerts, and what there is to say of it. */
export interface Found {
  readonly record: CloudTrailRecord;
  readonly alert: Alert;
  /** The file. Foreign text. */
  readonly file: string;
}

/** What a scan came to. `records = alerts + repeated + ignored + insights + unmatched + outside + unjudged`. */
export interface Scanned {
  readonly files: number;
  /** Files that hold no records. */
  readonly skipped: number;
  /** Files and places that could not be read, or not to their end. */
  readonly unreadable: number;
  readonly records: number;
  readonly alerts: number;
  /** Records that alerted already: they stand in two files. */
  readonly repeated: number;
  readonly ignored: number;
  /** Insights of CloudTrail, which the function tells although no rule matches. */
  readonly insights: number;
  readonly unmatched: number;
  /** Records of other times, accounts and regions than were asked for. */
  readonly outside: number;
  /** Records that are none that rules can be asked about. */
  readonly unjudged: number;
  /** One per rule that failed on a record, with how many records it failed on. */
  readonly ruleProblems: readonly (RuleProblem & { readonly records: number })[];
  readonly rules: readonly RuleTally[];
  readonly interrupted: boolean;
}

/** How a scan is done, and who hears of what it finds on the way. */
export interface ScanOptions {
  readonly wanted: Wanted;
  readonly limits: Limits;
  /** As the function would word what is found. */
  readonly wording: AlertOptions;
  /** How many files at the same time. */
  readonly concurrency: number;
  readonly stop: AbortSignal;
  readonly onAlert: (found: Found) => void;
  /** A sentence about a file that could not be read, or a record that could not be judged. May hold foreign text. */
  readonly onProblem: (sentence: string) => void;
  readonly onProgress: (now: { readonly files: number; readonly records: number; readonly alerts: number }) => void;
}

/** So many records that cannot be judged are named; the others are only counted. */
const MAX_NAMED = 10;

/**
 * Judges the records of files, one after the other, and keeps none of them. Files that cannot be read are reported, and
 * the others are read.
 * @throws CommandError when no file could be read
 */
export async function scan(
  candidates: AsyncIterable<Candidate>,
  ruleSet: RuleSet,
  options: ScanOptions,
): Promise<Scanned> {
  const { wanted, limits, wording, stop, onAlert, onProblem, onProgress } = options;
  const files = { files: 0, skipped: 0, unreadable: 0 };
  const counts = { records: 0, alerts: 0, repeated: 0, ignored: 0, insights: 0, unmatched: 0, outside: 0, unjudged: 0 };
  const problems = new Map<string, RuleProblem & { records: number }>();
  const tally = newTally();
  const isRepeat = repeats();
  let named = 0;

  /** @returns why it cannot be judged, and whether it is nevertheless what a log file may hold */
  const judge = (
    element: unknown,
    file: string,
  ): { readonly reason: string; readonly damaged: boolean } | undefined => {
    if (!isWanted(element, wanted)) {
      counts.outside += 1;
      return undefined;
    }
    const judgeable = flatten(element, limits);
    if ("unjudgeable" in judgeable) {
      const damaged = element instanceof MalformedElement || judgeable.limit !== undefined;
      return { reason: judgeable.unjudgeable, damaged };
    }
    const { record } = judgeable;
    const { decision, problems: failed } = decide(ruleSet, judgeable);
    for (const problem of failed) {
      const known = problems.get(problem.ruleId);
      if (known === undefined) problems.set(problem.ruleId, { ...problem, records: 1 });
      else known.records += 1;
    }
    if (decision.kind === "ignored") counts.ignored += 1;
    else if (decision.kind === "unmatched") counts[isInsight(record) ? "insights" : "unmatched"] += 1;
    else if (isRepeat(record)) counts.repeated += 1;
    else {
      counts.alerts += 1;
      const alert = toAlert(record, decision.rules, wording);
      tally.add(record, alert);
      onAlert({ record, alert, file });
    }
    return undefined;
  };

  const judgeAll = async (file: LogFile): Promise<"read" | "holds no records"> => {
    let elements = 0;
    let strange = 0;
    const reasons: string[] = [];
    try {
      for await (const batch of elementsOf(file, limits)) {
        for (const element of batch) {
          elements += 1;
          const fault = judge(element, file.name);
          if (fault === undefined) continue;
          if (fault.damaged) counts.unjudged += 1;
          else strange += 1;
          if (reasons.length < MAX_NAMED) reasons.push(`${file.name}: record ${elements} ${fault.reason}`);
        }
        onProgress({ ...files, records: counts.records + elements, alerts: counts.alerts });
        if (stop.aborted) break;
      }
    } finally {
      // Among records, what is none is damage; by itself, it is a file of somebody else.
      if (strange < elements) {
        counts.records += elements;
        counts.unjudged += strange;
        for (const reason of reasons.slice(0, Math.max(0, MAX_NAMED - named))) onProblem(reason);
        named += reasons.length;
      }
    }
    return strange > 0 && strange === elements ? "holds no records" : "read";
  };

  await each(candidates, options, async (candidate) => {
    if (candidate.kind === "skipped") files.skipped += 1;
    else if (candidate.kind === "problem") {
      files.unreadable += 1;
      onProblem(candidate.reason);
    } else {
      try {
        if ((await judgeAll(candidate)) === "read") files.files += 1;
        else files.skipped += 1;
      } catch (error) {
        if (!(error instanceof LogFileError)) throw error;
        if (holdsNoRecords(error)) files.skipped += 1;
        else {
          files.unreadable += 1;
          onProblem(error.message);
        }
      }
    }
  });
  return {
    ...files,
    ...counts,
    ruleProblems: [...problems.values()],
    rules: tally.rules(),
    interrupted: stop.aborted,
  };
}
