import { expect, test } from "vitest";
import { defaultRules } from "#default-rules";
import { unfoldAggregated } from "#records/aggregated.ts";
import { flatten } from "#records/flatten.ts";
import { decide } from "#rules/decide.ts";
import { createRuleSet } from "#rules/rule-set.ts";
import { elementsOf } from "#test/support/records.ts";
import { hasSamples, sampleLogFiles } from "#test/support/samples.ts";
import { folderOf, jsonLines, scanning } from "#test/support/scanning.ts";

const REASON = hasSamples ? "" : " (skipped: there is no folder ../shared/samples beside the checkout)";

test.skipIf(!hasSamples)(
  `scan says of real log files what the rules say of their records${REASON}`,
  { timeout: 60_000 },
  async () => {
    const { ruleSet } = createRuleSet(
      defaultRules.filter(({ enabled }) => enabled),
      {},
    );
    const expected = new Set<string>();
    let records = 0;
    for (const { name, bytes } of sampleLogFiles()) {
      for (const element of (await elementsOf(bytes, name)).flatMap(unfoldAggregated)) {
        records += 1;
        const judgeable = flatten(element);
        if ("unjudgeable" in judgeable) continue;
        const { decision } = decide(ruleSet, judgeable);
        if (decision.kind !== "alert") continue;
        const { eventID = null, eventTime = null, eventName } = judgeable.record;
        expected.add(JSON.stringify([eventID, eventTime, eventName, decision.rules.map(({ id }) => id)]));
      }
    }
    const folder = folderOf(Object.fromEntries(sampleLogFiles().map(({ name, bytes }) => [name, bytes])));
    const { exitCode, output, said } = await scanning([folder, "--json"]);
    const told = jsonLines(output).map(({ eventID, eventTime, eventName, rules }) =>
      JSON.stringify([eventID, eventTime, eventName, rules]),
    );
    expect(expected.size).toBeGreaterThan(100);
    expect([exitCode, new Set(told)]).toEqual([0, expected]);
    expect(said).toEqual([expect.stringContaining(` in ${records} records of `)]);
  },
);
