import { isDeepStrictEqual } from "node:util";
import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { defaultRules } from "#default-rules";
import { DEFAULT_LIMITS } from "#model/log-file.ts";
import type { RuleDefinition } from "#model/rule.ts";
import { createRuleSet } from "#rules/rule-set.ts";
import { hasSamples, sampleLogFiles } from "#test/support/samples.ts";
import { records, rules } from "./cloudtrail.ts";
import { contexts, expressions } from "./expressions.ts";
import { frames, type Style, styles, written } from "./hostile-json.ts";
import { elementsByParse, type Judged, judgedByLaw, judgedFast, lawOf } from "./judging.ts";
import { runs, TIMEOUT_MS } from "./runs.ts";
import { tally } from "./tally.ts";

const CONFIG = { names: ["Root", "CreateUser"], empty: [] };

/** Every third one ignores. */
const definitionsOf = (texts: readonly string[]): readonly RuleDefinition[] =>
  texts.map((expression, index) => ({
    id: `rule-${index}`,
    origin: index % 3 === 2 ? "ignore" : "custom",
    severity: "medium",
    expression,
  }));

/** What both ways make of a file. Jexl itself refuses some of what we take for a rule, and is not asked for that. */
async function bothWays(
  texts: readonly string[],
  file: string,
  chunk: number,
  members: number,
  onSkip: (count: number) => void,
): Promise<readonly [Judged, Judged]> {
  const definitions = definitionsOf(texts);
  const { ruleSet } = createRuleSet(definitions, CONFIG, { language: "jexl" });
  const bytes = Buffer.from(file);
  const cuts = Array.from({ length: members + 1 }, (_, index) => Math.floor((bytes.length * index) / members));
  const packed = Buffer.concat(cuts.slice(1).map((cut, index) => gzipSync(bytes.subarray(cuts[index], cut))));
  const elements = elementsByParse(file.replace(/^\uFEFF/, ""));
  return Promise.all([
    judgedFast(packed, chunk, ruleSet, onSkip),
    judgedByLaw(bytes, elements, lawOf(ruleSet, definitions)),
  ]);
}

/** Another sieve for each try, so that tries are few and have much in them. */
const RECORDS = { minLength: 1, maxLength: 40 };

const LATER = '"eventSource":"iam.amazonaws.com"';
const ROOT_AND_NAME = "userIdentity.type == 'Root' && eventName == 'DeleteTrail'";

