import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toAlert } from "#alerts/to-alert.ts";
import { parseRuleSettings } from "#config/rule-settings.ts";
import { createTemplateCompiler } from "#expression/template.ts";
import type { DefaultRule } from "#model/rule.ts";
import { flatten } from "#records/flatten.ts";
import { decide } from "#rules/decide.ts";
import { examine } from "#rules/examine.ts";
import { ruleSetOf } from "#rules/rule-set.ts";
import { transforms } from "#rules/transforms.ts";

const RULES: readonly DefaultRule[] = [
  { id: "key-created", title: "Access key created", severity: "high", expression: "eventName == 'CreateAccessKey'" },
  { id: "user-touched", title: "User touched", severity: "low", expression: "eventSource == 'iam.amazonaws.com'" },
].map((rule) => ({
  ...rule,
  pack: "iam",
  enabled: true,
  origin: "default",
  severity: rule.severity as "high" | "low",
}));

const RECORD = {
  eventName: "CreateAccessKey",
  eventSource: "iam.amazonaws.com",
  eventTime: "2026-06-11T09:15:00Z",
  recipientAccountId: "111111111111",
  requestParameters: { userName: "bob", ports: [22, 443], tags: { items: [{ key: "Team", value: "web" }] } },
};

const setOf = (rule_overrides: object, rules: readonly object[] = []) =>
  ruleSetOf(parseRuleSettings({ rule_overrides, rules }), RULES, examine);

/** What an alert says, and which problems the rules had. */
function told(rule_overrides: object, over: object = {}, rules: readonly object[] = []) {
  const { ruleSet, problems } = setOf(rule_overrides, rules);
  const judgeable = flatten({ ...RECORD, ...over });
  if ("unjudgeable" in judgeable) throw new Error(judgeable.unjudgeable);
  const judgement = decide(ruleSet, judgeable);
  if (judgement.decision.kind !== "alert") throw new Error(judgement.decision.kind);
  const { title, details } = toAlert(judgeable.record, judgement.decision.rules);
  return {
    title,
    details: details.map(({ label, value }) => `${label}: ${value}`),
    problems: [...problems, ...judgement.problems].map(({ ruleId, message }) => `${ruleId}: ${message}`),
  };
}

const OURS = told({});
const worded = (override: object) => ({ "key-created": override });

describe("a template", () => {
  const compile = createTemplateCompiler(transforms);
  const context = { ...RECORD, event: RECORD, config: {} };

  test.each([
    ["'a fixed text'", "a fixed text"],
    ["'Key for ' + requestParameters.userName", "Key for bob"],
    ["'Key for ' + requestParameters.nobody", undefined],
    ["'Key for ' + (requestParameters.nobody || 'nobody')", "Key for nobody"],
    ["('Key for ' + requestParameters.nobody) || 'A key'", "A key"],
    ["requestParameters.nobody ? 'for ' + requestParameters.nobody : 'for nobody'", "for nobody"],
    ["1 + 2", "3"],
    ["1 + 2 + ' ports'", "3 ports"],
    ["'ports ' + 1 + 2", "ports 12"],
    ["requestParameters.ports", "22, 443"],
    ["requestParameters|pluck('tags.items.value')", "web"],
    ["'Ports: ' + requestParameters.ports", "Ports: 22, 443"],
    ["eventName == 'CreateAccessKey'", "true"],
    ["requestParameters.nobody", undefined],
    ["'  '", undefined],
    ["[]", undefined],
    ["eventName|lower", "createaccesskey"],
  ])("%s says %s", (text, expected) => {
    expect(compile(text)(context)).toBe(expected);
  });

  test.each(["requestParameters", "'Tags ' + requestParameters.tags"])("%s is an object, and fails", (text) => {
    expect(() => compile(text)(context)).toThrow("it is an object; name a part of it, or write |json behind it");
  });

  test("joins to a text what JavaScript does", () => {
    const values = fc.array(fc.oneof(fc.string(), fc.integer(), fc.boolean()), { maxLength: 5 });
    fc.assert(
      fc.property(fc.string(), values, (first, others) => {
        const names = Object.fromEntries([first, ...others].map((value, index) => [`x${index}`, value]));
        const text = Object.keys(names).join(" + ");
        expect(compile(text)(names)).toBe([first, ...others].join("").trim() || undefined);
      }),
    );
  });

  test("stays small, however long the texts of a record are", () => {
    const long = { x: "a".repeat(1_000_000), list: Array.from({ length: 1_000 }, () => "b".repeat(1_000)) };
    const sum = Array.from({ length: 100 }, () => "x").join(" + ");
    expect([compile(sum)(long)?.length, compile("list")(long)?.length]).toEqual([10_000, 10_000]);
  });
});

