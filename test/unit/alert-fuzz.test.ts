import fc from "fast-check";
import { expect, test } from "vitest";
import { plainAlert, plainInsightNotice } from "#alerts/plain-news.ts";
import { toAlert } from "#alerts/to-alert.ts";
import { parseRuleSettings } from "#config/rule-settings.ts";
import { plainMessage, slackMessage } from "#delivery/slack-message.ts";
import type { Alert } from "#model/news.ts";
import { flatten } from "#records/flatten.ts";
import { decide } from "#rules/decide.ts";
import { ruleSetOf } from "#rules/rule-set.ts";
import { CALLS, WORDING } from "#test/support/message-records.ts";
import type { RawRecord } from "#test/support/records.ts";
import { explainMessage, pings } from "#test/support/slack-stand-in/block-kit.ts";

const HOSTILE = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    0,
    true,
    "",
    [],
    {},
    [null],
    { items: null },
    { items: [null, 1, "x", {}] },
    "<!channel>",
    "__proto__",
    "constructor",
    "%7B%22Statement%22",
    '{"Statement":[{"Principal":{"AWS":{}}}]}',
    "arn:aws:sts::1:assumed-role/",
    "x".repeat(3_000),
    "&".repeat(3_000),
    "\ud800",
  ),
  fc.json({ maxDepth: 3 }).map((text): unknown => JSON.parse(text)),
);

/** Every place in a record, as a path of keys. */
function places(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== "object" || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, item]) => places(item, [...path, key]))];
}

function withValueAt(value: unknown, [key, ...rest]: readonly string[], replacement: unknown): unknown {
  if (key === undefined) return replacement;
  const copy: object = Array.isArray(value) ? [...value] : { ...(value as object) };
  return Object.assign(copy, { [key]: withValueAt(Object(value)[key], rest, replacement) });
}

const RULES = [{ id: "a", origin: "custom", severity: "high" }] as const;

const EVERYWHERE = Object.values(CALLS).flatMap((call) =>
  places(call)
    .filter((path) => path.length > 0)
    .map((path) => ({ call, path })),
);

test("a call with anything in any place becomes a bounded alert that Slack accepts and that pings nobody", () => {
  let told = 0;
  fc.assert(
    fc.property(fc.constantFrom(...EVERYWHERE), HOSTILE, HOSTILE, ({ call, path }, value, other) => {
      const harmed = withValueAt(call, path, value) as RawRecord;
      const judgeable = flatten({ ...harmed, additionalEventData: other });
      if ("unjudgeable" in judgeable) return;
      const alert = toAlert(judgeable.record, RULES, {
        messages: WORDING,
        requiredTags: value,
      });
      const { call: words, who, time = "", origin = "", error = "", details, links } = alert;
      const texts = [words, who, time, origin, error, ...details.map((fact) => fact.value)];
      told += 1;
      expect({
        drawn: explainMessage(slackMessage(alert)),
        plain: explainMessage(plainMessage(alert)),
        pings: [...pings(slackMessage(alert)), ...pings(plainMessage(alert))],
        isBounded: texts.every((text) => text.length <= 1_000) && details.length <= 6 && links.length <= 6,
      }).toEqual({ drawn: undefined, plain: undefined, pings: [], isBounded: true });
    }),
    { seed: 71, numRuns: 600 },
  );
  expect(told).toBeGreaterThan(500);
}, 30_000);

test("the plain words for it are bounded, too, Slack accepts them, and the ledger knows it by the same", () => {
  let told = 0;
  fc.assert(
    fc.property(fc.constantFrom(...EVERYWHERE), HOSTILE, ({ call, path }, value) => {
      const judgeable = flatten(withValueAt(call, path, value) as RawRecord);
      if ("unjudgeable" in judgeable) return;
      const { record } = judgeable;
      const [alert, notice] = [plainAlert(record, RULES), plainInsightNotice(record)];
      const { call: words, who, time = "", origin = "", error = "" } = alert;
      const worded = toAlert(record, RULES, { messages: WORDING });
      const identity = ({ accountId, eventId, when, what }: Alert) => [accountId, eventId, when, what];
      told += 1;
      expect({
        drawn: [alert, notice].map((news) => explainMessage(slackMessage(news))),
        pings: [alert, notice].flatMap((news) => pings(slackMessage(news))),
        isBounded: [words, who, time, origin, error].every((text) => text.length <= 1_000),
        identity: identity(alert),
      }).toEqual({ drawn: [undefined, undefined], pings: [], isBounded: true, identity: identity(worded) });
    }),
    { seed: 72, numRuns: 400 },
  );
  expect(told).toBeGreaterThan(300);
}, 30_000);

const TEMPLATES = {
  title: "(eventName + ' by ' + userIdentity.userName) || (userAgent|json) || 'A call'",
  details: {
    Request: "requestParameters|json",
    Values: "requestParameters|values",
    Client: "'as ' + userAgent",
    Error: "errorMessage || errorCode || additionalEventData",
    Everything: "event|json",
    First: "requestParameters.names[0]",
  },
};

test("templates say of a call with anything in any place what is bounded, what Slack accepts, and what pings nobody", () => {
  const { ruleSet, problems } = ruleSetOf(
    parseRuleSettings({ rules: [{ id: "any", expression: "true" }], rule_overrides: { any: TEMPLATES } }),
    [],
  );
  expect(problems).toEqual([]);
  let told = 0;
  fc.assert(
    fc.property(fc.constantFrom(...EVERYWHERE), HOSTILE, HOSTILE, ({ call, path }, value, other) => {
      const harmed = withValueAt(call, path, value) as RawRecord;
      const judgeable = flatten({ ...harmed, additionalEventData: other });
      if ("unjudgeable" in judgeable) return;
      const { decision } = decide(ruleSet, judgeable);
      if (decision.kind !== "alert") throw new Error(decision.kind);
      const alert = toAlert(judgeable.record, decision.rules, { messages: WORDING });
      const { title, details } = alert;
      told += 1;
      expect({
        drawn: explainMessage(slackMessage(alert)),
        plain: explainMessage(plainMessage(alert)),
        pings: [...pings(slackMessage(alert)), ...pings(plainMessage(alert))],
        isBounded: title.length <= 300 && details.length <= 6 && details.every((fact) => fact.value.length <= 600),
        isEmpty: [title, ...details.map((fact) => fact.value)].includes(""),
      }).toEqual({ drawn: undefined, plain: undefined, pings: [], isBounded: true, isEmpty: false });
    }),
    { seed: 72, numRuns: 400 },
  );
  expect(told).toBeGreaterThan(300);
}, 30_000);
