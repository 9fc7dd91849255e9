import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { OBJECT_KINDS } from "#model/source-item.ts";
import { decode } from "#sources/decode.ts";
import { objectKind } from "#sources/object-kind.ts";
import {
  BUCKET,
  eventBridgePayload,
  logsPayload,
  s3Entry,
  s3Payload,
  snsPayload,
  sqsPayload,
} from "#test/support/records.ts";

const objects = (...keys: string[]) => keys.map((key) => ({ kind: "objects", objects: [{ bucket: BUCKET, key }] }));
const undecodable = (message: string) => ({ kind: "undecodable", error: expect.objectContaining({ message }) });
const control = (what: string) => ({ kind: "control", what });
/** An S3 notification whose key stands there as it is given, encoded or not. */
const withRawKey = (key: string) => ({ Records: [s3Entry("", { s3: { bucket: { name: BUCKET }, object: { key } } })] });
const removed = (key: string, event: string, who: string, from: string, when: string) => ({
  kind: "notice",
  notice: {
    kind: "notice",
    severity: "high",
    title: "A CloudTrail log file was removed",
    facts: [
      { label: "Object", value: `s3://${BUCKET}/${key}` },
      { label: "Event", value: event },
      { label: "Who", value: who },
      { label: "From", value: from },
      { label: "When", value: when },
    ],
  },
});
const UNKNOWN = "not told by S3";
const DETAIL = { bucket: { name: BUCKET }, object: { key: "k" } };

