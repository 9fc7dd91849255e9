import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { defaultRules, readRuleFiles } from "#default-rules";
import { flatten } from "#records/flatten.ts";
import { decide } from "#rules/decide.ts";
import { createRuleSet } from "#rules/rule-set.ts";
import { elementsOf } from "#test/support/records.ts";

/** Real log files, which may not be copied into the project: they lie beside the checkout where there are any. */
const SAMPLES = path.join(import.meta.dirname, "..", "..", "..", "shared", "samples");
const HAVE = existsSync(SAMPLES);
const REASON = HAVE ? "" : " (skipped: there is no folder ../shared/samples beside the checkout)";

interface LabelledCase {
  readonly detection: string;
  readonly expected: boolean;
  readonly note: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly event: unknown;
}

const CASES: readonly LabelledCase[] = HAVE
  ? readFileSync(path.join(SAMPLES, "labelled-cases.jsonl"), "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line))
      .filter(({ detection }) => defaultRules.some(({ id }) => id === detection))
  : [];
const FILES = HAVE ? readdirSync(SAMPLES).filter((file) => file.endsWith(".json.gz")) : [];

/** What the module would say of itself, had it been deployed in the place of the older module's samples. */
const CONFIG = {
  self: {
    ...Object(readRuleFiles().find(({ id }) => id === "self-tampering")?.config.self),
    accountId: "-",
    functionName: "fivexl-cloudtrail-to-slack",
  },
};

/** How many records of a file ended how, with the problems of rules. */
async function judgeFile(file: string) {
  const { ruleSet } = createRuleSet(defaultRules, CONFIG);
  const counts = { in: 0, alert: 0, ignored: 0, unmatched: 0, failed: 0 };
  const problems: string[] = [];
  for (const element of await elementsOf(readFileSync(path.join(SAMPLES, file)), file)) {
    counts.in += 1;
    const judgeable = flatten(element);
    if ("unjudgeable" in judgeable) {
      counts.failed += 1;
      continue;
    }
    const judgement = decide(ruleSet, judgeable);
    counts[judgement.decision.kind] += 1;
    problems.push(...judgement.problems.map(({ ruleId, message }) => `${ruleId}: ${message}`));
  }
  return { counts, problems };
}

describe.skipIf(!HAVE)(`the labelled cases${REASON}`, () => {
  test("are enough to mean something", () => {
    expect(CASES.length).toBeGreaterThanOrEqual(10);
  });
  test.each(CASES)("$detection says $expected: $note", ({ detection, expected, config, event }) => {
    const rule = defaultRules.filter(({ id }) => id === detection);
    const judgeable = flatten(event);
    const judgement = "unjudgeable" in judgeable ? judgeable : decide(createRuleSet(rule, config).ruleSet, judgeable);
    expect(judgement).toMatchObject({ decision: { kind: expected ? "alert" : "unmatched" }, problems: [] });
  });
});

describe.skipIf(!HAVE)(`the real log files${REASON}`, () => {
  test("are there and hold records", async () => {
    const results = await Promise.all(FILES.map(judgeFile));
    expect(results.reduce((total, { counts }) => total + counts.in, 0)).toBeGreaterThan(1_000);
  });
  test.each(FILES)("%s: no rule throws, and every record is accounted for", async (file) => {
    const { counts, problems } = await judgeFile(file);
    const { alert, ignored, unmatched, failed } = counts;
    expect({ problems, total: alert + ignored + unmatched + failed }).toEqual({ problems: [], total: counts.in });
  });
  test("all nine records of the file of the older module alert", async () => {
    const [file = "(no such file)"] = FILES.filter((name) => name.includes("fivexl"));
    expect((await judgeFile(file)).counts).toEqual({ in: 9, alert: 9, ignored: 0, unmatched: 0, failed: 0 });
  });
});