/** Each rule matches the record, ignores it or throws on it, although a hasty reader would say that it cannot. */
const TRAPS: readonly (readonly [why: string, rule: string, record: string])[] = [
  [
    "a place that the rule asks for by a dotted key and, before another condition, by its path",
    "event['requestParameters.name'] == 'x' && requestParameters.name != 'y' && eventName == 'DeleteTrail'",
    '{"eventName":"DeleteTrail","requestParameters.name":"x"}',
  ],
  [
    "a key that comes twice",
    "eventName == 'DeleteTrail'",
    '{"eventName":"DeleteTrail","eventName":"x","eventName":"DeleteTrail"}',
  ],
  [
    "an object that comes twice",
    ROOT_AND_NAME,
    '{"eventName":"DeleteTrail","userIdentity":{"type":"x"},"userIdentity":{"type":"Root"}}',
  ],
  [
    "a second object without the value",
    "!userIdentity.type && eventName == 'DeleteTrail'",
    '{"eventName":"DeleteTrail","userIdentity":{"type":"Root"},"userIdentity":{}}',
  ],
  [
    "a second object without the value, deeper down",
    "!userIdentity.a.b.c && eventName == 'DeleteTrail'",
    '{"eventName":"DeleteTrail","userIdentity":{"a":{"b":{"c":1}}},"userIdentity":{}}',
  ],
  [
    "a second time null",
    "!userIdentity.type && eventName == 'DeleteTrail'",
    '{"eventName":"DeleteTrail","userIdentity":{"type":"Root"},"userIdentity":null}',
  ],
  ["a list where an object is expected", ROOT_AND_NAME, '{"eventName":"DeleteTrail","userIdentity":[{"type":"Root"}]}'],
  ["an empty list on the way, which throws", ROOT_AND_NAME, '{"eventName":"x","userIdentity":[]}'],
  [
    "an empty list deeper down, which throws",
    "userIdentity.a.b == 1 && eventName == 'x'",
    '{"eventName":"y","userIdentity":{"a":[]}}',
  ],
  [
    "a text on the way",
    "event['userIdentity.type'] != 'Root' && eventName == 'DeleteTrail'",
    '{"eventName":"DeleteTrail","userIdentity":"Root"}',
  ],
  ["an escape in a key", "eventName == 'DeleteTrail'", '{"eventName":"x","event\\u004eame":"DeleteTrail"}'],
  ["an escape in a value", "eventName == 'DeleteTrail'", '{"eventName":"Delete\\u0054rail"}'],
  [
    "quotes and brackets in a value",
    "userAgent == 'a\"}]{[' && eventName == 'x'",
    '{"userAgent":"a\\"}]{[","eventName":"x"}',
  ],
  ["white space", "eventName == 'DeleteTrail'", '{ "eventName" :\t"DeleteTrail" }'],
  [
    "the same name further down",
    "eventName == 'DeleteTrail'",
    '{"x":{"eventName":"y"},"eventName":"DeleteTrail","z":[{"eventName":"w"}]}',
  ],
  ["a key with a dot", "event['userIdentity.type'] == 'Root'", '{"userIdentity.type":"Root","eventName":"x"}'],
  ["a key with a dot further down", "event['userIdentity.a.b'] == 1", '{"userIdentity":{"a.b":1},"eventName":"x"}'],
  [
    "a number written otherwise",
    "requestParameters.count == 10",
    '{"eventName":"x","requestParameters":{"count":1e1}}',
  ],
  [
    "a loose comparison",
    "requestParameters.names == 'Root'",
    '{"eventName":"x","requestParameters":{"names":["Root"]}}',
  ],
  [
    "a text too long to be searched, which throws",
    "(userAgent|matches('x$')) && eventName == 'DeleteTrail'",
    `{"eventName":"y","userAgent":"${"x".repeat(70_000)}"}`,
  ],
  ["no name of a call", "eventName == 'x'", `{${LATER}}`],
  ["an empty name of a call", "eventName == 'x'", `{"eventName":"",${LATER}}`],
  ["a refused call", "eventName == 'x'", '{"eventName":"y","errorCode":"Client.UnauthorizedOperation"}'],
  ["an Insight", "eventName == 'x'", '{"eventName":"y","insightDetails":{"state":"Start"}}'],
  [
    "an aggregated event",
    "eventName == 'DeleteObject'",
    '{"eventName":"y","eventCategory":"Aggregated","summary":{"primaryDimension":{"dimension":"eventName","statistics":[{"name":"DeleteObject"}]}}}',
  ],
  ["more levels than records may have", "eventName == 'x'", `{"eventName":"y","a":${"[".repeat(70)}${"]".repeat(70)}}`],
  ["more values than records may have", "eventName == 'x'", `{"eventName":"y","a":[${"1,".repeat(100_000)}1]}`],
];