describe("the title of an alert", () => {
  test.each([
    ["is a text with values", "'Key made for ' + requestParameters.userName", {}, "Key made for bob"],
    ["may be a fixed text", "'Ask before you make keys'", {}, "Ask before you make keys"],
    ["sees what rules see", "event['requestParameters.userName']", {}, "bob"],
    ["may be a number", "requestParameters.ports|length", {}, "2"],
    [
      "is cut where somebody makes it long",
      "requestParameters.userName",
      { requestParameters: { userName: "x".repeat(5_000) } },
      `${"x".repeat(299)}…`,
    ],
    [
      "hides what looks like a secret",
      "'With ' + requestParameters.userName",
      { requestParameters: { userName: `AKIA${"ABCDEFGHIJKLMNOP"}` } },
      "With AKIA…MNOP",
    ],
    [
      "hides secrets in a request as JSON",
      "requestParameters|json",
      { requestParameters: { userName: "bob", newPassword: 'hunter2-"hunter2' } },
      '{"userName":"bob","newPassword":"(hidden)"}',
    ],
  ])("%s: %s", (_name, title, over, expected) => {
    expect(told(worded({ title }), over).title).toBe(expected);
  });

  test.each([
    [
      "it throws",
      "requestParameters.nobody[0]",
      "its title failed on a record: it asks for a part of something that is not there",
    ],
    [
      "it is an object",
      "requestParameters",
      "its title failed on a record: it is an object; name a part of it, or write |json behind it",
    ],
    [
      "it is not there",
      "'Key for ' + requestParameters.nobody",
      "its title, or a part of it, was not there in a record; write what to say instead, as in (… || 'nobody')",
    ],
  ])("is ours where %s, and the rule is reported", (_name, title, problem) => {
    expect(told(worded({ title }))).toEqual({ ...OURS, problems: [`key-created: ${problem}`] });
  });

  test("is that of the most severe rule, whatever others have", () => {
    expect(told({ "user-touched": { title: "'Another'" } })).toEqual(OURS);
  });

  test("can be changed for rules of the user's and for tracked events", () => {
    const own = { id: "own", expression: "eventName == 'CreateAccessKey'", severity: "critical", title: "Plain text" };
    expect([
      told({}, {}, [own]).title,
      told({ own: { title: "'By ' + requestParameters.userName" } }, {}, [own]).title,
    ]).toEqual(["Plain text", "By bob"]);
  });
});

describe("details", () => {
  test("stand in place of ours, by their labels; what is not there is left out", () => {
    const details = {
      "For whom": "requestParameters.userName",
      "Ports (all)": "requestParameters.ports",
      Ticket: "requestParameters.ticket",
      "Ticket in words": "'ticket ' + requestParameters.ticket",
    };
    expect(told(worded({ details }))).toEqual({
      title: OURS.title,
      details: ["For whom: bob", "Ports (all): 22, 443"],
      problems: [],
    });
  });

  test("are ours where none of them is there", () => {
    expect(told(worded({ details: { Ticket: "requestParameters.ticket" } }))).toEqual(OURS);
  });

  test("that fail are left out, and the rule is reported", () => {
    const details = { Broken: "requestParameters.ticket[0]", Who: "requestParameters.userName" };
    expect(told(worded({ details }))).toEqual({
      title: OURS.title,
      details: ["Who: bob"],
      problems: [
        'key-created: its detail "Broken" failed on a record: it asks for a part of something that is not there',
      ],
    });
  });

  test("are bounded, and hide what looks like a secret", () => {
    const details = { Long: "requestParameters.long", Token: "requestParameters.token" };
    const requestParameters = { long: "y".repeat(5_000), token: `xoxb-${"123456789012"}-abcdefgh` };
    expect(told(worded({ details }), { requestParameters }).details).toEqual([
      `Long: ${"y".repeat(599)}…`,
      "Token: (hidden)",
    ]);
  });
});

