import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { SourceError } from "#model/errors.ts";
import { SEVERITIES } from "#model/rule.ts";
import type { SourceItem } from "#model/source-item.ts";
import { decodeCloudTrailTopic } from "#sources/cloudtrail-topic.ts";
import { decodeCloudWatchAlarm } from "#sources/cloudwatch-alarm.ts";
import { decodeCloudWatchLogs } from "#sources/cloudwatch-logs.ts";
import { decode } from "#sources/decode.ts";
import type { Decoder } from "#sources/decoder.ts";
import { decodeEventBridge } from "#sources/eventbridge.ts";
import { decodeLambdaDestination } from "#sources/lambda-destination.ts";
import { decodeNotice } from "#sources/notice.ts";
import { decodeReconcileRequest } from "#sources/reconcile-request.ts";
import { decodeS3 } from "#sources/s3.ts";
import { decodeSns } from "#sources/sns.ts";
import { decodeSnsNotification } from "#sources/sns-notification.ts";
import { decodeSqs } from "#sources/sqs.ts";
import { decodeWindowEnd } from "#sources/window-end.ts";
import { logsPayload, s3Entry, snsPayload, sqsPayload } from "#test/support/records.ts";
import { repoRoot } from "#test/support/tools.ts";
import { packed, sourceFixtures } from "./source-fixtures.ts";

/** Every decoder, by its file. */
const DECODERS: Readonly<Record<string, Decoder>> = {
  "cloudtrail-topic": decodeCloudTrailTopic,
  "cloudwatch-alarm": decodeCloudWatchAlarm,
  "cloudwatch-logs": decodeCloudWatchLogs,
  eventbridge: decodeEventBridge,
  "lambda-destination": decodeLambdaDestination,
  notice: decodeNotice,
  "reconcile-request": decodeReconcileRequest,
  s3: decodeS3,
  sns: decodeSns,
  "sns-notification": decodeSnsNotification,
  sqs: decodeSqs,
  "window-end": decodeWindowEnd,
};
const FIXTURES = sourceFixtures();

/** Each envelope in a payload, the payload first, with the decoders that answer to it. Texts that are no JSON hold none. */
function readers(payload: unknown): readonly (readonly string[])[] {
  const inside: (readonly string[])[] = [];
  const answering = Object.entries(DECODERS).flatMap(([name, decoder]) => {
    const items = decoder(payload, (text) => {
      if (text.startsWith("{")) inside.push(...readers(JSON.parse(text)));
      return [{ kind: "control", what: "read" }];
    });
    return items === undefined ? [] : [name];
  });
  return [answering, ...inside];
}

describe("every envelope that AWS sends", () => {
  test("has a fixture, and every decoder is among those that are checked", () => {
    const folder = path.join(repoRoot, "lambda/src/sources");
    const files = readdirSync(folder).filter((file) =>
      /^export const \w+: Decoder =/m.test(readFileSync(path.join(folder, file), "utf8")),
    );
    const names = files.map((file) => path.basename(file, ".ts")).sort();
    expect({
      checked: Object.keys(DECODERS).sort(),
      fixtures: [...new Set(FIXTURES.flatMap(({ decoders }) => decoders))].sort(),
    }).toEqual({ checked: names, fixtures: names });
  });

  test.each(FIXTURES)("is read whole: $name", ({ payload, items }) => {
    expect(decode(packed(payload))).toEqual(items);
  });

  test.each(FIXTURES)("is known to one decoder alone, and so is what it carries: $name", ({ payload, decoders }) => {
    expect(readers(packed(payload))).toEqual(decoders.map((name) => [name]));
  });

  test.each(FIXTURES)("is read through SNS and SQS as directly, by the message's id: $name", ({ payload, items }) => {
    const direct = packed(payload);
    const acknowledged = items.map((item) => ({ ...Object(item), ackId: "m" }));
    expect({
      sns: decode(snsPayload(direct)),
      sqs: decode(sqsPayload({ m: direct })),
    }).toEqual({ sns: items, sqs: acknowledged });
  });

  const batches = FIXTURES.filter(({ decoders }) => decoders[0] === "sqs");
  test.each(batches)("has the ids of its messages and no others: $name", ({ payload }) => {
    const { Records } = Object(payload);
    const ids = decode(packed(payload)).map(({ ackId }) => ackId);
    expect([...new Set(ids)]).toEqual(Records.map(({ messageId }: { messageId: string }) => messageId));
  });
  test("among which are batches", () => {
    expect(batches.length).toBeGreaterThan(5);
  });
});

