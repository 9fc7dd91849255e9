import { jexlOf, type Rules } from "#cli/shared/rule-options.ts";
import { defaultRules } from "#default-rules";
import { pathsOf } from "#expression/paths.ts";
import { LogFileError } from "#model/errors.ts";
import type { JudgeableRecord } from "#model/record.ts";
import type { RuleRef } from "#model/rule.ts";
import { flatten } from "#records/flatten.ts";
import { ask, contextOf, decide, type Verdict } from "#rules/decide.ts";
import type { Candidate } from "./candidate.ts";
import { elementsOf } from "./file.ts";
import { holdsNoRecords } from "./forms.ts";
import type { ScanOptions } from "./scan.ts";
import { isWanted } from "./wanted.ts";

/** A record that was looked for. */
export interface FoundRecord {
  readonly judgeable: JudgeableRecord;
  /** The file. Foreign text. */
  readonly file: string;
}

/** What was looked through before it was found, or in vain. */
export interface Search {
  readonly found: FoundRecord | undefined;
  readonly files: number;
}

/**
 * Looks for a record by its `eventID`, and reads no further than it.
 * @throws CommandError when no file could be read
 */
export async function findRecord(
  candidates: AsyncIterable<Candidate>,
  eventId: string,
  { wanted, limits, stop, onProblem, onProgress }: Omit<ScanOptions, "concurrency" | "onAlert">,
): Promise<Search> {
  let files = 0;
  let records = 0;
  for await (const candidate of candidates) {
    if (stop.aborted) break;
    if (candidate.kind === "problem") onProblem(candidate.reason);
    if (candidate.kind !== "file") continue;
    try {
      for await (const batch of elementsOf(candidate, limits)) {
        for (const element of batch) {
          if (eventIdOf(element) !== eventId || !isWanted(element, wanted)) continue;
          const judgeable = flatten(element, limits);
          if (!("unjudgeable" in judgeable)) {
            return { found: { judgeable, file: candidate.name }, files: files + 1 };
          }
          onProblem(`${candidate.name}: the record ${judgeable.unjudgeable}`);
        }
        records += batch.length;
        onProgress({ files, records, alerts: 0 });
        if (stop.aborted) break;
      }
      files += 1;
    } catch (error) {
      if (!(error instanceof LogFileError)) throw error;
      if (!holdsNoRecords(error)) onProblem(error.message);
    }
  }
  return { found: undefined, files };
}

function eventIdOf(element: unknown): unknown {
  return typeof element === "object" && element !== null && "eventID" in element ? element.eventID : undefined;
}

/** What a rule says of the record, and why. */
export interface ExplainedRule extends Pick<RuleRef, "id" | "severity" | "origin"> {
  readonly verdict: Verdict["kind"] | "off";
  /** Why it failed or was excepted. */
  readonly reason: string | undefined;
  /** What its expression looks at, as it stands in the record; undefined is not there. Empty where it is off. */
  readonly values: readonly (readonly [path: string, value: unknown])[];
}

/** What becomes of a record, and what every rule says of it: those that match first, those that are off last. */
export interface Explained {
  readonly outcome: "alert" | "ignored" | "unmatched";
  readonly rules: readonly ExplainedRule[];
}

const ORDER: readonly ExplainedRule["verdict"][] = ["matched", "excepted", "failed", "unmatched", "off"];

/** Asks every rule, also those that a matching ignore rule would keep from being asked. */
export function explain({ ruleSet, settings, translations }: Rules, judgeable: JudgeableRecord): Explained {
  const definitions = new Map([...defaultRules, ...settings.rules].map((rule) => [rule.id, rule]));
  const pathsIn = (id: string) => {
    const definition = definitions.get(id);
    return definition === undefined ? [] : pathsOf(jexlOf(definition, translations));
  };
  const context = contextOf(judgeable, ruleSet.config);
  const asked = [...ruleSet.ignore, ...ruleSet.alert].map((rule): ExplainedRule => {
    const verdict = ask(rule, judgeable, context);
    const { id, severity, origin } = rule.ref;
    const reason =
      verdict.kind === "excepted" ? verdict.reason : verdict.kind === "failed" ? verdict.message : undefined;
    const values = pathsIn(id).flatMap((path) => valueAt(path, judgeable, ruleSet.config));
    return { id, severity, origin, verdict: verdict.kind, reason, values };
  });
  const on = new Set(asked.map(({ id }) => id));
  const off = [...definitions.values()]
    .filter(({ id }) => !on.has(id))
    .map(
      ({ id, severity, origin }) => ({ id, severity, origin, verdict: "off", reason: undefined, values: [] }) as const,
    );
  return {
    outcome: decide(ruleSet, judgeable).decision.kind,
    rules: [...asked, ...off].sort((a, b) => ORDER.indexOf(a.verdict) - ORDER.indexOf(b.verdict)),
  };
}

/** The value at a path of a rule. Nothing for the record as a whole: the reader has it. */
function valueAt(
  [root = "", ...names]: readonly string[],
  { record, flat }: JudgeableRecord,
  config: unknown,
): readonly (readonly [string, unknown])[] {
  if (root === "config") return [[["config", ...names].join("."), walk(config, names)]];
  const path = root === "event" ? names : [root, ...names];
  if (path.length === 0) return [];
  const name = path.join(".");
  return [[name, Object.hasOwn(flat, name) ? flat[name] : walk(record, path)]];
}

function walk(value: unknown, names: readonly string[]): unknown {
  return names.reduce<unknown>(
    (at, name) =>
      typeof at === "object" && at !== null && Object.hasOwn(at, name)
        ? (at as Record<string, unknown>)[name]
        : undefined,
    value,
  );
}
