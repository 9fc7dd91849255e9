import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ExpressionError } from "#expression/expression-error.ts";
import { translatePython } from "#expression/python/translate.ts";
import type { RuleDefinition } from "#model/rule.ts";
import { flatten } from "#records/flatten.ts";
import { decide } from "#rules/decide.ts";
import { createRuleSet } from "#rules/rule-set.ts";
import { elementsOf, record } from "#test/support/records.ts";
import { hasSamples, sampleLogFiles } from "#test/support/samples.ts";
import { HAVE_PYTHON, jexlVerdicts, pythonVerdicts } from "./python.ts";
import { anyRecord, pythonRule } from "./python-expressions.ts";
import { PYTHON_RULES } from "./python-rules.ts";

const REASON = HAVE_PYTHON ? "" : " (skipped: there is no python3)";

const VALUES = [
  "GetObject",
  "PutObject",
  "Get",
  "AccessDenied",
  "",
  "22",
  "0",
  "true",
  " a  b ",
  "\u{1F600}x",
  "\u{1F600}a",
  "C:\\temp",
  "C:\temp",
  "\\\\server\\\\share",
  'it\'s "so"',
  "two words",
  "a\nb",
  "curl",
  "none",
  "x",
  "None",
  0,
  1,
  22,
  1.5,
  -3,
  2.5,
  true,
  false,
  null,
  "12\u00b2",
  "\u00df",
  "end\\",
];
const KEYS = [
  "errorCode",
  "readOnly",
  "userAgent",
  "eventTime",
  "requestParameters.maxResults",
  "requestParameters.prefix",
  "requestParameters.note",
  "requestParameters.path",
  "userIdentity.arn",
  "userIdentity.accountId",
];

/** A record in which one field has a value that it would not have. */
function withValue(key: string, value: unknown) {
  const [top = "", inner] = key.split(".");
  const base = record({ resources: [{ ARN: "a" }], requestParameters: { maxResults: 22, prefix: "Get", note: null } });
  return inner === undefined ? { ...base, [key]: value } : { ...base, [top]: { ...Object(base[top]), [inner]: value } };
}

const RECORDS: readonly unknown[] = [
  record(),
  record({ eventName: "GetObject", readOnly: true }),
  record({ eventName: "GetObject", errorCode: "AccessDenied", resources: ["a"] }),
  record({ eventName: "PutObject", requestParameters: null, userIdentity: {} }),
  record({ eventName: "DeleteBucket", requestParameters: {}, resources: [] }),
  record({ eventName: "GetObject", requestParameters: "x", userIdentity: "x" }),
  record({ eventName: "Get", requestParameters: ["x"], resources: [["a"], null] }),
  { eventName: "GetObject" },
  ...KEYS.flatMap((key) => VALUES.map((value) => withValue(key, value))),
  // Of the top-level fields that CloudTrail documents as texts none is ever a list or object.
  ...KEYS.filter((key) => key.includes(".")).flatMap((key) =>
    [[], {}, ["AccessDenied"], { a: 1 }].map((value) => withValue(key, value)),
  ),
];

interface Comparison {
  /** The rules with a record on which the verdicts differ; "!" is a rule that Python cannot read. */
  readonly differences: readonly { readonly rule: string; readonly record: string; readonly python: string }[];
  /** How many of the rules match some of the records and not others. */
  readonly telling: number;
}

function compare(rules: readonly string[], records: readonly unknown[]): Comparison {
  const [python, jexl] = [pythonVerdicts(rules, records), jexlVerdicts(rules, records)];
  const differences = rules.flatMap((rule, index) => {
    const [expected = "", actual = ""] = [python[index], jexl[index]];
    const at = Array.from(expected).findIndex((verdict, place) => verdict !== actual.charAt(place));
    return at < 0 ? [] : [{ rule, record: JSON.stringify(records[at]), python: expected.charAt(at) }];
  });
  return { differences, telling: python.filter((row) => row.includes("1") && row.includes("0")).length };
}

/** Of generated rules those that can be translated. */
function translatable(rules: readonly string[]): readonly string[] {
  return rules.filter((rule) => {
    try {
      translatePython(rule);
      return true;
    } catch (error) {
      if (error instanceof ExpressionError) return false;
      throw error;
    }
  });
}

/** More runs, and others, find more: ORACLE_RUNS=50000 ORACLE_SEED=2. */
const RUNS = Number(process.env.ORACLE_RUNS ?? 1_500);
const SEED = Number(process.env.ORACLE_SEED ?? 1);
const SLOW_MS = 300_000;