const entries = { ackId: v.exactOptional(v.string()) };
/** A {@link SourceItem} and nothing else. */
const Item: v.GenericSchema<unknown, SourceItem> = v.variant("kind", [
  v.strictObject({
    ...entries,
    kind: v.literal("objects"),
    objects: v.array(v.strictObject({ bucket: v.string(), key: v.string(), region: v.optional(v.string()) })),
  }),
  v.strictObject({ ...entries, kind: v.literal("records"), records: v.array(v.unknown()), from: v.string() }),
  v.strictObject({
    ...entries,
    kind: v.literal("notice"),
    notice: v.strictObject({
      kind: v.literal("notice"),
      severity: v.picklist(SEVERITIES),
      title: v.string(),
      accountId: v.optional(v.string()),
      occasion: v.exactOptional(v.string()),
      facts: v.array(
        v.strictObject({
          label: v.string(),
          value: v.string(),
          url: v.exactOptional(v.pipe(v.string(), v.url(), v.startsWith("https://console."))),
        }),
      ),
    }),
  }),
  v.strictObject({
    ...entries,
    kind: v.literal("reconcile"),
    request: v.strictObject({
      bucket: v.pipe(v.string(), v.minLength(1)),
      prefix: v.string(),
      hours: v.pipe(v.number(), v.minValue(1), v.maxValue(168)),
    }),
  }),
  v.strictObject({
    ...entries,
    kind: v.literal("window"),
    end: v.strictObject({ windowId: v.pipe(v.string(), v.startsWith("window/"), v.maxBytes(2_048)) }),
  }),
  v.strictObject({ ...entries, kind: v.literal("control"), what: v.string() }),
  v.strictObject({ ...entries, kind: v.literal("undecodable"), error: v.instance(SourceError) }),
]);
const Items = v.pipe(v.array(Item), v.minLength(1));

/** What an error tells whoever reads it: its message and those of its causes. */
function wordsOf(error: unknown): string {
  return error instanceof Error ? `${error.message} ${wordsOf(error.cause)}` : String(error ?? "");
}

