import { isDeepStrictEqual } from "node:util";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readRuleFiles } from "#default-rules";
import { createCompiler } from "#expression/compile.ts";
import { bareCopy } from "#model/bare.ts";
import type { JudgeableRecord } from "#model/record.ts";
import { flatten } from "#records/flatten.ts";
import { contextOf } from "#rules/decide.ts";
import { transforms } from "#rules/transforms.ts";
import { hasSamples, sampleLogFiles } from "#test/support/samples.ts";
import { jexlPredicate, type Result, resultOf } from "./jexl.ts";
import { runs, TIMEOUT_MS } from "./runs.ts";
import { tally } from "./tally.ts";

const compile = createCompiler(transforms);

/** Every default rule in both ways, with the records that stand beside it. */
const rulesOf = () =>
  readRuleFiles().map(({ id, expression, config, matching, nonMatching }) => ({
    id,
    records: [...matching, ...nonMatching],
    config: bareCopy(config),
    compiled: compile(expression),
    oracle: jexlPredicate(expression),
  }));
type Rule = ReturnType<typeof rulesOf>[number];

/** What both say of a record. */
function ask({ compiled, oracle, config }: Rule, judgeable: JudgeableRecord): readonly [Result, Result] {
  const context = contextOf(judgeable, config);
  return [resultOf(() => compiled(context)), resultOf(() => oracle(context))];
}

describe("a default rule gives what Jexl gives, and throws where Jexl throws", () => {
  const rules = rulesOf();

  test(
    "over records like those beside it",
    () => {
      const seen = tally("true", "false");
      fc.assert(
        fc.property(
          fc.constantFrom(...rules),
          fc.nat(),
          fc.array(CHANGES, { maxLength: 3 }),
          (rule, index, changes) => {
            const record = changes.reduce(changed, rule.records[index % rule.records.length]);
            const judgeable = flatten(record);
            if ("unjudgeable" in judgeable) return true;
            const [actual, expected] = ask(rule, judgeable);
            seen.add(String(actual !== "throws" && actual.value));
            return isDeepStrictEqual(actual, expected);
          },
        ),
        runs(6_000),
      );
      expect(seen.tooFew(100)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  const reason = hasSamples ? "" : " (skipped: there is no folder ../shared/samples beside the checkout)";
  test.skipIf(!hasSamples)(
    `over every record of the sample log files${reason}`,
    () => {
      const records = sampleLogFiles().flatMap(({ bytes }): readonly unknown[] => {
        const { Records } = JSON.parse(gunzipSync(bytes).toString());
        return Array.isArray(Records) ? Records : [];
      });
      const judgeables = records.flatMap((record) => {
        const judgeable = flatten(record);
        return "unjudgeable" in judgeable ? [] : [judgeable];
      });
      const different = judgeables.flatMap((judgeable) =>
        rules.filter((rule) => !isDeepStrictEqual(...ask(rule, judgeable))).map(({ id }) => id),
      );
      expect({ some: judgeables.length > 1_000, different }).toEqual({ some: true, different: [] });
    },
    TIMEOUT_MS,
  );
});

/** Which of a record's values changes, counted over all of them, and into what. */
const CHANGES = fc.record({
  place: fc.nat(),
  value: fc.constantFrom<unknown>(undefined, null, {}, [], "", "true", true, 7, "*", "0.0.0.0/0", { items: [] }),
});

/** A copy of a record in which one value, or object or list, has become another. */
function changed(record: unknown, { place, value }: { readonly place: number; readonly value: unknown }): unknown {
  const copy: unknown = structuredClone(record);
  const places: { readonly owner: Record<string, unknown>; readonly key: string }[] = [];
  const visit = (owner: unknown): void => {
    if (typeof owner !== "object" || owner === null) return;
    for (const key of Object.keys(owner)) {
      places.push({ owner: owner as Record<string, unknown>, key });
      visit((owner as Record<string, unknown>)[key]);
    }
  };
  visit(copy);
  const chosen = places[place % places.length];
  if (chosen !== undefined && value === undefined && !Array.isArray(chosen.owner)) delete chosen.owner[chosen.key];
  else if (chosen !== undefined) chosen.owner[chosen.key] = value ?? null;
  return copy;
}
