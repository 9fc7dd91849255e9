import { describe, expect, test } from "vitest";
import { parseRuleSettings } from "#config/rule-settings.ts";
import type { DefaultRule } from "#model/rule.ts";
import { flatten } from "#records/flatten.ts";
import { ask, contextOf, decide } from "#rules/decide.ts";
import { ruleSetOf } from "#rules/rule-set.ts";

const rule = (id: string, over: Partial<DefaultRule> = {}): DefaultRule => ({
  id,
  pack: "iam",
  enabled: true,
  origin: "default",
  severity: "medium",
  expression: "eventName == 'CreateUser'",
  ...over,
});
const RULES = [
  rule("user-created"),
  rule("user-created-too", { enabled: false, severity: "low" }),
  rule("elsewhere", { pack: "s3", severity: "high" }),
  rule("quiet", { pack: "noise", origin: "ignore", severity: "info", expression: "userAgent == 'console'" }),
];
const RECORD = {
  eventName: "CreateUser",
  eventTime: "2026-06-11T09:15:00Z",
  sourceIPAddress: "198.51.100.7",
  recipientAccountId: "111111111111",
  userIdentity: {
    arn: "arn:aws:sts::111111111111:assumed-role/deploy/session",
    sessionContext: { sessionIssuer: { arn: "arn:aws:iam::111111111111:role/deploy", userName: "deploy" } },
  },
};

function judge(document: object, over: object = {}) {
  const { ruleSet, problems } = ruleSetOf(parseRuleSettings(document), RULES);
  const judgeable = flatten({ ...RECORD, ...over });
  if ("unjudgeable" in judgeable) throw new Error(judgeable.unjudgeable);
  const { decision, problems: failed } = decide(ruleSet, judgeable);
  return {
    said: decision.kind === "alert" ? decision.rules.map(({ id, severity }) => `${severity} ${id}`) : decision.kind,
    problems: [...problems, ...failed].map(({ ruleId, message }) => `${ruleId}: ${message}`),
  };
}

describe("switches", () => {
  test.each([
    ["nothing is said", {}, ["high elsewhere", "medium user-created"]],
    ["a pack is off", { packs: { s3: false } }, ["medium user-created"]],
    [
      "a pack is on as a whole",
      { packs: { iam: true } },
      ["high elsewhere", "medium user-created", "low user-created-too"],
    ],
    ["a rule is off", { rule_overrides: { "user-created": { enabled: false } } }, ["high elsewhere"]],
    [
      "a rule is on that is off by default",
      { rule_overrides: { "user-created-too": { enabled: true } } },
      ["high elsewhere", "medium user-created", "low user-created-too"],
    ],
    [
      "a rule is on in a pack that is off",
      { packs: { iam: false }, rule_overrides: { "user-created": { enabled: true } } },
      ["high elsewhere", "medium user-created"],
    ],
    [
      "a rule is off in a pack that is on as a whole",
      { packs: { iam: true }, rule_overrides: { "user-created": { enabled: false } } },
      ["high elsewhere", "low user-created-too"],
    ],
    ["the default rules are off", { use_default_rules: false }, "unmatched"],
    ["they are off but for a pack", { use_default_rules: false, packs: { s3: true } }, ["high elsewhere"]],
    [
      "a severity is changed",
      { rule_overrides: { "user-created": { severity: "critical" } } },
      ["critical user-created", "high elsewhere"],
    ],
    [
      "a rule of the user's is changed",
      {
        rules: [{ id: "mine", expression: "eventName == 'CreateUser'" }],
        rule_overrides: { mine: { severity: "info" }, elsewhere: { enabled: false } },
      },
      ["medium user-created", "info mine"],
    ],
    [
      "Terraform's nulls are given",
      { rule_overrides: { elsewhere: { enabled: null, severity: null, exceptions: [] } } },
      ["high elsewhere", "medium user-created"],
    ],
  ])("when %s", (_name, document, said) => {
    expect(judge(document)).toEqual({ said, problems: [] });
  });

  test("a default ignore rule keeps records back, until it is switched off", () => {
    const record = { userAgent: "console" };
    expect([judge({}, record).said, judge({ packs: { noise: false } }, record).said]).toEqual([
      "ignored",
      ["high elsewhere", "medium user-created"],
    ]);
  });

  test("packs and rules that there are not are problems", () => {
    expect(judge({ packs: { iamm: true }, rule_overrides: { "user-createt": {} } }).problems).toEqual([
      "packs.iamm: there is no such name; did you mean iam?",
      "rule_overrides.user-createt: there is no such name; did you mean user-created?",
    ]);
  });

  test("a rule of the user's may not be called as one of ours, although that is off", () => {
    const rules = [{ id: "user-created", expression: "eventName == 'CreateUser'" }];
    expect(judge({ rules, rule_overrides: { "user-created": { enabled: false } } }).problems).toEqual([
      "user-created: another rule has the same id; give each its own",
    ]);
  });
});