/** What AWS sends as a rule is in `test/conformance/sources`; this is what else those envelopes may hold. */
describe("decode", () => {
  test.each([
    ["plus signs in S3 keys as spaces", withRawKey("a+b/c%2Bd.gz"), objects("a b/c+d.gz")],
    ["percent-encoded S3 keys", withRawKey("a%20b%2Fc%3Dd%25.gz"), objects("a b/c=d%.gz")],
    ["unicode in S3 keys", withRawKey("pr%C3%A4fix/%F0%9F%8C%8D.gz"), objects("präfix/🌍.gz")],
    ["S3 keys once, not twice", withRawKey("a%252Bb%2525"), objects("a%2Bb%25")],
    [
      "a malformed S3 key beside a good one",
      { Records: [s3Entry("good"), s3Entry("", { s3: { bucket: { name: BUCKET }, object: { key: "bad%zz" } } })] },
      [...objects("good"), undecodable(`the key "bad%zz" in bucket ${BUCKET} is not form-encoded`)],
    ],
    [
      "the bucket's region, where S3 or EventBridge tells it",
      { Records: [s3Entry("a", { awsRegion: "eu-west-1" })] },
      [{ kind: "objects", objects: [{ bucket: BUCKET, key: "a", region: "eu-west-1" }] }],
    ],
    ["a region that is none as none", { Records: [s3Entry("a", { awsRegion: 7 })] }, objects("a")],
    [
      "S3 events by their newer names",
      {
        Records: [
          s3Entry("a", { eventName: "s3:ObjectCreated:CompleteMultipartUpload" }),
          s3Entry("b", { eventName: "s3:ObjectRemoved:Delete" }),
        ],
      },
      [
        ...objects("a"),
        removed("b", "s3:ObjectRemoved:Delete", "AWS:AROAEXAMPLE", "192.0.2.1", "2025-06-11T09:20:00.000Z"),
      ],
    ],
    [
      "S3 events of every other kind as nothing to do",
      {
        Records: ["ObjectTagging:Put", "ReducedRedundancyLostObject", ""].map((eventName) =>
          s3Entry("a", { eventName }),
        ),
      },
      ["ObjectTagging:Put", "ReducedRedundancyLostObject", ""].map(control),
    ],
    [
      "a removal about which S3 tells little",
      {
        Records: [
          {
            eventSource: "aws:s3",
            eventName: "ObjectRemoved:Delete",
            s3: { bucket: { name: BUCKET }, object: { key: "k" } },
          },
        ],
      },
      [removed("k", "ObjectRemoved:Delete", UNKNOWN, UNKNOWN, UNKNOWN)],
    ],
    [
      "a removal about which EventBridge tells little",
      { "detail-type": "Object Deleted", source: "aws.s3", detail: DETAIL },
      [removed("k", "Object Deleted", UNKNOWN, UNKNOWN, UNKNOWN)],
    ],
    [
      "a message of SNS that is not JSON, beside good ones",
      snsPayload(s3Payload("a"), "hello", s3Payload("b", "c")),
      [
        ...objects("a"),
        undecodable(expect.stringMatching(/^a message of the topic .* is not JSON/)),
        ...objects("b", "c"),
      ],
    ],
    [
      "a message of a queue that is not JSON, beside good ones",
      sqsPayload({ m1: s3Payload("a"), m2: "hello", m3: s3Payload("b", "c") }),
      [
        ...objects("a").map((item) => ({ ...item, ackId: "m1" })),
        { ...undecodable(expect.stringMatching(/^the message m2 of the queue .* is not JSON/)), ackId: "m2" },
        ...objects("b", "c").map((item) => ({ ...item, ackId: "m3" })),
      ],
    ],
    [
      "a queue in a queue by the outer id, the only one that can be acknowledged",
      sqsPayload({ outer: sqsPayload({ inner: s3Payload("a") }) }),
      objects("a").map((item) => ({ ...item, ackId: "outer" })),
    ],
    [
      "the end of a subscription",
      { Type: "UnsubscribeConfirmation", TopicArn: "arn:aws:sns:eu-central-1:111111111111:cloudtrail", Token: "t" },
      [control("sns:UnsubscribeConfirmation")],
    ],
    [
      "CloudTrail's notification without keys as one item without objects",
      { s3Bucket: BUCKET, s3ObjectKey: [] },
      [{ kind: "objects", objects: [] }],
    ],
    [
      "any event of CloudTrail's, also of types that are not known yet, and whatever its detail is",
      eventBridgePayload(null, "AWS Novelty via CloudTrail"),
      [
        {
          kind: "records",
          records: [null],
          from: 'the EventBridge event e0000000-0000-4000-8000-000000000001 of the type "AWS Novelty via CloudTrail"',
        },
      ],
    ],
    [
      "log events that are any JSON, and no log events",
      logsPayload({
        messageType: "DATA_MESSAGE",
        logGroup: "g",
        logStream: "s",
        logEvents: ["7", "null", '{"a":1}', "{", ""].map((message) => ({ message })),
      }),
      [{ kind: "records", records: [7, null, { a: 1 }, "{", ""], from: "the log stream s of the log group g" }],
    ],
    [
      "an alarm that tells only its name and state",
      { AlarmName: "a", NewStateValue: "ALARM", Trigger: null, AlarmDescription: null },
      [
        {
          kind: "notice",
          notice: {
            kind: "notice",
            severity: "high",
            title: "The CloudWatch alarm a is in alarm",
            accountId: undefined,
            facts: [
              { label: "Alarm", value: "a" },
              { label: "State", value: "ALARM" },
            ],
          },
        },
      ],
    ],
  ])("reads %s", (_name, payload, expected) => {
    expect(decode(payload)).toEqual(expected);
  });

  const trigger = {
    ComparisonOperator: "GreaterThanThreshold",
    Threshold: 5,
    EvaluationPeriods: 1,
    Period: 60,
    Statistic: "SUM",
  };
  test.each([
    ["a sum over one period", trigger, "sum more than 5 in 60 seconds"],
    ["several periods", { ...trigger, EvaluationPeriods: 3 }, "sum more than 5 in 3 × 60 seconds"],
    [
      "zero",
      { ...trigger, ComparisonOperator: "LessThanOrEqualToThreshold", Threshold: 0 },
      "sum at most 0 in 60 seconds",
    ],
    ["at least", { ...trigger, ComparisonOperator: "GreaterThanOrEqualToThreshold" }, "sum at least 5 in 60 seconds"],
    ["less", { ...trigger, ComparisonOperator: "LessThanThreshold" }, "sum less than 5 in 60 seconds"],
    [
      "an operator that is not known",
      { ...trigger, ComparisonOperator: "GreaterThanUpperThreshold" },
      "sum GreaterThanUpperThreshold 5 in 60 seconds",
    ],
    ["nothing but a threshold", { Threshold: 5 }, "compared with 5"],
    ["no number of periods", { ...trigger, EvaluationPeriods: null }, "sum more than 5 in 60 seconds"],
    ["no threshold, as anomaly detection has none", { ...trigger, Threshold: null }, undefined],
  ])("tells the threshold of an alarm on %s", (_name, Trigger, expected) => {
    const [item] = decode({ AlarmName: "a", NewStateValue: "ALARM", Trigger });
    const facts = item?.kind === "notice" ? item.notice.facts : [];
    expect(facts).toEqual([
      { label: "Alarm", value: "a" },
      { label: "State", value: "ALARM" },
      ...(expected === undefined ? [] : [{ label: "Threshold", value: expected }]),
    ]);
  });

  const arn = (region: string, account = "222222222222") => `arn:aws:cloudwatch:${region}:${account}:alarm:a`;
  test.each([
    [
      "by its own words",
      { AWSAccountId: "111111111111", AlarmArn: arn("eu-central-1") },
      "111111111111",
      "111111111111 · eu-central-1",
    ],
    ["by its ARN", { AlarmArn: arn("eu-central-1") }, "222222222222", "222222222222 · eu-central-1"],
    ["nowhere", { AlarmArn: "x" }, undefined, undefined],
  ])("places an alarm %s", (_name, where, accountId, place) => {
    const [item] = decode({ AlarmName: "a", NewStateValue: "OK", ...where });
    const notice = item?.kind === "notice" ? item.notice : undefined;
    expect({
      accountId: notice?.accountId,
      place: notice?.facts.find(({ label }) => label === "Where")?.value,
    }).toEqual({
      accountId,
      place,
    });
  });

  test.each(["\ud800", "a b#c?d&e/../f", "<https://198.51.100.1|x>", '"><script>', "@evil.example"])(
    "links to the console alone, whatever the alarm's name: %j",
    (AlarmName) => {
      const [item] = decode({ AlarmName, NewStateValue: "OK", AlarmArn: arn("eu-central-1") });
      const facts = item?.kind === "notice" ? item.notice.facts : [];
      expect(facts.map(({ url }) => url).filter(Boolean)).toEqual([
        `https://console.aws.amazon.com/cloudwatch/home?region=eu-central-1#alarmsV2:alarm/${encodeURIComponent(AlarmName.toWellFormed())}`,
      ]);
    },
  );
});

