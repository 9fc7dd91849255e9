import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { parseRuleSettings } from "#config/rule-settings.ts";
import { defaultRules, readRuleFiles } from "#default-rules";
import { flatten } from "#records/flatten.ts";
import { decide } from "#rules/decide.ts";
import { createRuleSet, type RuleSet, ruleSetOf } from "#rules/rule-set.ts";
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

const OFFICE_HOURS = { tz: "Europe/Berlin", days: [1, 2, 3, 4, 5], start: 8, end: 18 };
/** What the default rules find in the log files of the simulated intrusion: a change here is a change of what users see. */
const INTRUSION = {
  counts: { in: 1_306, alert: 45, ignored: 1, unmatched: 1_260, failed: 0 },
  other: 26,
  byRule: {
    "trail-selectors-changed": 1,
    "iam-inline-policy-put": 1,
    "access-denied": 19,
    "ec2-gpu-instance": 2,
    "sg-open-to-world": 2,
    "ami-shared-account": 1,
    "trail-deleted": 1,
    "snapshot-shared": 1,
    "rds-snapshot-shared": 1,
    "iam-login-profile-changed": 2,
    "iam-rolesanywhere-created": 1,
    "iam-role-trust-changed": 2,
    "lambda-permission-added": 1,
    "lambda-code-overwritten": 1,
    "s3-bucket-shared": 1,
    "iam-user-created": 4,
    "iam-admin-policy-attached": 2,
    "iam-access-key-for-other-user": 2,
  },
};

/** Every default rule, those too that are off by default, with every setting. */
const ALL = createRuleSet(
  defaultRules.filter(({ origin }) => origin === "default"),
  { ...CONFIG, allowedCidrs: ["192.0.2.0/24"], officeHours: OFFICE_HOURS, requiredTags: ["Team"] },
).ruleSet;
/** What is on when nothing is configured. */
const DEFAULT = ruleSetOf(parseRuleSettings({ rule_config: CONFIG }), defaultRules).ruleSet;

/** How many records of some files ended how, how often each rule alerted, and the problems of rules. */
async function judgeFiles(files: readonly string[], ruleSet: RuleSet) {
  const counts = { in: 0, alert: 0, ignored: 0, unmatched: 0, failed: 0 };
  const problems: string[] = [];
  const byRule: Record<string, number> = {};
  /** Those that something else than the rules about refused calls found. */
  let other = 0;
  for (const file of files) {
    for (const element of await elementsOf(readFileSync(path.join(SAMPLES, file)), file)) {
      counts.in += 1;
      const judgeable = flatten(element);
      if ("unjudgeable" in judgeable) {
        counts.failed += 1;
        continue;
      }
      const { decision, problems: failed } = decide(ruleSet, judgeable);
      counts[decision.kind] += 1;
      problems.push(...failed.map(({ ruleId, message }) => `${file}: ${ruleId}: ${message}`));
      if (decision.kind !== "alert") continue;
      for (const { id } of decision.rules) byRule[id] = (byRule[id] ?? 0) + 1;
      if (decision.rules.some(({ id }) => !id.startsWith("access-denied"))) other += 1;
    }
  }
  return { counts, problems, byRule, other };
}

describe.skipIf(!HAVE)(`the labelled cases${REASON}`, () => {
  test("are all there", () => {
    expect(CASES.length).toBe(43);
  });
  test.each(CASES)("$detection says $expected: $note", ({ detection, expected, config, event }) => {
    const rule = defaultRules.filter(({ id }) => id === detection);
    const judgeable = flatten(event);
    const judgement = "unjudgeable" in judgeable ? judgeable : decide(createRuleSet(rule, config).ruleSet, judgeable);
    expect(judgement).toMatchObject({ decision: { kind: expected ? "alert" : "unmatched" }, problems: [] });
  });
});

describe.skipIf(!HAVE)(`the real log files${REASON}`, () => {
  test("hold 1,915 records, on which no rule throws, whatever is switched on", async () => {
    const { counts, problems } = await judgeFiles(FILES, ALL);
    expect({ problems, in: counts.in, failed: counts.failed }).toEqual({ problems: [], in: 1_915, failed: 0 });
  });
  test("all nine records of the file of the older module alert", async () => {
    const { counts } = await judgeFiles(
      FILES.filter((name) => name.includes("fivexl")),
      DEFAULT,
    );
    expect(counts).toEqual({ in: 9, alert: 9, ignored: 0, unmatched: 0, failed: 0 });
  });
  test("half of a simulated intrusion among ordinary work is few alerts", async () => {
    const { counts, other, byRule } = await judgeFiles(
      FILES.filter((name) => name.startsWith("218007301253_")),
      DEFAULT,
    );
    expect({ counts, other, byRule }).toEqual(INTRUSION);
  });
});
