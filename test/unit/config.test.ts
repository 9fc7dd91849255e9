import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { trackedEvents } from "#config/events-to-track.ts";
import { parseConfiguration, readSettings } from "#config/read-settings.ts";
import { splitRules } from "#config/split-rules.ts";
import { ConfigurationError } from "#model/errors.ts";
import { DEFAULT_LIMITS } from "#model/log-file.ts";
import { PLAIN_MESSAGES } from "#model/settings.ts";
import { configuration, fakeParameters, published } from "#test/support/fakes.ts";

describe("splitRules", () => {
  test.each([
    ["separates and trims", "a == 1, b == 2 ,c", ",", ["a == 1", "b == 2", "c"]],
    ["drops empty rules", ",,a,, ,b,", ",", ["a", "b"]],
    ["finds nothing in nothing", "", ",", []],
    ["keeps a separator in single quotes", "a == 'x,y',b", ",", ["a == 'x,y'", "b"]],
    ["keeps a separator in double quotes", 'a == "x,y",b', ",", ['a == "x,y"', "b"]],
    ["keeps a separator behind an escaped quote", "a == 'x\\',y',b", ",", ["a == 'x\\',y'", "b"]],
    ["takes a quote of the other kind as text", `a == "it's, so",b`, ",", [`a == "it's, so"`, "b"]],
    [
      "keeps a separator in brackets",
      "a in ['x', 'y'],f({k: 1, l: 2}),b",
      ",",
      ["a in ['x', 'y']", "f({k: 1, l: 2})", "b"],
    ],
    ["takes a bracket in quotes as text", "a == '(',b", ",", ["a == '('", "b"]],
    ["leaves other separators alone", "a, b; c", ";", ["a, b", "c"]],
    ["takes separators of several characters", "a || b |||| c", "||||", ["a || b", "c"]],
    ["takes line ends", "a ==\n1\n\nb", "\n\n", ["a ==\n1", "b"]],
    ["keeps the rest together when a quote does not end", "a,b == 'x,c", ",", ["a", "b == 'x,c"]],
    ["keeps the rest together when a bracket does not end", "a,b in [1,c", ",", ["a", "b in [1,c"]],
    ["goes on after a bracket too many", "a),b", ",", ["a)", "b"]],
  ])("%s", (_name, text, separator, expected) => {
    expect(splitRules(text, separator)).toEqual(expected);
  });

  test.each([",", ";", "\n", "||||", " ; ", "§"])(
    "gives joined rules back when %j stands between them",
    (separator) => {
      const bare = fc.string({ unit: fc.constantFrom("a", "b", ".", "=", " "), maxLength: 6 });
      const inner = fc
        .array(fc.constantFrom("a", " ", separator, ","), { maxLength: 4 })
        .map((parts) => parts.join(""));
      const quoted = fc
        .tuple(fc.constantFrom("'", '"'), inner, fc.constantFrom("", "\\'", '\\"', "\\\\", "(", "]"))
        .map(([quote, text, special]) => quote + text + special + text + quote);
      const bracketed = fc
        .tuple(fc.constantFrom(["(", ")"], ["[", "]"], ["{", "}"]), inner, quoted)
        .map(([[open, close], text, nested]) => `${open}${text}${nested}${text}${close}`);
      const rule = fc
        .array(fc.oneof(bare, quoted, bracketed), { minLength: 1, maxLength: 4 })
        .map((parts) => parts.join("").trim())
        .filter((text) => text !== "");
      fc.assert(
        fc.property(fc.array(rule, { maxLength: 5 }), (rules) => {
          expect(splitRules(rules.join(separator), separator)).toEqual(rules);
        }),
        { seed: 2, numRuns: 500 },
      );
    },
  );
});

describe("trackedEvents", () => {
  const tracked = (entry: string, expression: string) => ({
    id: `events_to_track:${entry}`,
    origin: "tracked",
    severity: "medium",
    expression,
  });
  const refused = (entry: string) => ({
    ruleId: "events_to_track",
    message: `"${entry}" is no event name: write CreateUser, or iam.amazonaws.com:CreateUser`,
  });
  const CREATE = tracked("CreateUser", "eventName|isCall('CreateUser')");
  const DELETE = tracked("DeleteUser", "eventName|isCall('DeleteUser')");

  test.each([
    ["a list", ["CreateUser", "DeleteUser"], [CREATE, DELETE], []],
    ["a text", "CreateUser, DeleteUser", [CREATE, DELETE], []],
    ["nothing", "", [], []],
    ["empty entries", " ,CreateUser,, ", [CREATE], []],
    ["an entry twice", ["CreateUser", " CreateUser"], [CREATE], []],
    [
      "an entry with its source",
      ["iam.amazonaws.com:CreateUser"],
      [
        tracked(
          "iam.amazonaws.com:CreateUser",
          "eventSource == 'iam.amazonaws.com' && (eventName|isCall('CreateUser'))",
        ),
      ],
      [],
    ],
    [
      "entries that are no names beside one that is",
      ["Create User", "CreateUser", "x') || true || ('", "a:b:c"],
      [CREATE],
      ["Create User", "x') || true || ('", "a:b:c"],
    ],
    ["wild cards", ["Create*"], [], ["Create*"]],
  ])("reads %s", (_name, entries, rules, problems) => {
    expect(trackedEvents(entries)).toEqual({ rules, problems: problems.map(refused) });
  });
});