describe("languages", () => {
  const set = (document: object) => ruleSetOf(parseRuleSettings(document), RULES);

  test.each([
    ["auto", "event.get('errorCode', '') == 'AccessDenied'", 1],
    ["auto", "event['eventName'] == 'CreateUser'", 0],
    ["python", "event['eventName'] == 'CreateUser'", 1],
    ["jexl", "event['eventName'] == 'CreateUser'", 0],
  ] as const)("%s reads %s, and translates %d", (rules_language, expression, count) => {
    const { problems, translations } = set({ rules_language, rules: [expression], packs: { iam: true } });
    expect({ problems, count: translations.length }).toEqual({ problems: [], count });
  });

  test("jexl refuses what is Python", () => {
    expect(set({ rules_language: "jexl", rules: ["not event.get('a')"] }).problems).toHaveLength(1);
  });

  test("default rules and tracked events are Jexl, whatever the user writes", () => {
    const { problems, translations } = set({
      rules_language: "python",
      events_to_track: "iam.amazonaws.com:CreateUser",
    });
    expect({ problems, translations }).toEqual({ problems: [], translations: [] });
  });

  test("the expressions of exceptions are in the user's language, too", () => {
    const exceptions = [{ reason: "known", expression: "event.get('userAgent', '').startswith('deploy')" }];
    const document = { packs: { s3: false }, rule_overrides: { "user-created": { exceptions } } };
    expect([judge(document, { userAgent: "deploy/1" }), judge(document)]).toEqual([
      { said: "unmatched", problems: [] },
      { said: ["medium user-created"], problems: [] },
    ]);
  });

  test("a rule in Python that raises on every record is a warning", () => {
    const { problems, warnings } = set({ rules: ["event['a']['b'] == 'c' and True"] });
    expect({ problems, warnings }).toEqual({
      problems: [],
      warnings: [{ ruleId: "rules[0]", message: "the expression is false for every record" }],
    });
  });

  test("translations tell the expressions of exceptions from those of their rules", () => {
    const rules = [{ id: "mine", expression: "event.get('a') == 'b'" }];
    const exceptions = [{ reason: "known", expression: "event.get('c') == 'd'" }];
    const { translations } = set({ rules, rule_overrides: { mine: { exceptions } } });
    expect(translations.map(({ ruleId, python }) => [ruleId, python])).toEqual([
      ["mine", "event.get('a') == 'b'"],
      ["mine.exceptions[0]", "event.get('c') == 'd'"],
    ]);
  });

  test("what cannot be translated is a problem with its place", () => {
    expect(set({ rules: ["event.get('a') == 'b' and any(x for x in event)"] }).problems).toEqual([
      {
        ruleId: "rules[0]",
        message: expect.stringMatching(/^the expression uses a comprehension.* at line 1, column/s),
      },
    ]);
  });
});

