import { describe, expect, test } from "vitest";
import { retryDelaySeconds } from "#sources/retry-delay.ts";
import { queueMessages } from "#sources/sqs.ts";
import { s3Payload, sqsPayload } from "#test/support/records.ts";

describe("retryDelaySeconds", () => {
  test.each([
    [1, 10],
    [2, 20],
    [3, 40],
    [4, 80],
    [5, 160],
    [6, 320],
    [7, 640],
    [8, 900],
    [9, 900],
    [50, 900],
    [1_000, 900],
    [Number.MAX_SAFE_INTEGER, 900],
  ])("doubles up to a quarter of an hour: after attempt %d it is %d seconds", (receives, seconds) => {
    expect(retryDelaySeconds(receives)).toBe(seconds);
  });

  test("survives an outage of hours with fifty attempts, and less than SQS keeps a message", () => {
    const seconds = Array.from({ length: 50 }, (_, index) => retryDelaySeconds(index + 1)).reduce((a, b) => a + b);
    expect(Math.round(seconds / 3_600)).toBe(11);
  });
});

describe("queueMessages", () => {
  const message = (overrides: object) => ({
    messageId: "m",
    eventSource: "aws:sqs",
    eventSourceARN: "arn:aws:sqs:eu-central-1:111111111111:retry",
    receiptHandle: "handle",
    body: "{}",
    ...overrides,
  });
  const known = (receives: number) => [
    { id: "m", queue: "arn:aws:sqs:eu-central-1:111111111111:retry", receiptHandle: "handle", receives },
  ];
  test.each<[string, object, readonly unknown[]]>([
    ["handed out for the first time", { attributes: { ApproximateReceiveCount: "1" } }, known(1)],
    ["handed out often", { attributes: { ApproximateReceiveCount: "49", SentTimestamp: "1" } }, known(49)],
    ["without a count", { attributes: {} }, known(1)],
    ["without attributes", {}, known(1)],
    ["with nonsense for a count", { attributes: { ApproximateReceiveCount: "often" } }, known(1)],
    ["with less than nothing for a count", { attributes: { ApproximateReceiveCount: "-3" } }, known(1)],
    ["without a handle, which nothing can be said about", { receiptHandle: undefined }, []],
    ["without the queue's ARN, which nobody can be told about", { eventSourceARN: undefined }, []],
  ])("tells a message %s", (_name, overrides, expected) => {
    expect(queueMessages({ Records: [message(overrides)] })).toEqual(expected);
  });

  test.each<[string, unknown]>([
    ["S3", s3Payload("k")],
    ["nothing", undefined],
    ["no messages", { Records: [] }],
    ["messages of which one is none", { Records: [message({}), { eventSource: "aws:s3" }] }],
  ])("finds none in a payload of %s", (_name, payload) => {
    expect(queueMessages(payload)).toEqual([]);
  });

  test("keeps the order of the batch", () => {
    const { Records } = Object(sqsPayload({ b: {}, a: {}, c: {} }));
    const batch = { Records: Records.map((record: object) => ({ ...record, receiptHandle: "h" })) };
    expect(queueMessages(batch).map(({ id }) => id)).toEqual(["b", "a", "c"]);
  });
});
