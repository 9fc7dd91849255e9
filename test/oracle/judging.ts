import { createHash } from "node:crypto";
import { bareObject } from "#model/bare.ts";
import { DEFAULT_LIMITS, type Limits, SkippedElements } from "#model/log-file.ts";
import { newOutcome, type Outcome } from "#model/outcome.ts";
import type { RuleDefinition } from "#model/rule.ts";
import { type JudgingStages, judge, newJudging } from "#pipeline/judging.ts";
import { unfoldAggregated } from "#records/aggregated.ts";
import { flatten } from "#records/flatten.ts";
import { openLogFile } from "#records/open-log-file.ts";
import { createSieve } from "#records/sieve.ts";
import { decide } from "#rules/decide.ts";
import type { RuleSet } from "#rules/rule-set.ts";
import { scannerCode } from "#scanner-code";
import { inChunks } from "#test/support/reading.ts";
import { jexlPredicate } from "./jexl.ts";

/** All that comes of the records of one file: what is counted, and what is told of whom. */
export interface Judged {
  readonly counts: Pick<Outcome, "records" | "refusedCalls" | "limits" | "recordProblems">;
  readonly ruleProblems: readonly string[];
  readonly alerts: readonly string[];
  readonly sha256: string;
}

type Decide = JudgingStages["decide"];

/** The fast way: scanner, prefilter and compiled rules. @param onSkip told of records that were never parsed */
export async function judgedFast(
  content: Uint8Array,
  chunk: number,
  ruleSet: RuleSet,
  onSkip: (count: number) => void,
  limits: Limits = DEFAULT_LIMITS,
): Promise<Judged> {
  const sieve = createSieve(Buffer.from(scannerCode, "base64"), ruleSet.prefilter, limits);
  const { batches, sha256 } = openLogFile(inChunks(content, chunk), "file", limits, sieve);
  const watched = async function* () {
    for await (const elements of batches) {
      for (const element of elements) if (element instanceof SkippedElements) onSkip(element.count);
      yield elements;
    }
  };
  return judged(watched(), sha256, limits, (record) => decide(ruleSet, record));
}

/** The law: the whole file by `JSON.parse`, and each rule on each flattened record by Jexl's own evaluator. */
export async function judgedByLaw(
  unpacked: Uint8Array,
  elements: readonly unknown[],
  law: Decide,
  limits = DEFAULT_LIMITS,
): Promise<Judged> {
  const sha256 = () => createHash("sha256").update(unpacked).digest("hex");
  const batches = async function* () {
    yield elements;
  };
  return judged(batches(), sha256, limits, law);
}

/** Decides as the rules are defined to be decided, without any of the ways that make it fast. */
export function lawOf(ruleSet: RuleSet, definitions: readonly RuleDefinition[]): Decide {
  const rules = [...ruleSet.ignore, ...ruleSet.alert].map(({ ref }) => {
    const expression = definitions.find(({ id }) => id === ref.id)?.expression ?? "";
    return { ref, matches: jexlPredicate(expression) };
  });
  return ({ record, flat }) => {
    const event = Object.assign(bareObject(), flat, record);
    const context = Object.assign(bareObject(), record, { event, config: ruleSet.config });
    const problems: { ruleId: string; message: string }[] = [];
    const matched = [];
    for (const { ref, matches } of rules) {
      try {
        if (matches(context) !== true) continue;
      } catch {
        problems.push({ ruleId: ref.id, message: "" });
        continue;
      }
      if (ref.origin === "ignore") return { decision: { kind: "ignored", rule: ref }, problems };
      matched.push(ref);
    }
    const [first, ...others] = matched;
    if (first === undefined) return { decision: { kind: "unmatched" }, problems };
    return { decision: { kind: "alert", rules: [first, ...others] }, problems };
  };
}

async function judged(
  batches: AsyncIterable<readonly unknown[]>,
  sha256: () => string,
  limits: Limits,
  decideOn: Decide,
): Promise<Judged> {
  const outcome = newOutcome();
  const judging = newJudging((index) => `Records[${index}]`);
  const stages = {
    unfold: unfoldAggregated,
    flatten: (element: unknown) => flatten(element, limits),
    decide: decideOn,
  } as JudgingStages;
  for await (const elements of batches) judge(elements, judging, stages, outcome);
  const { records, refusedCalls, limits: over, recordProblems, ruleProblems } = outcome;
  const told = judging.suspects.map(({ record, rules }) => [rules.map(({ id }) => id), record]);
  return {
    counts: { records, refusedCalls, limits: over, recordProblems },
    ruleProblems: [...ruleProblems.keys()].sort(),
    alerts: [...told, ...judging.insights].map((each) => JSON.stringify(each)),
    sha256: sha256(),
  };
}

/** The elements that `JSON.parse` finds in a file. */
export function elementsByParse(text: string): readonly unknown[] {
  const file: unknown = JSON.parse(text);
  const records = Array.isArray(file) ? file : (file as { Records?: unknown }).Records;
  if (!Array.isArray(records)) throw new Error("no records");
  return records;
}