describe("whatever comes", () => {
  /** Where a value stands in a fixture. */
  interface Place {
    readonly payload: unknown;
    readonly keys: readonly string[];
  }
  const CANARY = "xoxb-hunter2-<!channel>";
  /** Names, which an error may tell: of a queue, a topic, a message, a bucket, an object, an EventBridge event. */
  const NAMES = new Set(["eventSourceARN", "TopicArn", "messageId", "name", "key", "id", "detail-type", "source"]);

  function keysOf(value: unknown): readonly (readonly string[])[] {
    if (typeof value !== "object" || value === null) return [];
    return Object.entries(value).flatMap(([key, inner]) => [[key], ...keysOf(inner).map((keys) => [key, ...keys])]);
  }
  /** A copy with another value at the place, or with none. */
  function changed(
    value: unknown,
    [key, ...rest]: readonly string[],
    put: { readonly value: unknown } | "nothing",
  ): unknown {
    if (key === undefined || typeof value !== "object" || value === null) return value;
    const one = (inner: unknown) =>
      rest.length > 0 ? changed(inner, rest, put) : put === "nothing" ? undefined : put.value;
    if (Array.isArray(value)) {
      const copy = value.map((inner, index) => (String(index) === key ? one(inner) : inner));
      return rest.length === 0 && put === "nothing" ? copy.toSpliced(Number(key), 1) : copy;
    }
    const copy = Object.entries(value).map(([name, inner]) => [name, name === key ? one(inner) : inner] as const);
    return Object.fromEntries(copy.filter(([name]) => rest.length > 0 || put !== "nothing" || name !== key));
  }

  /** The tree that people see, and the one that AWS sends: in the first, what envelopes carry can change as well. */
  const PLACES: readonly Place[] = FIXTURES.flatMap(({ payload }) =>
    [payload, packed(payload)].flatMap((tree) => keysOf(tree).map((keys) => ({ payload: tree, keys }))),
  );
  const anyJson = fc.json().map((text): unknown => JSON.parse(text));
  const anyBytes = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
  const anyText = fc.oneof(
    fc.string({ unit: "binary" }),
    anyBytes.map((bytes) => bytes.toString()),
    fc.json(),
    fc.constantFrom(...FIXTURES).chain(({ payload }) => {
      const text = JSON.stringify(packed(payload));
      return fc.nat(text.length).map((end) => text.slice(0, end));
    }),
  );

  test.each<[string, fc.Arbitrary<unknown>]>([
    ["any JSON", anyJson],
    [
      "a fixture that lacks a value",
      fc.constantFrom(...PLACES).map(({ payload, keys }) => packed(changed(payload, keys, "nothing"))),
    ],
    [
      "a fixture with any other value",
      fc
        .tuple(fc.constantFrom(...PLACES), anyJson)
        .map(([{ payload, keys }, value]) => packed(changed(payload, keys, { value }))),
    ],
    ["any message of SNS", anyText.map((text) => snsPayload(text))],
    ["any message of a queue", anyText.map((text) => sqsPayload({ m: text }))],
    [
      "any message of SNS in a queue",
      anyText.map((text) => sqsPayload({ m: { Type: "Notification", TopicArn: "t", Message: text } })),
    ],
    ["any text as log events", anyText.map((data) => ({ awslogs: { data } }))],
    ["any bytes as log events", anyBytes.map((bytes) => ({ awslogs: { data: bytes.toString("base64") } }))],
    [
      "any packed text as log events",
      anyText.map((text) => ({ awslogs: { data: gzipSync(text).toString("base64") } })),
    ],
    [
      "any broken gzip as log events",
      fc.tuple(fc.nat(), fc.nat(255)).map(([at, byte]) => {
        const bytes = gzipSync(JSON.stringify({ messageType: "DATA_MESSAGE" }));
        bytes[at % bytes.length] = byte;
        return { awslogs: { data: bytes.toString("base64") } };
      }),
    ],
  ])("becomes items or a SourceError, never a throw: %s", (_name, payloads) => {
    let undecodable = 0;
    fc.assert(
      fc.property(payloads, (payload) => {
        const items = v.parse(Items, decode(payload));
        undecodable += items.filter(({ kind }) => kind === "undecodable").length;
      }),
      { seed: 30, numRuns: 500 },
    );
    expect(undecodable).toBeGreaterThan(20);
  });

  test("an error quotes no value that a stranger can have published", () => {
    const values: readonly unknown[] = [
      CANARY,
      `{"a":"${CANARY}"`,
      { a: CANARY },
      JSON.stringify([CANARY]),
      gzipSync(CANARY).toString("base64"),
    ];
    let errors = 0;
    const quoting = FIXTURES.flatMap(({ payload }) =>
      keysOf(payload)
        .filter((keys) => !keys.some((key) => NAMES.has(key)))
        .flatMap((keys) => values.flatMap((value) => decode(packed(changed(payload, keys, { value })))))
        .flatMap((item) => (item.kind === "undecodable" ? [wordsOf(item.error)] : []))
        .filter((words) => {
          errors += 1;
          return /xoxb|hunter2|channel/.test(words);
        }),
    );
    expect(quoting).toEqual([]);
    expect(errors).toBeGreaterThan(500);
  });

  const EXPECTED =
    "expected an S3 event notification, CloudTrail's notification with s3Bucket and s3ObjectKey, an EventBridge event, a CloudWatch Logs subscription or a CloudWatch alarm, directly or through SNS or SQS";
  /** So many messages of SNS in each other, around a test event of S3. */
  const nested = (depth: number): unknown =>
    depth === 0 ? { Service: "Amazon S3", Event: "s3:TestEvent" } : snsPayload(nested(depth - 1));
  const failedOf = (requestPayload: unknown) => ({
    requestContext: { functionArn: "arn:aws:lambda:eu-central-1:111111111111:function:cloudtrail-to-slack" },
    requestPayload,
  });
  const TOPIC = "a message of the topic arn:aws:sns:eu-central-1:111111111111:cloudtrail";
  const QUEUE = "the message m of the queue arn:aws:sqs:eu-central-1:111111111111:cloudtrail";
  const EVENT = { "detail-type": "EC2 Instance State-change Notification", source: "aws.ec2", id: "e", detail: {} };
  const READABLE = "expected the objects of a bucket (aws.s3), or one that comes via CloudTrail";
  test.each([
    ["null", null, `the payload (null) is of an unknown shape; ${EXPECTED}`],
    ["nothing", undefined, `the payload (a undefined) is of an unknown shape; ${EXPECTED}`],
    ["a number", 7, `the payload (a number) is of an unknown shape; ${EXPECTED}`],
    ["a text", CANARY, `the payload (a string) is of an unknown shape; ${EXPECTED}`],
    ["a list", [{ s3Bucket: "b" }], `the payload (a list) is of an unknown shape; ${EXPECTED}`],
    ["an empty object", {}, `the payload (an empty object) is of an unknown shape; ${EXPECTED}`],
    ["strangers", { hello: CANARY, world: 2 }, `the payload (with hello, world) is of an unknown shape; ${EXPECTED}`],
    ["no entries", { Records: [] }, `the payload (with Records) is of an unknown shape; ${EXPECTED}`],
    [
      "entries of different sources",
      { Records: [{ eventSource: "aws:s3" }, { EventSource: "aws:sns" }] },
      `the payload (with Records) is of an unknown shape; ${EXPECTED}`,
    ],
    [
      "entries of another store than S3",
      { Records: [s3Entry("a", { eventSource: "minio:s3" })] },
      `the payload (with Records) is of an unknown shape; ${EXPECTED}`,
    ],
    [
      "entries of another topic than that of SNS",
      { Records: [{ EventSource: "other", Sns: { Message: "{}" } }] },
      `the payload (with Records) is of an unknown shape; ${EXPECTED}`,
    ],
    [
      "entries of another queue than that of SQS",
      { Records: [{ eventSource: "aws:kafka", messageId: "m", body: "{}" }] },
      `the payload (with Records) is of an unknown shape; ${EXPECTED}`,
    ],
    [
      "anything else that a topic says",
      { Type: "Other", TopicArn: "t", Message: JSON.stringify({ Service: "Amazon S3", Event: "s3:TestEvent" }) },
      `the payload (with Type, TopicArn, Message) is of an unknown shape; ${EXPECTED}`,
    ],
    [
      "very many and very long keys",
      Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`${index}${"x".repeat(40)}`, 1])),
      expect.stringMatching(/^the payload \(with 0x{40}, 1x{40}, [0-9x, ]{14}\) is of an unknown shape; /),
    ],
    [
      "other JSON in a message of SNS",
      snsPayload({ hello: CANARY }),
      `${TOPIC} (with hello) is of an unknown shape; ${EXPECTED}`,
    ],
    ["no JSON in a message of SNS", snsPayload(CANARY), `${TOPIC} is not JSON; ${EXPECTED}`],
    ["other JSON in a queue", sqsPayload({ m: [1] }), `${QUEUE} (a list) is of an unknown shape; ${EXPECTED}`],
    ["no JSON in a queue", sqsPayload({ m: CANARY }), `${QUEUE} is not JSON; ${EXPECTED}`],
    ["too many envelopes in each other", nested(5), `${TOPIC} holds envelopes nested more than 5 deep`],
    ["far too many envelopes in each other", nested(9), `${TOPIC} holds envelopes nested more than 5 deep`],
    [
      "failed invocations in each other without an end",
      failedOf(failedOf(failedOf(failedOf(failedOf(failedOf({})))))),
      "the payload of a failed invocation holds envelopes nested more than 5 deep",
    ],
    [
      "a failed invocation without its payload",
      { ...failedOf(7), requestPayload: undefined },
      `the payload (with requestContext, requestPayload) is of an unknown shape; ${EXPECTED}`,
    ],
    [
      "a failed invocation whose payload is a text",
      failedOf(CANARY),
      `the payload of a failed invocation (a string) is of an unknown shape; ${EXPECTED}`,
    ],
    ...[
      ["names no bucket", { bucket: "", hours: 3 }],
      ["looks back less than an hour", { bucket: "b", hours: 0 }],
      ["looks back more than a week", { bucket: "b", hours: 169 }],
      ["gives hours as a text", { bucket: "b", hours: "3" }],
      ["gives a prefix that is no text", { bucket: "b", hours: 3, prefix: 7 }],
    ].map(([what, reconcile]): [string, unknown, string] => [
      `a request to reconcile that ${what}`,
      { reconcile },
      `the payload (with reconcile) is of an unknown shape; ${EXPECTED}`,
    ]),
    ...["slot/slack_webhook:/hooks/team", `window/${"x".repeat(2_042)}`, 7].map(
      (windowId): [string, unknown, string] => [
        "the end of a window that no row of the ledger can be",
        { windowId },
        `the payload (with windowId) is of an unknown shape; ${EXPECTED}`,
      ],
    ),
    [
      "EventBridge events of other services",
      EVENT,
      `the EventBridge event e of the type "EC2 Instance State-change Notification" from aws.ec2 is not one to read; ${READABLE}`,
    ],
    [
      "EventBridge events that only sound like CloudTrail's",
      { ...EVENT, "detail-type": "via CloudTrail, not" },
      `the EventBridge event e of the type "via CloudTrail, not" from aws.ec2 is not one to read; ${READABLE}`,
    ],
    [
      "EventBridge events of S3 without a key",
      { "detail-type": "Object Created", source: "aws.s3", detail: { bucket: { name: "b" } } },
      'the EventBridge event (no id) of the type "Object Created" names no bucket and key',
    ],
    [
      "log events that are no gzip",
      { awslogs: { data: btoa(CANARY) } },
      "the payload of CloudWatch Logs is not base64 of gzip of JSON",
    ],
    [
      "log events that are no JSON",
      { awslogs: { data: gzipSync(CANARY).toString("base64") } },
      "the payload of CloudWatch Logs is not base64 of gzip of JSON",
    ],
    [
      "log events of an unknown shape",
      logsPayload({ messageType: "OTHER", logGroup: "g", logStream: "s", logEvents: [] }),
      "the payload of CloudWatch Logs holds neither log events nor a control message",
    ],
    [
      "log events that unpack to more than 16 MB",
      {
        awslogs: { data: gzipSync(`{"messageType":"CONTROL_MESSAGE"}${" ".repeat(16 * 2 ** 20)}`).toString("base64") },
      },
      "the payload of CloudWatch Logs unpacks to more than 16777216 bytes",
    ],
    [
      "an EventBridge event with endless names",
      { "detail-type": "t".repeat(5_000), source: "s".repeat(5_000), id: "i".repeat(5_000), detail: {} },
      `the EventBridge event ${"i".repeat(200)}… of the type "${"t".repeat(200)}…" from ${"s".repeat(200)}… is not one to read; expected the objects of a bucket (aws.s3), or one that comes via CloudTrail`,
    ],
  ])("of an unknown shape is refused with a sentence: %s", (_name, payload, message) => {
    expect(decode(payload).map((item) => item.kind === "undecodable" && item.error.message)).toEqual([message]);
  });

  test("is read as deep as AWS nests envelopes, and one deeper", () => {
    // A failed invocation, in the retry queue, of what SNS said about S3: the deepest that AWS nests is four.
    const deepest = sqsPayload({ m: failedOf(nested(1)) });
    expect([decode(deepest), decode(nested(4))]).toEqual([
      [{ kind: "control", what: "s3:TestEvent", ackId: "m" }],
      [{ kind: "control", what: "s3:TestEvent" }],
    ]);
  });
});