/** The lines of the error with which a document is refused; none when it is not. */
function problemsOf(document: unknown): readonly string[] {
  try {
    parseConfiguration(document);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.message.split("\n");
  }
  return [];
}
const hook = (name: string) => ({ kind: "slack_webhook", name, hookParameter: `/hooks/${name}` });

describe("parseConfiguration", () => {
  test.each([
    ["null, as Terraform leaves it out", null],
    ["nothing", undefined],
  ])("has no ledger when its table is %s", (_name, table) => {
    expect(parseConfiguration(configuration({ ledger: { table, retention_days: 30 } })).ledger).toBeUndefined();
  });

  test("turns a document into settings", () => {
    const document = configuration({
      rules: [
        "eventName == 'A'",
        { expression: "eventName == 'B'", id: "b", title: "B!", severity: "high" },
        { expression: "c", id: null, title: null, severity: null },
      ],
      ignore_rules: "x == 1; y in [1, 2]",
      rules_separator: ";",
      events_to_track: "CreateUser,not a name",
      routes: [
        {
          name: "on call",
          accounts: null,
          severities: ["critical"],
          rules: null,
          packs: ["root", "iam"],
          destinations: [hook("on-call")],
          mention: { group: "S0123456789", severities: ["critical"] },
          continue: true,
        },
      ],
      mention: { group: "here", severities: [] },
      routing: [{ routes: [{ accounts: ["111111111111"], destination: hook("a") }], default: null }],
      rule_config: { self: { accountId: "111111111111" }, offHours: [1, 2] },
      limits: { ...DEFAULT_LIMITS, file_bytes: 1_000 },
      ledger: { table: "cloudtrail-to-slack-ledger", retention_days: 90 },
      a_variable_of_a_newer_module: 1,
    });
    expect(parseConfiguration(document)).toEqual({
      useDefaultRules: true,
      messages: PLAIN_MESSAGES,
      packs: {},
      overrides: {},
      language: "auto",
      rules: [
        { id: "rules[0]", origin: "custom", severity: "medium", expression: "eventName == 'A'" },
        { id: "b", origin: "custom", severity: "high", title: "B!", expression: "eventName == 'B'" },
        { id: "rules[2]", origin: "custom", severity: "medium", expression: "c" },
        {
          id: "events_to_track:CreateUser",
          origin: "tracked",
          severity: "medium",
          expression: "eventName|isCall('CreateUser')",
        },
        { id: "ignore_rules[0]", origin: "ignore", severity: "medium", expression: "x == 1" },
        { id: "ignore_rules[1]", origin: "ignore", severity: "medium", expression: "y in [1, 2]" },
      ],
      routes: [
        {
          name: "on call",
          accounts: undefined,
          severities: ["critical"],
          rules: undefined,
          packs: ["root", "iam"],
          destinations: [hook("on-call")],
          mention: { mention: { kind: "group", id: "S0123456789" }, severities: ["critical"] },
          continues: true,
        },
      ],
      mention: { mention: { kind: "broadcast", range: "here" }, severities: [] },
      routing: [{ routes: [{ accounts: ["111111111111"], destination: hook("a") }], default: undefined }],
      allowedHookHosts: ["hooks.slack.com"],
      tellRuleProblems: true,
      countRefusedCalls: true,
      ruleConfig: { self: { accountId: "111111111111" }, offHours: [1, 2] },
      limits: { ...DEFAULT_LIMITS, file_bytes: 1_000 },
      ledger: { table: "cloudtrail-to-slack-ledger", retentionDays: 90 },
      problems: [
        {
          ruleId: "events_to_track",
          message: '"not a name" is no event name: write CreateUser, or iam.amazonaws.com:CreateUser',
        },
      ],
    });
  });

  test.each([
    ["is no object", 7, [/^configuration: ./]],
    ["lacks a part", { ...configuration(), routing: undefined }, [/^routing: ./]],
    [
      "lacks a limit",
      configuration({ limits: { ...DEFAULT_LIMITS, file_bytes: undefined } }),
      [/^limits\.file_bytes: ./],
    ],
    [
      "has limits that are texts, and one too many",
      configuration({ limits: { ...DEFAULT_LIMITS, record_depth: "64", record_lines: 1 } }),
      [/^limits\.record_depth: ./, /^limits\.record_lines: ./],
    ],
    [
      "has a ledger without a time, in a table that is a number",
      configuration({ ledger: { table: 7 } }),
      [/^ledger\.table: ./, /^ledger\.retention_days: ./],
    ],
    ["has no ledger, not even one that is switched off", configuration({ ledger: null }), [/^ledger: ./]],
    [
      "has several mistakes",
      configuration({ use_default_rules: "yes", rules_separator: "", allowed_hook_hosts: [1] }),
      [/^use_default_rules: ./, /^rules_separator: ./, /^allowed_hook_hosts\.0: ./],
    ],
    [
      "has a rule with an unknown severity",
      configuration({ rules: [{ expression: "a", severity: "urgent" }] }),
      [/^rules\.0\.severity: .*critical/],
    ],
    ["has a rule without an expression", configuration({ rules: ["a", { id: "b" }] }), [/^rules\.1\.expression: ./]],
    [
      "has a rule with a misspelt part",
      configuration({ ignore_rules: [{ expression: "a", titel: "b" }] }),
      [/^ignore_rules\.0\.titel: ./],
    ],
    [
      "has an id in upper case",
      configuration({ rules: [{ expression: "a", id: "Root Login" }] }),
      [/^rules\.0\.id: ids are lower case/],
    ],
    ["has a rule that is a number", configuration({ rules: [7] }), [/^rules\.0: ./]],
    [
      "has an unknown kind of destination",
      configuration({ routing: [{ routes: [], default: { kind: "pager" } }] }),
      [/^routing\.0\.default\.kind: .*slack_webhook/],
    ],
    [
      "has a route without accounts",
      configuration({ routing: [{ routes: [{ destination: hook("a") }] }] }),
      [/^routing\.0\.routes\.0\.accounts: ./],
    ],
    [
      "has a route without a destination, and one with an unknown severity",
      configuration({
        routes: [
          { name: "a", destinations: [], continue: false },
          { name: "b", destinations: [hook("a")], continue: false, severities: ["urgent"] },
        ],
      }),
      [/^routes\.0\.destinations: ./, /^routes\.1\.severities\.0: .*critical/],
    ],
    ...["everyone", "<!here>", "U0123456789", "S1>", "s0123456789"].map(
      (group): [string, unknown, readonly RegExp[]] => [
        `mentions ${group}`,
        configuration({ mention: { group, severities: ["critical"] } }),
        [/^mention\.group: must be the id of a user group/],
      ],
    ),
    [
      "has a destination with a part that is not its own",
      configuration({ routing: [{ routes: [], default: { ...hook("a"), topicArn: "x" } }] }),
      [/^routing\.0\.default\.topicArn: ./],
    ],
  ])("refuses a document that %s, naming each place", (_name, document, expected) => {
    expect(problemsOf(document)).toEqual(expected.map((pattern) => expect.stringMatching(pattern)));
  });
});

