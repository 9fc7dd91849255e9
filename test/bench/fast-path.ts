import { DEFAULT_LIMITS, SkippedElements } from "#model/log-file.ts";
import { unfoldAggregated } from "#records/aggregated.ts";
import { flatten } from "#records/flatten.ts";
import { readLogFile } from "#records/read.ts";
import { createSieve } from "#records/sieve.ts";
import { decide } from "#rules/decide.ts";
import type { RuleSet } from "#rules/rule-set.ts";
import { scannerCode } from "#scanner-code";

/** What came of a file. */
export interface Decided {
  readonly records: number;
  readonly alerts: number;
}

/** Bytes of a log file to decisions, as the function does it. */
export type FastPath = (
  chunks: AsyncIterable<Uint8Array>,
  options?: { readonly hash?: { update(bytes: Uint8Array): unknown }; readonly onBatch?: () => void },
) => Promise<Decided>;

/** What the function does with a log file, but for telling. */
export function createFastPath(ruleSet: RuleSet): FastPath {
  const sieve = createSieve(Buffer.from(scannerCode, "base64"), ruleSet.prefilter, DEFAULT_LIMITS);
  return async (chunks, { hash, onBatch } = {}) => {
    let [records, alerts] = [0, 0];
    const decideOn = (element: unknown): void => {
      const judgeable = flatten(element);
      records += 1;
      if (!("unjudgeable" in judgeable) && decide(ruleSet, judgeable).decision.kind === "alert") alerts += 1;
    };
    for await (const elements of readLogFile(chunks, "file", DEFAULT_LIMITS, { sieve, ...(hash && { hash }) })) {
      for (const element of elements) {
        if (element instanceof SkippedElements) records += element.count;
        else unfoldAggregated(element).forEach(decideOn);
      }
      onBatch?.();
    }
    return { records, alerts };
  };
}

/** Bytes in chunks as S3 gives them. */
export async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += 65_536) yield bytes.subarray(from, from + 65_536);
}
