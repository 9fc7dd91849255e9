import { describe, expect, test } from "vitest";
import type { JudgeableRecord } from "#model/record.ts";
import type { RuleDefinition, RuleOrigin, Severity } from "#model/rule.ts";
import { flatten } from "#records/flatten.ts";
import { isCall } from "#rules/call-name.ts";
import { decide } from "#rules/decide.ts";
import { createRuleSet } from "#rules/rule-set.ts";
import { record } from "#test/support/records.ts";

function rule(id: string, expression: string, origin: RuleOrigin = "custom", severity: Severity = "medium") {
  return { id, expression, origin, severity } satisfies RuleDefinition;
}

function judgeable(element: unknown): JudgeableRecord {
  const result = flatten(element);
  if ("unjudgeable" in result) throw new Error(`the test's own record ${result.unjudgeable}`);
  return result;
}

/** The decision with rules as ids, and the problems, also those of compiling. */
function judge(rules: readonly RuleDefinition[], element: unknown = record(), config = {}) {
  const { ruleSet, problems } = createRuleSet(rules, config);
  const judgement = decide(ruleSet, judgeable(element));
  const { decision } = judgement;
  return {
    kind: decision.kind,
    rules: decision.kind === "alert" ? decision.rules.map(({ id }) => id) : [],
    ignoredBy: decision.kind === "ignored" ? decision.rule.id : undefined,
    problems: [...problems, ...judgement.problems],
  };
}

const unmatched = { kind: "unmatched", rules: [], ignoredBy: undefined, problems: [] };
const alert = (...rules: string[]) => ({ ...unmatched, kind: "alert", rules });
const THROWS = "event.missing[0] == 1";
const threw = (ruleId: string) => ({ ruleId, message: expect.stringMatching(/^failed on a record: ./) });

