import { readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { topicMessage } from "#delivery/topic-message.ts";
import type { Alert, News, Notice, Occurrence, Repeats } from "#model/news.ts";
import type { TopicMessage } from "#model/ports.ts";
import { SEVERITIES } from "#model/rule.ts";
import { blocks } from "#test/support/documents.ts";
import { exampleNews } from "#test/support/message-records.ts";

const ROOT = path.join(import.meta.dirname, "..", "..");
const TOPIC = "arn:aws:sns:eu-central-1:111111111111:alerts";

const OCCURRENCE: Occurrence = {
  eventId: "7b6a1a2e-3f5c-4f0e-9a43-0c7b4f6a9d21",
  when: "2025-06-11T09:15:00Z",
  time: "11 Jun 11:15:00",
  differs: ["role deploy / session ci-42"],
};
const REPEATS: Repeats = { count: 2, first: OCCURRENCE, last: OCCURRENCE, occurrences: [OCCURRENCE, OCCURRENCE] };

/** Every field that an alert can have. */
const ALERT: Required<Alert> = {
  kind: "alert",
  severity: "critical",
  title: "Root user signed in to the console",
  group: "0123456789abcdef0123456789abcdef",
  repeats: REPEATS,
  eventId: "7b6a1a2e-3f5c-4f0e-9a43-0c7b4f6a9d21",
  accountId: "111111111111",
  accountName: "prod-payments",
  region: "us-east-1",
  what: "signin.amazonaws.com ConsoleLogin",
  call: "Sign-in ConsoleLogin",
  who: "root of prod-payments",
  callerArn: "arn:aws:iam::111111111111:root",
  when: "2025-06-11T09:15:00Z",
  time: "Wed 11 Jun 2025, 11:15:00 Europe/Berlin (GMT+2)",
  from: "198.51.100.7",
  userAgent: "Mozilla/5.0",
  origin: "198.51.100.7 · a browser",
  result: "failed",
  error: "Failed authentication, see https://evil.example.com",
  details: [{ label: "MFA", value: "no" }],
  links: [{ text: "CloudTrail event", url: "https://console.aws.amazon.com/cloudtrailv2/home?region=us-east-1" }],
  rules: [
    {
      id: "root-activity",
      origin: "default",
      severity: "critical",
      title: "Root user signed in to the console",
      pack: "root",
      investigate: "Ask the owner of the account.",
    },
    { id: "own", origin: "custom", severity: "medium" },
  ],
};
const NOTICE: Required<Notice> = {
  kind: "notice",
  severity: "high",
  title: "A rule does not work",
  accountId: "111111111111",
  facts: [{ label: "Rule", value: "a", url: "https://example.com/a" }],
  occasion: "2025-06-11",
  repeats: REPEATS,
};

const { repeats: _alerts, ...ONE_ALERT } = ALERT;
const { repeats: _repeats, ...ONE_NOTICE } = NOTICE;

const jsonOf = (message: TopicMessage): Readonly<Record<string, unknown>> => JSON.parse(message.texts.default);
/** As SNS counts it, attributes and subject included. */
const sizeOf = ({ texts, attributes, subject }: TopicMessage) =>
  Buffer.byteLength(JSON.stringify(texts)) + Buffer.byteLength(JSON.stringify(attributes)) + subject.length;

type Schema = Readonly<Record<string, unknown>>;
const SCHEMA: Schema = JSON.parse(readFileSync(path.join(ROOT, "docs", "sns.schema.json"), "utf8"));

/** What a value has that its schema does not allow or know. Of JSON Schema, what the schema uses; unknown fields count. */
function misfits(value: unknown, given: unknown, at = "$"): readonly string[] {
  const schema: Schema = Object(given);
  const known = new Set([
    ...["$schema", "$defs", "title", "description", "type", "required", "properties", "const", "enum"],
    ...["items", "minItems", "allOf", "if", "then", "else", "$ref"],
  ]);
  const strange = Object.keys(schema).filter((keyword) => !known.has(keyword));
  if (strange.length > 0) return [`${at}: the test does not know ${strange}`];
  if (typeof schema.$ref === "string") {
    return misfits(value, Object(SCHEMA.$defs)[schema.$ref.replace("#/$defs/", "")], at);
  }
  const problems: string[] = [];
  const type = Array.isArray(value) ? "array" : typeof value;
  if (schema.type !== undefined && schema.type !== type) problems.push(`${at}: is ${type}`);
  if ("const" in schema && schema.const !== value) problems.push(`${at}: is not ${schema.const}`);
  if (Array.isArray(schema.enum) && !schema.enum.includes(value)) problems.push(`${at}: is none of ${schema.enum}`);
  if (Array.isArray(value)) {
    if (Number(schema.minItems ?? 0) > value.length) problems.push(`${at}: is too short`);
    problems.push(...value.flatMap((item, index) => misfits(item, schema.items, `${at}[${index}]`)));
  } else if (type === "object") {
    const fields: Schema = Object(value);
    for (const name of Array.isArray(schema.required) ? schema.required : []) {
      if (!(name in fields)) problems.push(`${at}: lacks ${name}`);
    }
    if (schema.properties !== undefined) {
      for (const [name, field] of Object.entries(fields)) {
        const own = Object(schema.properties)[name];
        problems.push(...(own === undefined ? [`${at}: has ${name}`] : misfits(field, own, `${at}.${name}`)));
      }
    }
    for (const part of Array.isArray(schema.allOf) ? schema.allOf : []) {
      const { kind } = Object(part.if).properties;
      problems.push(...misfits(value, fields.kind === kind.const ? part.then : part.else, at));
    }
  }
  return problems;
}

describe("what a topic is given", () => {
  test("is JSON for programs, below a subject, with attributes to filter by", () => {
    const { texts, ...rest } = topicMessage(TOPIC, ALERT);
    expect(JSON.parse(texts.default)).toEqual({ version: 1, ...ALERT });
    expect(rest).toEqual({
      topicArn: TOPIC,
      subject: "CRITICAL: Root user signed in to the console (2 times)",
      attributes: {
        kind: "alert",
        severity: "critical",
        account: "111111111111",
        rule: ["root-activity", "own"],
        pack: ["root"],
      },
    });
  });

  test("of a notice has no attributes about rules, nor about an account that it does not concern", () => {
    const { accountId: _none, ...anywhere } = NOTICE;
    expect([NOTICE, anywhere].map((news) => topicMessage(TOPIC, news).attributes)).toEqual([
      { kind: "notice", severity: "high", account: "111111111111" },
      { kind: "notice", severity: "high" },
    ]);
  });

  test("has no attribute of what only looks like an account", () => {
    const accounts = ["", "anonymous", "1".repeat(13), "11111111111\n"];
    const attributes = accounts.map((accountId) => topicMessage(TOPIC, { ...ALERT, accountId }).attributes);
    expect(attributes.filter((each) => "account" in each)).toEqual([]);
  });

  test("names a rule and a pack once", () => {
    const [first] = ALERT.rules;
    const { attributes } = topicMessage(TOPIC, { ...ALERT, rules: [first, first, { ...first, id: "" }] });
    expect([attributes.rule, attributes.pack]).toEqual([["root-activity"], ["root"]]);
  });

  test("says why it comes to this topic, to programs and to people", () => {
    const message = topicMessage(TOPIC, NOTICE, "For team-a.");
    expect([jsonOf(message).banner, message.texts.email?.split("\n")[0]]).toEqual(["For team-a.", "For team-a."]);
  });

  test("has a subject that SNS accepts of any title", () => {
    const { subject } = topicMessage(TOPIC, { ...NOTICE, title: `é\n${"x".repeat(200)}` });
    expect(subject).toBe(`HIGH: ? ${"x".repeat(91)}`);
  });
});

describe("the mail", () => {
  test("tells an alert at a glance, and only our links lead somewhere", () => {
    const { texts } = topicMessage(TOPIC, ONE_ALERT);
    expect(texts.email).toBe(`CRITICAL: Root user signed in to the console

Where:  prod-payments (111111111111) · us-east-1
When:   Wed 11 Jun 2025, 11:15:00 Europe/Berlin (GMT+2)
Who:    root of prod-payments
What:   Sign-in ConsoleLogin
MFA:    no
Result: failed: Failed authentication, see https[:]//evil.example.com
From:   198.51.100.7 · a browser

What to do: Ask the owner of the account.

CloudTrail event: https://console.aws.amazon.com/cloudtrailv2/home?region=us-east-1

Rules: root-activity, own
eventID: 7b6a1a2e-3f5c-4f0e-9a43-0c7b4f6a9d21
`);
  });

  test("foreign text is no address, neither in a mail nor on a telephone", () => {
    const title = "Sign-in failed: see https://evil.example/x or www.evil.example";
    const { texts } = topicMessage(TOPIC, { ...ALERT, title });
    for (const text of [texts.email, texts.sms]) {
      expect(text).toContain("https[:]//evil.example/x or www[.]evil.example");
    }
  });

  const LISTED = `11 Jun 11:15:00: role deploy / session ci-42 · eventID: ${OCCURRENCE.eventId}`;

  test("tells several alerts as one, with their number, first and last time, and each of them", () => {
    const { texts, subject } = topicMessage(TOPIC, ALERT);
    expect([subject, texts.sms]).toEqual(Array(2).fill("CRITICAL: Root user signed in to the console (2 times)"));
    expect(texts.email).toBe(`CRITICAL: Root user signed in to the console (2 times)

Where:  prod-payments (111111111111) · us-east-1
First:  Wed 11 Jun 2025, 11:15:00 Europe/Berlin (GMT+2)
Last:   11 Jun 11:15:00
Who:    root of prod-payments
What:   Sign-in ConsoleLogin
MFA:    no
Result: failed: Failed authentication, see https[:]//evil.example.com
From:   198.51.100.7 · a browser

${LISTED}
${LISTED}

What to do: Ask the owner of the account.

CloudTrail event: https://console.aws.amazon.com/cloudtrailv2/home?region=us-east-1

Rules: root-activity, own
`);
  });

  test("tells a notice", () => {
    expect(topicMessage(TOPIC, ONE_NOTICE).texts).toMatchObject({
      email: "HIGH: A rule does not work\n\nRule: a (https://example.com/a)\n",
      sms: "HIGH: A rule does not work",
    });
  });

  test("tells a notice of repeats", () => {
    expect(topicMessage(TOPIC, NOTICE).texts).toMatchObject({
      email: `HIGH: A rule does not work\n\nRule: a (https://example.com/a)\n\n${LISTED}\n${LISTED}\n`,
      sms: "HIGH: A rule does not work",
    });
  });

  test("says how much it leaves out", () => {
    const facts = Array.from({ length: 30 }, (_, index) => ({ label: "Rule", value: String(index) }));
    const { texts } = topicMessage(TOPIC, { ...ONE_NOTICE, facts });
    expect(texts.email?.trimEnd().split("\n").slice(-2)).toEqual(["Rule: 24", "… and 5 more"]);
  });

  test("lists the twenty that are named, and says how many more there are", () => {
    const repeats = { ...REPEATS, count: 1_000, occurrences: Array(20).fill(OCCURRENCE) };
    const lines =
      topicMessage(TOPIC, { ...NOTICE, repeats })
        .texts.email?.trimEnd()
        .split("\n") ?? [];
    expect(lines.filter((line) => line.startsWith(LISTED))).toHaveLength(20);
    expect(lines.at(-1)).toMatch(/^…: +and 980 more$/);
  });

  test("has no second line that foreign text wrote", () => {
    const who = "alice\nResult: succeeded\r\u2028Who: bob \u202e";
    expect(topicMessage(TOPIC, { ...ALERT, who }).texts.email).toContain(
      "\nWho:    alice Result: succeeded Who: bob\n",
    );
  });
});

describe("docs/sns.md and docs/sns.schema.json", () => {
  const page = readFileSync(path.join(ROOT, "docs", "sns.md"), "utf8");
  const example: unknown = JSON.parse(blocks("docs/sns.md", "json")[0] ?? "");

  test("know every field of an alert and of a notice", () => {
    const message = (news: News) => jsonOf(topicMessage(TOPIC, news, "Banner."));
    expect({ alert: misfits(message(ALERT), SCHEMA), notice: misfits(message(NOTICE), SCHEMA) }).toEqual({
      alert: [],
      notice: [],
    });
  });

  test("would notice a field that they do not know, or that is missing or wrong", () => {
    const { who: _missing, ...rest } = jsonOf(topicMessage(TOPIC, ALERT));
    const repeats = { ...REPEATS, count: "2", last: undefined, occurrences: [{ eventId: 7 }] };
    const wrong = { group: 7, repeats: JSON.parse(JSON.stringify(repeats)), details: [{ label: 7 }] };
    expect(misfits({ ...rest, version: 2, severity: "urgent", ...wrong, more: 1 }, SCHEMA)).toEqual([
      "$.version: is not 1",
      "$.severity: is none of critical,high,medium,low,info",
      "$.group: is number",
      "$.repeats: lacks last",
      "$.repeats.count: is string",
      "$.repeats.occurrences[0]: lacks differs",
      "$.repeats.occurrences[0].eventId: is number",
      "$.details[0]: lacks value",
      "$.details[0].label: is number",
      "$: has more",
      "$: lacks who",
    ]);
  });

  test("show an alert as it is published, and as a mail says it", () => {
    const news = exampleNews().get("security-group");
    if (news === undefined) throw new Error("there is no such example");
    const message = topicMessage(TOPIC, news);
    expect(example).toEqual(jsonOf(message));
    expect({ text: blocks("docs/sns.md", "text"), isSubjectShown: page.includes(`\`${message.subject}\``) }).toEqual({
      text: [message.texts.email],
      isSubjectShown: true,
    });
  });

  test("list every attribute", () => {
    const rows = [...page.matchAll(/^\| `(\w+)` \| (String(?:\.Array)?) \|/gm)].map(([, name, type]) => [name, type]);
    const { attributes } = topicMessage(TOPIC, ALERT);
    const published = Object.entries(attributes).map(([name, value]) => [
      name,
      typeof value === "string" ? "String" : "String.Array",
    ]);
    expect(rows).toEqual(published);
  });
});

describe("whatever the news holds, what a topic is given", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 200 }),
    fc
      .tuple(fc.constantFrom("é", "\u0001", '"', "\\", "\u{1f600}", "\ud800", "x"), fc.constantFrom(0, 1, 300, 20_000))
      .map(([unit, count]) => unit.repeat(count)),
  );
  const maybe = fc.option(text, { nil: undefined });
  const fact = fc.record({ label: text, value: text });
  const severity = fc.constantFrom(...SEVERITIES);
  const rule = fc.record({
    id: fc.string({ minLength: 1 }),
    origin: fc.constantFrom("default", "custom", "tracked"),
    severity,
    title: fc.string({ maxLength: 200 }),
    investigate: fc.string({ unit: "binary", maxLength: 300 }),
  });
  const alert: fc.Arbitrary<News> = fc
    .tuple(
      fc.record({ severity, title: text, eventId: text, who: text, what: text, call: text }),
      fc.record({ accountId: maybe, accountName: maybe, region: maybe, when: maybe, from: maybe, error: maybe }),
      fc.record({ callerArn: maybe, time: maybe, userAgent: maybe, origin: maybe }),
      fc.record({ details: fc.array(fact, { maxLength: 6 }), links: fc.array(fc.record({ text, url: text })) }),
      fc.tuple(rule, fc.constantFrom(0, 1, 400)),
    )
    .map(([a, b, c, d, [first, more]]) => ({
      ...{ kind: "alert", result: "succeeded", group: "0", ...a, ...b, ...c, ...d },
      rules: [first, ...Array.from({ length: more }, (_, index) => ({ ...first, id: `rule-${index}` }))],
    }));
  const occurrence = fc.record({ eventId: text, when: maybe, time: maybe, differs: fc.array(text, { maxLength: 4 }) });
  const repeats = fc.record({
    count: fc.integer({ min: 1, max: 1_000_000 }),
    first: occurrence,
    last: occurrence,
    occurrences: fc.array(occurrence, { minLength: 1, maxLength: 20 }),
  });
  const notice: fc.Arbitrary<News> = fc.record({
    kind: fc.constant("notice"),
    severity,
    title: text,
    facts: fc.array(fact, { maxLength: 40 }),
  });
  const one = fc.oneof(alert, notice);
  const several = fc.tuple(one, repeats).map(([told, those]): News => ({ ...told, repeats: those }));
  const news = fc.oneof({ weight: 2, arbitrary: one }, several);

  test("fits into what SNS takes, is JSON of the schema, and says when it was cut", () => {
    const seen = { cut: 0, whole: 0 };
    fc.assert(
      fc.property(news, maybe, (news, banner) => {
        const message = topicMessage(TOPIC, news, banner);
        expect(sizeOf(message)).toBeLessThan(256 * 1024);
        expect(message.subject).toMatch(/^[\x20-\x7e]{1,99}$/);
        for (const value of Object.values(message.attributes).flat()) expect(value).not.toBe("");
        const json = jsonOf(message);
        expect(misfits(json, SCHEMA)).toEqual([]);
        const whole = { version: 1, ...(banner === undefined ? {} : { banner }), ...news };
        const isWhole = JSON.stringify(json) === JSON.stringify(JSON.parse(JSON.stringify(whole)));
        expect(json.truncated).toBe(isWhole ? undefined : true);
        seen[isWhole ? "whole" : "cut"] += 1;
      }),
      { seed: 15, numRuns: 60, endOnFailure: true },
    );
    expect([seen.cut > 10, seen.whole > 2]).toEqual([true, true]);
  });
});
