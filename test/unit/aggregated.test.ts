import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { unfoldAggregated } from "#records/aggregated.ts";
import { flatten } from "#records/flatten.ts";
import { aggregated, insight, record } from "#test/support/records.ts";

const ID = "00000000-0000-4000-8000-0000000000b1";
const ALICE = "arn:aws:iam::111111111111:user/alice";
const BUCKET = "arn:aws:s3:::example";
/** A dimension of a summary: so many calls by name. */
const dimension = (name: string, ...values: readonly unknown[]) => ({
  dimension: name,
  statistics: values.map((value, index) => ({ name: value, value: 10 - index })),
});
/** A summary: its primary dimension first. */
const summary = (primaryDimension: unknown, ...details: readonly unknown[]) => ({ primaryDimension, details });

describe("unfoldAggregated", () => {
  test("turns API activity of one name into one record with the field names of any other, and keeps its own", () => {
    expect(unfoldAggregated(aggregated())).toEqual([
      {
        ...aggregated(),
        eventID: ID,
        eventName: "GetObject",
        recipientAccountId: "111111111111",
        eventTime: "2025-06-11T09:10:00Z",
        userIdentity: { arn: ALICE },
        sourceIPAddress: "198.51.100.7",
      },
    ]);
  });

  test("turns resource access of two names into two records, each with an identity that contains the event's", () => {
    const event = aggregated({
      summary: summary(
        dimension("resourceARN", BUCKET),
        dimension("eventName", "GetObject", "PutObject"),
        dimension("userIdentity", ALICE, `${ALICE}2`),
        dimension("userAgent", "aws-cli/2.15.0"),
      ),
    });
    const both = {
      ...event,
      recipientAccountId: "111111111111",
      eventTime: "2025-06-11T09:10:00Z",
      userAgent: "aws-cli/2.15.0",
      resources: [{ ARN: BUCKET }],
    };
    expect(unfoldAggregated(event)).toEqual([
      { ...both, eventID: `${ID}/GetObject`, eventName: "GetObject" },
      { ...both, eventID: `${ID}/PutObject`, eventName: "PutObject" },
    ]);
  });

  test("turns user actions into a record for each name of the caller", () => {
    const event = aggregated({
      summary: summary(dimension("userIdentity", ALICE), dimension("eventName", "A", "B", "C")),
    });
    expect(unfoldAggregated(event)).toEqual(
      ["A", "B", "C"].map((eventName) =>
        expect.objectContaining({ eventName, eventID: `${ID}/${eventName}`, userIdentity: { arn: ALICE } }),
      ),
    );
  });

  test.each<[string, unknown, object]>([
    [
      "takes a name once that stands there twice",
      summary(dimension("eventName", "A", "A")),
      { eventName: "A", eventID: ID },
    ],
    [
      "names what has no call by its type",
      summary(dimension("resourceARN", BUCKET)),
      { eventName: "AwsAggregatedEvent", eventID: ID },
    ],
    [
      "does not say which of two addresses it was",
      summary(dimension("sourceIpAddress", "192.0.2.1", "192.0.2.2")),
      { sourceIPAddress: undefined },
    ],
    [
      "does not say which of two resources it was",
      summary(dimension("resourceARN", BUCKET, `${BUCKET}2`)),
      { resources: undefined },
    ],
    [
      "reads the address also as other records spell it",
      summary(dimension("sourceIPAddress", "192.0.2.1")),
      { sourceIPAddress: "192.0.2.1" },
    ],
    [
      "passes over names that are no text",
      summary(dimension("eventName", 7, null, "A", {})),
      { eventName: "A", eventID: ID },
    ],
    [
      "passes over dimensions that are none",
      summary(null, 7, [], { dimension: "eventName" }, dimension("eventName", "A")),
      { eventName: "A" },
    ],
    [
      "passes over details that are no list",
      { primaryDimension: dimension("eventName", "A"), details: { length: 3 } },
      { eventName: "A" },
    ],
    ["passes over a summary that is a text", "none", { eventName: "AwsAggregatedEvent" }],
  ])("%s", (_name, given, expected) => {
    const records = unfoldAggregated(aggregated({ summary: given }));
    expect(
      records.map((element) => Object.fromEntries(Object.keys(expected).map((key) => [key, Object(element)[key]]))),
    ).toEqual([expected]);
  });

  test("does not overwrite what an event says itself", () => {
    const own = {
      eventID: "own",
      eventName: "Own",
      eventTime: "t",
      userIdentity: { type: "Root" },
      recipientAccountId: "2",
    };
    expect(unfoldAggregated(aggregated(own))).toEqual([{ ...aggregated(own), sourceIPAddress: "198.51.100.7" }]);
  });

  test.each<[string, unknown]>([
    ["a record", record()],
    ["an Insight", insight()],
    ["a record with a summary", record({ summary: aggregated().summary })],
    ["null", null],
    ["a text", "Aggregated"],
    ["a list", [aggregated()]],
    ["an object of another category", aggregated({ eventCategory: "Data" })],
    ["an object without category", aggregated({ eventCategory: undefined })],
  ])("leaves %s as it is", (_name, element) => {
    const [unfolded, ...others] = unfoldAggregated(element);
    expect({ same: unfolded === element, others }).toEqual({ same: true, others: [] });
  });

  test("cannot be judged when nothing names it", () => {
    const nameless = aggregated({ eventType: undefined, summary: {} });
    expect(unfoldAggregated(nameless).map((element) => flatten(element))).toEqual([
      { unjudgeable: "has no eventName" },
    ]);
  });

  test("stays one record when it names more calls than a service has", () => {
    const names = Array.from({ length: 101 }, (_, index) => `Call${index}`);
    const crowded = aggregated({ summary: { primaryDimension: dimension("eventName", ...names) } });
    const identify = (records: readonly unknown[]) =>
      records
        .map((record) => record as Record<string, unknown>)
        .map(({ eventID, eventName }) => ({ eventID, eventName }));
    expect(identify(unfoldAggregated(crowded))).toEqual([
      { eventID: crowded.eventId, eventName: "AwsAggregatedEvent" },
    ]);
  });

  test("answers for any element with at least one, and never throws", () => {
    const hostile = fc.oneof(
      fc.json().map((text): unknown => JSON.parse(text)),
      fc.constantFrom<unknown>(undefined, null, "", { toString: null, valueOf: null }, [], [null], ["x"], "__proto__"),
      fc.array(fc.constantFrom("A", "B", "C"), { maxLength: 3 }).map((names) => dimension("eventName", ...names)),
    );
    const event = fc
      .record(
        {
          eventId: hostile,
          accountId: hostile,
          eventType: hostile,
          timeWindow: fc.oneof(hostile, fc.record({ windowStart: hostile })),
          summary: fc.oneof(
            hostile,
            fc.record({ primaryDimension: hostile, details: fc.oneof(hostile, fc.array(hostile)) }),
          ),
        },
        { requiredKeys: [] },
      )
      .map((fields): unknown => ({ ...fields, eventCategory: "Aggregated" }));
    const seen = { one: 0, several: 0, unjudgeable: 0 };
    fc.assert(
      fc.property(fc.oneof({ weight: 5, arbitrary: event }, hostile), (element) => {
        const records = unfoldAggregated(element);
        const judged = records.map((unfolded) => flatten(unfolded));
        seen[records.length > 1 ? "several" : "one"] += 1;
        if (judged.some((judgeable) => "unjudgeable" in judgeable)) seen.unjudgeable += 1;
        expect(records.length).toBeGreaterThan(0);
      }),
      { seed: 32, numRuns: 1_000 },
    );
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(50);
  });
});