describe("decide", () => {
  test.each([
    ["finds nothing when there are no rules", [], unmatched],
    ["finds nothing when no rule matches", [rule("a", "eventName == 'Other'")], unmatched],
    ["alerts when a rule matches", [rule("a", "eventName == 'CreateBucket'")], alert("a")],
    [
      "lists every rule that matches, the most severe first, then in the order given",
      [
        rule("info", "true", "custom", "info"),
        rule("high-1", "true", "tracked", "high"),
        rule("no", "false", "custom", "critical"),
        rule("critical", "true", "default", "critical"),
        rule("high-2", "true", "custom", "high"),
      ],
      alert("critical", "high-1", "high-2", "info"),
    ],
    [
      "asks ignore rules first, wherever they stand, and the first that matches ends it",
      [rule("a", THROWS), rule("i", "false", "ignore"), rule("j", "true", "ignore"), rule("k", "true", "ignore")],
      { ...unmatched, kind: "ignored", ignoredBy: "j" },
    ],
    [
      "matches on true and nothing else",
      ["1", "'true'", "eventName", "userIdentity", "[true]", "event.missing"].map((text) => rule(text, text)),
      unmatched,
    ],
    [
      "does not ignore by an ignore rule that throws",
      [rule("i", THROWS, "ignore"), rule("a", "true")],
      { ...alert("a"), problems: [threw("i")] },
    ],
    [
      "does not ignore by an ignore rule that does not compile",
      [rule("i", "eventName ==", "ignore"), rule("a", "true")],
      { ...alert("a"), problems: [{ ruleId: "i", message: expect.stringContaining("ends too early") }] },
    ],
    [
      "reports each rule that throws, and asks the others",
      [rule("a", THROWS), rule("b", "true"), rule("c", THROWS)],
      { ...alert("b"), problems: [threw("a"), threw("c")] },
    ],
  ])("%s", (_name, rules, expected) => {
    expect(judge(rules)).toEqual(expected);
  });

  test.each([
    "userIdentity.type == 'IAMUser'",
    "event.userIdentity.type == 'IAMUser'",
    "event['userIdentity.type'] == 'IAMUser'",
    "event.userIdentity['type'] == 'IAMUser'",
    "requestParameters.items[1].cidrIp == '192.0.2.0/24'",
    "event['requestParameters.items.1.cidrIp'] == '192.0.2.0/24'",
    "event|has('requestParameters.items.0.cidrIp')",
    "event|has('responseElements')",
    "requestParameters.items[.cidrIp == '192.0.2.0/24'].port == 22",
    "event.recipientAccountId in config.accounts",
  ])("finds the value that %s names", (expression) => {
    const element = record({
      requestParameters: {
        items: [
          { cidrIp: "198.51.100.0/24", port: 443 },
          { cidrIp: "192.0.2.0/24", port: 22 },
        ],
      },
    });
    expect(judge([rule("a", expression)], element, { accounts: ["111111111111"] })).toEqual(alert("a"));
  });

  test.each([
    "event['constructor']",
    "event['__proto__']",
    "event['toString']",
    "userIdentity['constructor']",
    "event.userIdentity['__proto__']",
    "userIdentity['hasOwnProperty']",
    "requestParameters.items[0]['constructor']",
    "config['constructor']",
    "config.self['constructor']",
    "config.self['__proto__']",
  ])("%s is nothing of the host", (expression) => {
    const element = record({ requestParameters: { items: [{ port: 22 }] } });
    // JSON, because that is what a configuration comes from.
    const config = JSON.parse('{"self":{"accountId":"111111111111"}}');
    expect(judge([rule("a", `(${expression}) == null`)], element, config)).toEqual(alert("a"));
  });

  test.each(["constructor", "event.constructor", "event.__proto__", "userIdentity.toString"])(
    "%s does not compile, as in Jexl itself",
    (expression) => {
      expect(judge([rule("a", expression)])).toEqual({
        ...unmatched,
        problems: [{ ruleId: "a", message: expect.stringMatching(/^the expression has an unexpected "/) }],
      });
    },
  );

  test("a record's own keys __proto__ and constructor are data", () => {
    const element = JSON.parse('{"eventName":"X","__proto__":{"admin":"a"},"constructor":{"name":"b"}}');
    const rules = [
      rule("a", "event['__proto__'].admin == 'a'"),
      rule("b", "event['constructor'].name == 'b'"),
      rule("c", "event['__proto__.admin'] == 'a'"),
      rule("d", "event.admin == 'a'"),
    ];
    expect(judge(rules, element)).toEqual(alert("a", "b", "c"));
  });

  test("a record's own fields event, config and record hide nothing, and are data below event", () => {
    const element = JSON.parse('{"eventName":"X","event":"e","config":"c","record":"r"}');
    const rules = [
      rule("a", "event.event == 'e' && event.config == 'c'"),
      rule("b", "event == 'e' || config == 'c'"),
      rule("c", "record == 'r'"),
      rule("d", "event.eventName == eventName"),
    ];
    expect(judge(rules, element)).toEqual(alert("a", "c", "d"));
  });

  test.each([
    ["requestParameters.policy == 'x'", unmatched],
    ["requestParameters.policy != 'x'", alert("a")],
    ["requestParameters.items != 'x'", alert("a")],
    ["(requestParameters.policy + '') == '[object Object]'", alert("a")],
    ["!(requestParameters.policy > 1)", alert("a")],
  ])("%s has an answer, as for any JSON, although policy and items are no texts", (expression, expected) => {
    const element = record({ requestParameters: { policy: { a: 1 }, items: [{ a: 1 }] } });
    expect(judge([rule("a", expression)], element)).toEqual(expected);
  });

  test("a problem names nothing that stands in the record", () => {
    const element = record({ userAgent: "secret-from-the-record" });
    expect(JSON.stringify(judge([rule("a", "event.missing[userAgent] == 1")], element))).not.toContain("secret");
  });
});

describe("createRuleSet", () => {
  test("keeps the first of two rules with one id and reports the other", () => {
    const rules = [rule("a", "false"), rule("a", "true"), rule("b", "true")];
    expect(judge(rules)).toEqual({
      ...alert("b"),
      problems: [{ ruleId: "a", message: "another rule has the same id; give each its own" }],
    });
  });

  test("does not let an ignore rule share the id of another rule", () => {
    expect(judge([rule("a", "true"), rule("a", "true", "ignore")])).toEqual({
      ...alert("a"),
      problems: [{ ruleId: "a", message: "another rule has the same id; give each its own" }],
    });
  });

  test("reports every rule that does not compile", () => {
    const { problems } = createRuleSet([rule("a", ""), rule("b", "true"), rule("c", "x|nothing")], {});
    expect(problems.map(({ ruleId, message }) => `${ruleId}: ${message.split("\n")[0]}`)).toEqual([
      "a: the expression is empty at line 1, column 1:",
      expect.stringMatching(/^c: the expression uses the unknown transform "nothing" .* at line 1, column 3:$/),
    ]);
  });
});

describe("isCall", () => {
  test.each([
    ["CreateFunction", "CreateFunction", true],
    ["CreateFunction20150331", "CreateFunction", true],
    ["UpdateFunctionCode20150331v2", "UpdateFunctionCode", true],
    ["CreateDistribution2020_05_31", "CreateDistribution", true],
    ["UpdateFunctionCode20150331v2", "UpdateFunctionCode20150331v2", true],
    ["UpdateFunctionCode20150331v2", "UpdateFunctionCode20150331", false],
    ["UpdateFunctionCode", "UpdateFunctionCode20150331v2", false],
    ["CreateFunctionUrlConfig", "CreateFunction", false],
    ["createfunction", "CreateFunction", false],
    ["DeleteTrail", ["StopLogging", "DeleteTrail"], true],
    ["DeleteTrail", ["StopLogging"], false],
    ["DeleteTrail", [], false],
    ["20150331", "", true],
    [undefined, "DeleteTrail", false],
    [null, null, false],
    [{}, {}, false],
    [7, 7, false],
    ["DeleteTrail", undefined, false],
  ])("of %j with %j is %j", (eventName, names, expected) => {
    expect(isCall(eventName, names)).toBe(expected);
  });
});