describe("exceptions", () => {
  const except = (exception: object, over: object = {}) =>
    judge(
      { packs: { s3: false }, rule_overrides: { "user-created": { exceptions: [{ reason: "known", ...exception }] } } },
      over,
    );
  const ALERTS = { said: ["medium user-created"], problems: [] };
  const SILENT = { said: "unmatched", problems: [] };

  test.each([
    ["the caller's ARN", { actors: [RECORD.userIdentity.arn] }],
    ["the role's ARN", { actors: ["arn:aws:iam::111111111111:role/deploy"] }],
    ["the role's name", { actors: ["other", "deploy"] }],
    ["an ARN with *", { actors: ["arn:aws:sts::*:assumed-role/deploy/*"] }],
    ["the beginning of an ARN", { actors: ["arn:aws:sts::*"] }],
    ["a piece of an ARN", { actors: ["*:assumed-role/deploy/*"] }],
    ["a range", { cidrs: ["192.0.2.0/24", "198.51.100.0/24"] }],
    ["an account", { accounts: ["222222222222", "111111111111"] }],
    ["an expression", { expression: "eventName|startsWith('Create')" }],
    [
      "all of it",
      { actors: ["deploy"], cidrs: ["198.51.100.0/24"], accounts: ["111111111111"], expression: "!errorCode" },
    ],
    ["a day that is the last", { actors: ["deploy"], until: "2026-06-11" }],
  ])("hold by %s", (_name, exception) => {
    expect(except(exception)).toEqual(SILENT);
  });

  test.each([
    ["a name, of the account in which the call took effect", { actors: ["deploy"] }, "111111111111"],
    ["an ARN, of another account", { actors: [RECORD.userIdentity.sessionContext.sessionIssuer.arn] }, "222222222222"],
  ])("hold by %s", (_name, exception, accountId) => {
    expect(except(exception, { userIdentity: { ...RECORD.userIdentity, accountId } })).toEqual(SILENT);
  });

  test.each([
    ["another name", { actors: ["deployer", "deplo", "arn:aws:sts::*:assumed-role/deploy", "*x*"] }, {}],
    ["pieces that overlap", { actors: ["arn:aws:iam::111111111111:role/dep*eploy"] }, {}],
    ["an ARN with fewer parts than its pattern", { actors: ["arn:*:*:*:*:*:*", "arn:aws:iam::*:role/deploy:x"] }, {}],
    [
      "a user whose path makes its ARN look like that of a role",
      { actors: ["arn:aws:iam::*:role/deploy"] },
      { userIdentity: { arn: "arn:aws:iam::111111111111:user/x:role/deploy", userName: "deploy" } },
    ],
    [
      "a user and a role of another account by a name that is ours",
      { actors: ["deploy"] },
      {
        userIdentity: {
          accountId: "666666666666",
          userName: "deploy",
          sessionContext: { sessionIssuer: { userName: "deploy" } },
        },
      },
    ],
    ["another range", { cidrs: ["192.0.2.0/24", "2001:db8::/32"] }, {}],
    ["another account", { accounts: ["222222222222"] }, {}],
    ["an expression that is not true", { expression: "eventName" }, {}],
    ["only a part of it", { actors: ["deploy"], accounts: ["222222222222"] }, {}],
    ["a day that is over", { actors: ["deploy"], until: "2026-06-10" }, {}],
    ["a record without a time, until a day", { actors: ["deploy"], until: "2099-01-01" }, { eventTime: undefined }],
    ["a record without a caller", { actors: ["*"] }, { userIdentity: undefined }],
    [
      "a record without an address",
      { cidrs: ["0.0.0.0/0", "::/0"] },
      { sourceIPAddress: "cloudformation.amazonaws.com" },
    ],
  ])("do not hold for %s", (_name, exception, over) => {
    expect(except(exception, over)).toEqual(ALERTS);
  });

  test("one that fails excepts nothing, and is reported", () => {
    expect(except({ expression: "requestParameters.names[0] == 'a'" })).toEqual({
      said: ["medium user-created"],
      problems: [expect.stringMatching(/^user-created: an exception failed on a record: ./)],
    });
  });

  test("one that does not compile is left out, and is reported with its place", () => {
    expect(except({ expression: "eventName ==" })).toEqual({
      said: ["medium user-created"],
      problems: [expect.stringMatching(/^user-created: exceptions\[0\]: the expression ends too early at line 1, /)],
    });
  });

  test("those of an ignore rule let a record through", () => {
    const document = { rule_overrides: { quiet: { exceptions: [{ reason: "watched", actors: ["deploy"] }] } } };
    expect(judge(document, { userAgent: "console" }).said).toEqual(["high elsewhere", "medium user-created"]);
  });

  test("a failing exception of an ignore rule lets a record through, too", () => {
    const document = { rule_overrides: { quiet: { exceptions: [{ reason: "watched", expression: "a.b[0] == 1" }] } } };
    expect(judge(document, { userAgent: "console" })).toMatchObject({
      said: ["high elsewhere", "medium user-created"],
      problems: [expect.stringMatching(/^quiet: an exception failed/)],
    });
  });

  test("an ignore rule with one that does not compile is left out", () => {
    const exceptions = [
      { reason: "watched", expression: "eventName ==" },
      { reason: "watched", actors: ["nobody"] },
    ];
    expect(judge({ rule_overrides: { quiet: { exceptions } } }, { userAgent: "console" })).toEqual({
      said: ["high elsewhere", "medium user-created"],
      problems: [expect.stringMatching(/^quiet: exceptions\[0\]: /)],
    });
  });

  test("one that fails does not keep another from holding", () => {
    const exceptions = [
      { reason: "broken", expression: "requestParameters.names[0] == 'a'" },
      { reason: "known", actors: ["deploy"] },
    ];
    expect(judge({ packs: { s3: false }, rule_overrides: { "user-created": { exceptions } } })).toEqual(SILENT);
  });

  test("asking a rule tells the reason of the exception", () => {
    const document = {
      rule_overrides: { "user-created": { exceptions: [{ reason: "the pipeline", actors: ["deploy"] }] } },
    };
    const { ruleSet } = ruleSetOf(parseRuleSettings(document), RULES);
    const judgeable = flatten(RECORD);
    const [first] = ruleSet.alert.filter(({ ref }) => ref.id === "user-created");
    if ("unjudgeable" in judgeable || first === undefined) throw new Error("not there");
    expect(ask(first, judgeable, contextOf(judgeable, ruleSet.config))).toEqual({
      kind: "excepted",
      reason: "the pipeline",
    });
  });
});