describe("readSettings", () => {
  /** A parameter that holds just this text, with the right hash. */
  const storing = (encoded: string) => ({
    environment: {
      CONFIGURATION_PARAMETERS: "/c/00:1",
      CONFIGURATION_SHA256: createHash("sha256").update(encoded).digest("hex"),
    },
    values: { "/c/00:1": encoded },
  });

  test("joins the parts in the order of the pointers and asks for nothing else", async () => {
    const { environment, values } = published(configuration({ rules: ["a"] }), { parts: 3 });
    const parameters = fakeParameters(values);
    const reversed = { get: async (names: readonly string[]) => new Map([...(await parameters.get(names))].reverse()) };
    const settings = await readSettings(environment, reversed);
    expect({ rules: settings.rules.map(({ id }) => id), asked: parameters.asked }).toEqual({
      rules: ["rules[0]"],
      asked: [Object.keys(values)],
    });
  });

  test.each([
    [
      "another configuration is stored",
      { ...published(configuration({ rules: ["a"] })), values: published(configuration()).values },
      /^the parameters \/cloudtrail-to-slack\/configuration\/00:1 do not hold the configuration that this version was published with; apply again$/,
    ],
    [
      "the function has no pointers",
      { environment: { CONFIGURATION_SHA256: "0" }, values: {} },
      /^CONFIGURATION_PARAMETERS and CONFIGURATION_SHA256 are not set: deploy the function with its Terraform module$/,
    ],
    [
      "the function has no hash",
      { environment: { CONFIGURATION_PARAMETERS: "/c/00:1", CONFIGURATION_SHA256: "" }, values: {} },
      /^CONFIGURATION_PARAMETERS and CONFIGURATION_SHA256 are not set/,
    ],
    [
      "a parameter is missing",
      { ...published(configuration()), values: {} },
      /^SSM has no parameter \/cloudtrail-to-slack\/configuration\/00:1 /,
    ],
  ])("fails when %s", async (_name, { environment, values }, message) => {
    const error = await readSettings(environment, fakeParameters(values)).catch((thrown) => thrown);
    expect({ isConfigurationError: error instanceof ConfigurationError, message: error.message }).toEqual({
      isConfigurationError: false,
      message: expect.stringMatching(message),
    });
  });

  test.each([
    ["is a bomb", storing(gzipSync(Buffer.alloc(10 * 2 ** 20)).toString("base64"))],
    ["is no gzip", storing(Buffer.from("{}").toString("base64"))],
    ["is no JSON", published("{")],
    [
      "is gzip that ends too early",
      storing(gzipSync(JSON.stringify(configuration())).subarray(0, 60).toString("base64")),
    ],
  ])("finds the configuration at fault when it %s", async (_name, { environment, values }) => {
    await expect(readSettings(environment, fakeParameters(values))).rejects.toThrow(ConfigurationError);
  });
});
