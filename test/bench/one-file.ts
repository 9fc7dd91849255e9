import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { unfoldAggregated } from "#records/aggregated.ts";
import { flatten } from "#records/flatten.ts";
import type { RuleSet } from "#rules/rule-set.ts";
import { lawOf } from "#test/oracle/judging.ts";
import { chunksOf, createFastPath } from "./fast-path.ts";
import { alternate } from "./measure.ts";
import { peakMemoryMb } from "./processes.ts";
import { benchDefinitions, benchRules, countsOf, type RuleCounts } from "./rule-sets.ts";

/** What one log file costs, beside unzipping and parsing it in the same process. */
export interface FileFigures {
  readonly node: string;
  readonly rules: RuleCounts;
  readonly records: number;
  /** Processor time and time on the clock, as parts of what `gunzipSync` and `JSON.parse` take. */
  readonly cpuRatioToParse: number;
  readonly wallRatioToParse: number;
  readonly recordsPerSecond: number;
  readonly peakMemoryMb: number;
  readonly alerts: number;
  /** By Jexl's own evaluator, on every record. */
  readonly alertsByJexl: number;
}

/** Measures a gzipped log file of anyone's. */
export async function fileFigures(file: string, seconds: number): Promise<FileFigures> {
  const bytes = readFileSync(file);
  const ruleSet = benchRules();
  const { parse, fast, records, alerts } = await ratios(bytes, ruleSet, seconds);
  return {
    node: process.versions.node,
    rules: countsOf(ruleSet),
    records,
    cpuRatioToParse: fast.cpuMs / parse.cpuMs,
    wallRatioToParse: fast.wallMs / parse.wallMs,
    recordsPerSecond: Math.round((records / fast.wallMs) * 1_000),
    peakMemoryMb: await peakMemoryMb(file),
    alerts,
    alertsByJexl: alertsByJexl(bytes, ruleSet),
  };
}

/** The fast way and parsing, in turns. */
export async function ratios(bytes: Uint8Array, ruleSet: RuleSet, seconds: number) {
  const fastPath = createFastPath(ruleSet);
  const decided = await fastPath(chunksOf(bytes));
  const [parse, fast] = await alternate(
    [() => JSON.parse(gunzipSync(bytes).toString()), () => fastPath(chunksOf(bytes))],
    seconds,
  );
  if (parse === undefined || fast === undefined) throw new Error("nothing was measured");
  return { parse, fast, ...decided };
}

/** The slow way: every rule on every record by Jexl itself. */
function alertsByJexl(bytes: Uint8Array, ruleSet: RuleSet): number {
  const file: unknown = JSON.parse(gunzipSync(bytes).toString());
  const records: readonly unknown[] = Array.isArray(file) ? file : Object(file).Records;
  const law = lawOf(ruleSet, benchDefinitions());
  return records.flatMap(unfoldAggregated).filter((record) => {
    const judgeable = flatten(record);
    return !("unjudgeable" in judgeable) && law(judgeable).decision.kind === "alert";
  }).length;
}