describe("the document", () => {
  test.each([
    [
      "an exception without a reason",
      { rule_overrides: { a: { exceptions: [{ actors: ["b"] }] } } },
      /exceptions\.0\.reason/,
    ],
    ["an exception of nothing", { rule_overrides: { a: { exceptions: [{ reason: "b" }] } } }, /needs actors/],
    [
      "an exception until no day",
      { rule_overrides: { a: { exceptions: [{ reason: "b", actors: ["c"], until: "2027-02-31" }] } } },
      /exceptions\.0\.until/,
    ],
    [
      "a misspelt part",
      { rule_overrides: { a: { enable: true } } },
      /rule_overrides\.a\.enable: there is no such name here/,
    ],
    [
      "an exception for eleven digits",
      { rule_overrides: { a: { exceptions: [{ reason: "b", accounts: ["11111111111"] }] } } },
      /accounts\.0: must be an account id of 12 digits/,
    ],
    ["an unknown severity", { rule_overrides: { a: { severity: "urgent" } } }, /rule_overrides\.a\.severity/],
    ["a pack that is neither on nor off", { packs: { iam: "yes" } }, /packs\.iam/],
    ["an unknown language", { rules_language: "perl" }, /rules_language/],
    [
      "office hours in no time zone",
      { office_hours: { time_zone: "Mars/Olympus", start: 8, end: 18 } },
      /office_hours\.time_zone: is no time zone/,
    ],
    [
      "office hours that end before they begin",
      { office_hours: { start: 18, end: 8 } },
      /office_hours: start must be before end/,
    ],
    ["a day that is none", { office_hours: { days: ["Monday"], start: 8, end: 18 } }, /office_hours\.days\.0/],
    ["office hours without a day", { office_hours: { days: [] } }, /office_hours\.days/],
    ["tags that are a list", { required_tags: { instance: ["Team"] } }, /required_tags\.instance/],
  ])("with %s is refused", (_name, document, expected) => {
    expect(() => parseRuleSettings(document)).toThrow(expected);
  });

  test("has the module's office hours where nothing is said of them", () => {
    expect(parseRuleSettings({ office_hours: {} }).ruleConfig).toEqual({
      officeHours: { tz: "UTC", days: [1, 2, 3, 4, 5], start: 8, end: 18 },
    });
  });

  test("gives rules their settings, and nothing where nothing is set", () => {
    const settings = {
      allowed_cidrs: ["198.51.100.0/24"],
      office_hours: { time_zone: "Europe/Berlin", start: 8, end: 18 },
      required_tags: { instance: { Team: null } },
    };
    expect([parseRuleSettings(settings).ruleConfig, parseRuleSettings({}).ruleConfig]).toEqual([
      {
        allowedCidrs: ["198.51.100.0/24"],
        officeHours: { tz: "Europe/Berlin", days: [1, 2, 3, 4, 5], start: 8, end: 18 },
        requiredTags: { instance: { Team: null } },
      },
      {},
    ]);
  });

  test.each([
    [
      "a type of resource",
      { required_tags: { instances: { Team: null } } },
      /^required_tags\.instances: .*instance\?$/,
    ],
    [
      "an allowed range",
      { allowed_cidrs: ["198.51.100.0/24", "010.0.0.0/8"] },
      /^allowed_cidrs: 010\.0\.0\.0\/8 is no/,
    ],
    [
      "a range of an exception",
      { rule_overrides: { quiet: { exceptions: [{ reason: "a", cidrs: ["198.51.100.0/33"] }] } } },
      /^rule_overrides\.quiet\.exceptions\[0\]\.cidrs: 198\.51\.100\.0\/33 is no/,
    ],
  ])("%s that is none is a problem", (_name, document, problem) => {
    expect(judge(document).problems).toEqual([expect.stringMatching(problem)]);
  });

  test("addresses and ranges of both versions are no problem", () => {
    const cidrs = ["198.51.100.7", "10.1.2.3/8", "0.0.0.0/0", "2001:db8::/32", "2001:DB8::7", "::/0"];
    const exceptions = [{ reason: "a", cidrs }];
    expect(judge({ allowed_cidrs: cidrs, rule_overrides: { quiet: { exceptions } } }).problems).toEqual([]);
  });

  test("a pattern of a tag that is none is a problem", () => {
    expect(judge({ required_tags: { instance: { Team: "(" } } }).problems).toEqual([
      expect.stringMatching(/^required_tags\.instance\.Team: ./),
    ]);
  });
});