describe("sifting records as text and asking only rules that may match gives what Jexl gives on parsed records", () => {
  const files = (element: fc.Arbitrary<unknown>) =>
    fc
      .tuple(fc.array(fc.tuple(element, styles), RECORDS), frames)
      .map(([each, frame]) => frame(each.map(([value, style]: readonly [unknown, Style]) => written(value, style))));

  test.each([
    ["records of CloudTrail in which anything may be strange", rules, records],
    ["expressions over the whole grammar", expressions, contexts.map((fields) => ({ ...fields, eventName: "Get" }))],
  ])(
    "for %s",
    async (_, texts, element) => {
      const seen = tally("alerts", "ignored", "unmatched", "throws", "skipped");
      await fc.assert(
        fc.asyncProperty(
          fc.array(texts, { minLength: 1, maxLength: 5 }),
          files(element),
          fc.integer({ min: 20, max: 3_000 }),
          fc.integer({ min: 1, max: 3 }),
          async (each, file, chunk, members) => {
            const [fast, law] = await bothWays(each, file, chunk, members, () => seen.add("skipped"));
            for (const kind of ["ignored", "unmatched"] as const) if (law.counts.records[kind] > 0) seen.add(kind);
            if (law.alerts.length > 0) seen.add("alerts");
            if (law.ruleProblems.length > 0) seen.add("throws");
            if (!isDeepStrictEqual(fast, law)) expect(fast).toEqual(law);
          },
        ),
        runs(400),
      );
      expect(seen.tooFew(10)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test.each(TRAPS)("in spite of %s", async (_, rule, trap) => {
    const harmless = '{"eventName":"z","userIdentity":{"type":"AssumedRole"},"requestParameters":{"a":[{}]}}';
    let skipped = 0;
    const onSkip = (count: number) => {
      skipped += count;
    };
    const [fast, law] = await bothWays([rule], `{"Records":[${harmless},${trap},${harmless}]}`, 3_000, 1, onSkip);
    expect(fast).toEqual(law);
    expect({ skipped, in: law.counts.records.in }).toEqual({ skipped: 2, in: 3 });
  });

  test.each(TRAPS)("where a rule needs whole records, in spite of %s", async (_, rule, trap) => {
    const whole = '{"eventName":"z","userAgent":"a","sourceIPAddress":"a"}';
    let skipped = 0;
    const onSkip = (count: number) => {
      skipped += count;
    };
    const file = `{"Records":[${whole},${trap},${whole}]}`;
    const [fast, law] = await bothWays([rule, "userAgent == sourceIPAddress"], file, 3_000, 1, onSkip);
    expect(fast).toEqual(law);
    expect({ skipped, alerts: law.alerts.length >= 2 }).toEqual({ skipped: 0, alerts: true });
  });

  test("leaves nothing out where a rule asks for a key that is too long for it", async () => {
    const provider = "userIdentity.sessionContext.webIdFederationData.federatedProvider";
    const data = { sessionContext: { webIdFederationData: { federatedProvider: "x" } } };
    const file = JSON.stringify({ Records: [{ eventName: "a", userIdentity: data }, { eventName: "b" }] });
    const [fast, law] = await bothWays([`event['${provider}'] == 'x'`], file, 3_000, 1, () => {});
    expect(fast).toEqual(law);
    expect(law.alerts.length).toBe(1);
  });

  test("counts a record of more bytes than records may have", async () => {
    const { ruleSet } = createRuleSet(definitionsOf(["eventName == 'x'"]), CONFIG);
    const file = `{"Records":[{"eventName":"y","a":"${"x".repeat(900)}"},{"eventName":"y"}]}`;
    const limits = { ...DEFAULT_LIMITS, record_bytes: 800 };
    const { counts } = await judgedFast(Buffer.from(file), 3_000, ruleSet, () => {}, limits);
    expect([counts.limits.record_bytes, counts.records.failed, counts.records.unmatched]).toEqual([1, 1, 1]);
  });

  const reason = hasSamples ? "" : " (skipped: there is no folder ../shared/samples beside the checkout)";
  test.skipIf(!hasSamples)(
    `for every default rule and every sample log file${reason}`,
    async () => {
      const definitions = defaultRules.map((rule) => ({ ...rule }));
      const config = { allowedCidrs: ["198.51.100.0/24"], requiredTags: { instance: { Team: null } }, self: {} };
      const { ruleSet } = createRuleSet(definitions, config);
      const law = lawOf(ruleSet, definitions);
      let alerted = 0;
      let skipped = 0;
      const onSkip = (count: number) => {
        skipped += count;
      };
      for (const { bytes } of sampleLogFiles()) {
        const unpacked = gunzipSync(bytes);
        const expected = await judgedByLaw(unpacked, elementsByParse(unpacked.toString()), law);
        expect(await judgedFast(bytes, 16_384, ruleSet, onSkip)).toEqual(expected);
        alerted += expected.alerts.length;
      }
      expect([alerted > 100, skipped > 500]).toEqual([true, true]);
    },
    TIMEOUT_MS,
  );
});
