import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { insightNotices } from "#alerts/insight-notices.ts";
import type { Notice } from "#model/news.ts";
import { type CloudTrailRecord, isInsight } from "#model/record.ts";
import { flatten } from "#records/flatten.ts";
import { insight, insightEnd, type RawRecord } from "#test/support/records.ts";

/** Insights as the pipeline hands them on. */
function noticesOf(...insights: readonly RawRecord[]): readonly Notice[] {
  return insightNotices(
    insights.map((element) => {
      const judgeable = flatten(element);
      if ("unjudgeable" in judgeable) throw new Error(judgeable.unjudgeable);
      return judgeable.record;
    }),
  );
}
/** The facts of the only notice, by label. */
function factsOf(...insights: readonly RawRecord[]): Readonly<Record<string, string>> {
  const notices = noticesOf(...insights);
  expect(notices).toHaveLength(1);
  return Object.fromEntries(notices.flatMap(({ facts }) => facts.map(({ label, value }) => [label, value])));
}

const RATE = "5.2 calls per minute instead of 0.001235 (average of 7 days)";
const ALICE = "arn:aws:iam::111111111111:user/alice";
const fact = (label: string, value: string) => ({ label, value });

describe("insightNotices", () => {
  test("tells the start of an Insight", () => {
    expect(noticesOf(insight())).toEqual([
      {
        kind: "notice",
        severity: "medium",
        title: "Unusual rate of calls: iam.amazonaws.com CreateUser",
        accountId: "111111111111",
        facts: [
          fact("What", "iam.amazonaws.com CreateUser"),
          fact("Rate", RATE),
          fact("Who", `${ALICE} (5.2)`),
          fact("Where", "111111111111 · eu-central-1"),
          fact("Began", "Wed 11 Jun 2025, 09:14:00 UTC"),
          fact("eventID", "00000000-0000-4000-8000-0000000000a1"),
          fact("sharedEventID", "00000000-0000-4000-8000-0000000000aa"),
        ],
      },
    ]);
  });

  const ENDED = {
    kind: "notice",
    severity: "medium",
    title: "Unusual rate of calls: iam.amazonaws.com CreateUser (ended)",
    accountId: "111111111111",
  };
  test("tells the end of an Insight", () => {
    expect(noticesOf(insightEnd())).toEqual([
      {
        ...ENDED,
        facts: [
          fact("What", "iam.amazonaws.com CreateUser"),
          fact("Rate", RATE),
          fact("Lasted", "5 minutes"),
          fact("Who", `${ALICE} (5.2)`),
          fact("Where", "111111111111 · eu-central-1"),
          fact("Ended", "Wed 11 Jun 2025, 09:21:00 UTC"),
          fact("eventID", "00000000-0000-4000-8000-0000000000a2"),
          fact("sharedEventID", "00000000-0000-4000-8000-0000000000aa"),
        ],
      },
    ]);
  });

  test.each([
    ["start first", [insight(), insightEnd()], "a1", "a2"],
    ["end first", [insightEnd(), insight()], "a2", "a1"],
  ])("tells start and end of an Insight in one notice with both ids, %s", (_name, insights, first, second) => {
    expect(noticesOf(...insights)).toEqual([
      {
        ...ENDED,
        facts: [
          fact("What", "iam.amazonaws.com CreateUser"),
          fact("Rate", RATE),
          fact("Lasted", "5 minutes"),
          fact("Who", `${ALICE} (5.2)`),
          fact("Where", "111111111111 · eu-central-1"),
          fact("Began", "Wed 11 Jun 2025, 09:14:00 UTC"),
          fact("Ended", "Wed 11 Jun 2025, 09:21:00 UTC"),
          fact("eventID", `00000000-0000-4000-8000-0000000000${first}, 00000000-0000-4000-8000-0000000000${second}`),
          fact("sharedEventID", "00000000-0000-4000-8000-0000000000aa"),
        ],
      },
    ]);
  });

  test.each([
    ["start first", (start: RawRecord, end: RawRecord) => [start, end]],
    ["end first", (start: RawRecord, end: RawRecord) => [end, start]],
  ])("tells the average of the whole time, which only the end knows, %s", (_name, order) => {
    const statistics = (average: number, insightDuration: number) => ({
      insightContext: { statistics: { insight: { average }, insightDuration } },
    });
    const start = insight({}, { state: "Start", ...statistics(9, 1) });
    const end = insight({ eventID: "e" }, { state: "End", ...statistics(4, 30) });
    const { Rate, Lasted } = factsOf(...order(start, end));
    expect({ Rate, Lasted }).toEqual({ Rate: "4 calls per minute", Lasted: "30 minutes" });
  });

  test("tells two Insights in two notices, in the order in which they began to come", () => {
    const other = { sharedEventID: "other", recipientAccountId: "222222222222", eventID: "b1" };
    const notices = noticesOf(insight(), insight(other), insightEnd(), insightEnd({ ...other, eventID: "b2" }));
    expect(
      notices.map(({ accountId, facts }) => [
        accountId,
        ...facts.filter(({ label }) => label.endsWith("ventID")).map(({ value }) => value),
      ]),
    ).toEqual([
      [
        "111111111111",
        "00000000-0000-4000-8000-0000000000a1, 00000000-0000-4000-8000-0000000000a2",
        "00000000-0000-4000-8000-0000000000aa",
      ],
      ["222222222222", "b1, b2", "other"],
    ]);
  });

  test("keeps Insights apart that tell no sharedEventID", () => {
    const loose = { sharedEventID: undefined };
    expect(noticesOf(insight(loose), insightEnd(loose)).map(({ title }) => title)).toEqual([
      "Unusual rate of calls: iam.amazonaws.com CreateUser",
      "Unusual rate of calls: iam.amazonaws.com CreateUser (ended)",
    ]);
  });

  test("is nothing for no Insights", () => {
    expect(insightNotices([])).toEqual([]);
  });

  test.each([
    [
      "an unusual rate of errors",
      { insightType: "ApiErrorRateInsight", errorCode: "AccessDenied" },
      "Unusual rate of errors: iam.amazonaws.com CreateUser",
      { Error: "AccessDenied", Rate: "5.2 errors per minute instead of 0.001235 (average of 7 days)" },
    ],
    [
      "a type that is not known yet",
      { insightType: "NoveltyInsight" },
      "CloudTrail Insight NoveltyInsight: iam.amazonaws.com CreateUser",
      { Rate: RATE },
    ],
    [
      "no type",
      { insightType: undefined },
      "CloudTrail Insight unknown type: iam.amazonaws.com CreateUser",
      { Rate: RATE },
    ],
    [
      "no call",
      { eventSource: undefined, eventName: undefined },
      "Unusual rate of calls",
      { What: undefined, Rate: RATE },
    ],
  ])("names %s", (_name, details, title, facts) => {
    const told = factsOf(insight({}, details));
    expect({
      title: noticesOf(insight({}, details)).map((notice) => notice.title),
      facts: Object.fromEntries(Object.keys(facts).map((label) => [label, told[label]])),
    }).toEqual({ title: [title], facts });
  });

  const average = (value: number) => ({ average: value });
  test.each<[string, unknown, string | undefined]>([
    ["without statistics", undefined, undefined],
    ["with statistics that are a text", "many", undefined],
    ["without a value", { baseline: average(1), baselineDuration: 1440 }, undefined],
    ["with a value that is a text", { insight: { average: "5" } }, undefined],
    ["with a value alone", { insight: average(5) }, "5 calls per minute"],
    ["without a baseline", { insight: average(5), baselineDuration: 1440 }, "5 calls per minute"],
    ["without the baseline's time", { insight: average(5), baseline: average(1) }, "5 calls per minute instead of 1"],
    [
      "with many digits",
      { insight: average(12.3456789), baseline: average(0.000098765432), baselineDuration: 10_075 },
      "12.35 calls per minute instead of 0.00009877 (average of 6.997 days)",
    ],
    ["with a baseline of nothing", { insight: average(2), baseline: average(0) }, "2 calls per minute instead of 0"],
  ])("tells the rate of an Insight %s", (_name, statistics, rate) => {
    expect(factsOf(insight({}, { insightContext: { statistics } })).Rate).toBe(rate);
  });

  test("names the first three of many callers, clients and errors, and counts the others", () => {
    const many = (attribute: string, count: number) => ({
      attribute,
      insight: Array.from({ length: count }, (_, index) => ({
        value: `${attribute}${index}`,
        average: 9.87654 - index,
      })),
      baseline: [{ value: "not told", average: 1 }],
    });
    const attributions = [many("userIdentityArn", 5), many("userAgent", 3), many("errorCode", 1)];
    const { Who, Client, Errors } = factsOf(insight({}, { insightContext: { attributions } }));
    expect({ Who, Client, Errors }).toEqual({
      Who: "userIdentityArn0 (9.877), userIdentityArn1 (8.877), userIdentityArn2 (7.877) and 2 more",
      Client: "userAgent0 (9.877), userAgent1 (8.877), userAgent2 (7.877)",
      Errors: "errorCode0 (9.877)",
    });
  });

  test("tells an attribution without value or number as far as it goes", () => {
    const attributions = [
      null,
      7,
      { attribute: "userAgent", insight: [null, {}, { value: "x" }] },
      { attribute: "errorCode" },
    ];
    const { Client, Errors } = factsOf(insight({}, { insightContext: { attributions } }));
    expect({ Client, Errors }).toEqual({ Client: "unknown, unknown, x", Errors: undefined });
  });

  test("answers for any Insight with one notice of texts, and never throws", () => {
    const hostile = fc.oneof(
      fc.json().map((text): unknown => JSON.parse(text)),
      fc.constantFrom<unknown>(null, [], {}, [null], { toString: null }, Number.POSITIVE_INFINITY, -0, "", "End", {
        average: {},
      }),
    );
    const part = (whole: unknown): fc.Arbitrary<unknown> =>
      typeof whole !== "object" || whole === null
        ? fc.oneof({ weight: 3, arbitrary: fc.constant(whole) }, hostile)
        : fc.oneof(
            { weight: 6, arbitrary: Array.isArray(whole) ? fc.tuple(...whole.map(part)) : recordOf(whole) },
            hostile,
          );
    const recordOf = (whole: object): fc.Arbitrary<unknown> =>
      fc.record(Object.fromEntries(Object.entries(whole).map(([key, value]) => [key, part(value)])), {
        requiredKeys: [],
      });
    const insights = fc.array(fc.constantFrom(insight(), insightEnd()).chain(recordOf), { maxLength: 4 });
    let told = 0;
    fc.assert(
      fc.property(insights, (elements) => {
        const records = elements
          .map((element) => flatten(element))
          .flatMap((judgeable): CloudTrailRecord[] => ("record" in judgeable ? [judgeable.record] : []))
          .filter(isInsight);
        const notices = insightNotices(records);
        const texts = notices.flatMap(({ title, facts }) => [
          title,
          ...facts.flatMap(({ label, value }) => [label, value]),
        ]);
        told += notices.length;
        expect(texts.filter((text) => typeof text !== "string" || text === "")).toEqual([]);
        expect(notices.length).toBeLessThanOrEqual(records.length);
        expect(notices.length > 0).toBe(records.length > 0);
      }),
      { seed: 31, numRuns: 500 },
    );
    expect(told).toBeGreaterThan(200);
  });
});