test("an alert lists its rules without what they said", () => {
  const { ruleSet } = setOf(worded({ title: "'A'", details: { B: "'C'" } }));
  const judgeable = flatten(RECORD);
  if ("unjudgeable" in judgeable) throw new Error(judgeable.unjudgeable);
  const { decision } = decide(ruleSet, judgeable);
  if (decision.kind !== "alert") throw new Error(decision.kind);
  expect(JSON.stringify(toAlert(judgeable.record, decision.rules).rules)).not.toContain("wording");
});

describe("before there is a record", () => {
  const HINT = "\n  (a fixed text stands in quotes of its own: \"'Key made for ' + requestParameters.userName\")";
  const problems = (override: object) => setOf(worded(override)).problems.map(({ message }) => message);

  test.each([
    [
      "a plain text",
      { title: "Key created" },
      `title: the expression has an unexpected "created" at line 1, column 5:\n  Key created\n      ^${HINT}`,
    ],
    [
      "a field that no record has",
      { title: "'By ' + userIdentty.arn" },
      `title: the expression names userIdentty, which CloudTrail does not have; did you mean userIdentity? If it is a new field, write event['userIdentty'] at line 1, column 9:\n  'By ' + userIdentty.arn\n          ^${HINT}`,
    ],
    [
      "a transform that there is not",
      { details: { Who: "eventName|shout" } },
      expect.stringMatching(/^details\["Who"\]: the expression .*shout/),
    ],
  ])("%s is a problem with its place", (_name, override, expected) => {
    expect(problems(override)).toEqual([expected]);
  });

  test("a list is no trap, as it is in a condition", () => {
    const { problems: found, warnings } = setOf(worded({ title: "requestParameters|pluck('ports')" }));
    expect([found, warnings]).toEqual([[], []]);
  });

  test("what reads only the first of a list is a warning", () => {
    expect(setOf(worded({ title: "requestParameters.tags.items.value" })).warnings).toMatchObject([
      { ruleId: "key-created", message: expect.stringMatching(/^title: the expression reads value of the first/) },
    ]);
  });

  test("the rule holds without a template that cannot be used", () => {
    expect(told(worded({ title: "Key created", details: { Who: "requestParameters.userName" } }))).toMatchObject({
      title: OURS.title,
      details: ["Who: bob"],
    });
  });

  test("an ignore rule has none", () => {
    const settings = parseRuleSettings({
      ignore_rules: [{ id: "quiet", expression: "eventName == 'A'" }],
      rule_overrides: { quiet: { title: "'B'" } },
    });
    expect(ruleSetOf(settings, [], examine).problems).toEqual([
      { ruleId: "quiet", message: "an ignore rule tells nothing; leave its title and details out of rule_overrides" },
    ]);
  });

  test.each([
    [
      "a long title",
      { title: `'${"a".repeat(1_000)}'` },
      "rule_overrides.key-created.title: has more than 1000 characters",
    ],
    ["an empty title", { title: "" }, "rule_overrides.key-created.title: must not be empty"],
    [
      "seven details",
      { details: Object.fromEntries(Array.from({ length: 7 }, (_, index) => [`D${index}`, "eventName"])) },
      "rule_overrides.key-created.details: has more than 6 details",
    ],
    [
      "a label with markup",
      { details: { "*Who*": "eventName" } },
      "rule_overrides.key-created.details.*Who*: a label is 1 to 40 letters, digits and spaces, or any of . _ / ( ) -",
    ],
  ])("%s is refused", (_name, override, message) => {
    expect(() => parseRuleSettings({ rule_overrides: worded(override) })).toThrow(message);
  });
});