describe("objectKind", () => {
  test.each([
    [
      "AWSLogs/111111111111/CloudTrail/eu-central-1/2025/06/11/111111111111_CloudTrail_eu-central-1_20250611T0915Z_x.json.gz",
      "log",
    ],
    ["AWSLogs/o-abcdefghij/111111111111/CloudTrail/eu-central-1/2025/06/11/a.json.gz", "log"],
    ["prefix/of ours/AWSLogs/111111111111/CloudTrail/us-gov-west-1/2025/06/11/a.json.gz", "log"],
    ["CloudTrail-Digest/AWSLogs/111111111111/CloudTrail/eu-central-1/2025/06/11/a.json.gz", "log"],
    ["team-CloudTrail-Digest-logs/AWSLogs/111111111111/CloudTrail/eu-central-1/2025/06/11/a.json.gz", "log"],
    [
      "AWSLogs/111111111111/CloudTrail-Digest/eu-central-1/2025/06/11/111111111111_CloudTrail-Digest_eu-central-1_trail_eu-central-1_20250611T0915Z.json.gz",
      "digest",
    ],
    ["CloudTrail/AWSLogs/111111111111/CloudTrail-Digest/eu-central-1/2025/06/11/a.json.gz", "digest"],
    ["AWSLogs/o-abcdefghij/111111111111/CloudTrail-Digest/eu-central-1/2025/06/11/a.json.gz", "digest"],
    ["AWSLogs/111111111111/CloudTrail-Insight/eu-central-1/2025/06/11/a.json.gz", "insight"],
    ["AWSLogs/111111111111/CloudTrail-NetworkActivity/eu-central-1/2025/06/11/a.json.gz", "network-activity"],
    ["AWSLogs/111111111111/CloudTrail-Aggregated/eu-central-1/2025/06/11/a.json.gz", "aggregated"],
    ["copied/111111111111_CloudTrail_eu-central-1_20250611T0915Z_x.json.gz", "log"],
    ["copied/111111111111_CloudTrail_eu-central-1_20250611T0915Z_x.json", "log"],
    ["copied/111111111111_CloudTrail-Digest_eu-central-1_trail_20250611T0915Z.json.gz", "other"],
    ["AWSLogs/111111111111/Config/eu-central-1/2025/6/11/ConfigHistory/a.json.gz", "other"],
    ["AWSLogs/111111111111/vpcflowlogs/eu-central-1/2025/06/11/a.log.gz", "other"],
    ["AWSLogs/111111111111/elasticloadbalancing/CloudTrail/a.log.gz", "other"],
    ["AWSLogs/111111111111/CloudTrail/", "other"],
    ["AWSLogs/111111111111/", "other"],
    ["CloudTrail/a.txt", "other"],
    ["", "other"],
  ])("of %s is %s", (key, expected) => {
    expect(objectKind(key)).toBe(expected);
  });

  test("answers for any key", () => {
    const keys = fc
      .array(fc.oneof(fc.string(), fc.constantFrom("AWSLogs", "111111111111", "CloudTrail", "CloudTrail-Digest")))
      .map((parts) => parts.join("/"));
    fc.assert(
      fc.property(keys, (key) => OBJECT_KINDS.includes(objectKind(key))),
      { seed: 4 },
    );
  });
});