/** Rules about what the records of log files really hold, in the ways in which rules ask for it. */
function rulesAbout(records: readonly unknown[]): readonly string[] {
  const leaves = records.flatMap((element) => {
    const judgeable = flatten(element);
    return "flat" in judgeable ? Object.entries(judgeable.flat) : [];
  });
  const chosen = leaves.filter((_leaf, index) => index % Math.ceil(leaves.length / 60) === 0);
  return chosen.flatMap(([key, value]) => {
    const [name, text] = [JSON.stringify(key), JSON.stringify(String(value))];
    const [start, end] = [JSON.stringify(String(value).slice(0, 4)), JSON.stringify(String(value).slice(-4))];
    return [
      `event[${name}] == ${text}`,
      `event[${name}] != ${text}`,
      `event.get(${name}, "") != ${text}`,
      `${name} in event and not event[${name}].startswith((${start}))`,
      `event.get(${name}, "").endswith((${end}, "-"))`,
      `${start} in event.get(${name}, "") or event["errorCode"] == "AccessDenied"`,
      `${end} not in event[${name}]`,
      `event.get(${name}) not in [None, ${text}]`,
      `str(event[${name}]) == ${text}`,
      `str(event[${name}])[1:-1].lower() != ${text}[1:-1].lower()`,
    ];
  });
}

describe.skipIf(!HAVE_PYTHON)(`rules of the older module${REASON}`, () => {
  test("have Python's verdict on records with every kind of value", () => {
    const { differences, telling } = compare(PYTHON_RULES, RECORDS);
    expect(differences).toEqual([]);
    expect(telling / PYTHON_RULES.length).toBeGreaterThan(0.8);
  });

  test("have it where the two are one rule set that decides", () => {
    const definitions = PYTHON_RULES.map(
      (expression, index): RuleDefinition => ({ id: `r${index}`, origin: "custom", severity: "low", expression }),
    );
    const { ruleSet, problems } = createRuleSet(definitions, {}, { language: "python" });
    const alerted = RECORDS.map((element) => {
      const judgeable = flatten(element);
      if ("unjudgeable" in judgeable) return [];
      const { decision, problems } = decide(ruleSet, judgeable);
      const matched = new Set(decision.kind === "alert" ? decision.rules.map(({ id }) => id) : []);
      return [...problems, definitions.map(({ id }) => (matched.has(id) ? "1" : "0")).join("")];
    });
    const rows = pythonVerdicts(PYTHON_RULES, RECORDS);
    const expected = RECORDS.map((_record, at) => [rows.map((row) => row.charAt(at)).join("")]);
    expect({ problems, alerted }).toEqual({ problems: [], alerted: expected });
  });

  test("have it where they are generated at random, with and without sense", { timeout: SLOW_MS }, () => {
    const all = fc.sample(pythonRule, { seed: SEED, numRuns: RUNS });
    const rules = translatable(all);
    const { differences, telling } = compare(rules, fc.sample(anyRecord, { seed: SEED, numRuns: 60 }));
    expect(differences).toEqual([]);
    expect({ translated: rules.length / all.length > 0.5, telling: telling / rules.length > 0.3 }).toEqual({
      translated: true,
      telling: true,
    });
  });

  test("are only translated where Python can read them, after slips of the pen", { timeout: SLOW_MS }, () => {
    const slip = fc.constantFrom(
      "",
      " ",
      "(",
      ")",
      "[",
      "]",
      '"',
      "'",
      "\\",
      "not ",
      " and ",
      ",",
      "0",
      "_",
      ".",
      ":",
      "r",
      "\n",
      "#",
      "=",
      "-",
      "1e",
      "if ",
    );
    const slipped = fc
      .tuple(fc.constantFrom(...PYTHON_RULES), fc.nat(), fc.nat({ max: 2 }), slip)
      .map(([rule, at, length, other]) => {
        const place = at % rule.length;
        return rule.slice(0, place) + other + rule.slice(place + length);
      });
    const rules = translatable(fc.sample(slipped, { seed: SEED, numRuns: RUNS }));
    expect(compare(rules, RECORDS.slice(0, 40)).differences).toEqual([]);
    expect(rules.length / RUNS).toBeGreaterThan(0.1);
  });

  const files = sampleLogFiles();
  const noSamples = hasSamples ? "" : " (skipped: there is no folder ../shared/samples beside the checkout)";
  test.skipIf(!hasSamples)(`have it on real log files${noSamples}`, { timeout: SLOW_MS }, async () => {
    const elements = (await Promise.all(files.map(({ name, bytes }) => elementsOf(bytes, name)))).flat();
    const records = elements.filter((element) => "flat" in flatten(element));
    const rules = [...PYTHON_RULES, ...rulesAbout(records)];
    const { differences, telling } = compare(rules, records);
    expect(differences).toEqual([]);
    expect({ records: records.length > 1_000, telling: telling > 400 }).toEqual({ records: true, telling: true });
  });
});
