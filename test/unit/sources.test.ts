import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SourceError } from "#model/errors.ts";
import { OBJECT_KINDS } from "#model/source-item.ts";
import { decode } from "#sources/decode.ts";
import { objectKind } from "#sources/object-kind.ts";
import { BUCKET, keyOf, s3Entry, s3Payload, snsPayload } from "#test/support/records.ts";

const objects = (...keys: string[]) => keys.map((key) => ({ kind: "objects", objects: [{ bucket: BUCKET, key }] }));
const undecodable = (message: RegExp) => ({
  kind: "undecodable",
  error: expect.objectContaining({ message: expect.stringMatching(message) }),
});
/** An S3 notification whose key stands there as it is given, encoded or not. */
const withRawKey = (key: string) => ({ Records: [s3Entry("", { s3: { bucket: { name: BUCKET }, object: { key } } })] });
const TEST_EVENT = { Service: "Amazon S3", Event: "s3:TestEvent", Time: "2025-06-11T09:20:00.000Z", Bucket: BUCKET };
const REMOVED = s3Entry("AWSLogs/a b.json.gz", { eventName: "ObjectRemoved:Delete" });
const REMOVED_NOTICE = {
  kind: "notice",
  notice: {
    kind: "notice",
    severity: "high",
    title: "A CloudTrail log file was removed",
    facts: [
      { label: "Object", value: `s3://${BUCKET}/AWSLogs/a b.json.gz` },
      { label: "Event", value: "ObjectRemoved:Delete" },
      { label: "Who", value: "AWS:AROAEXAMPLE" },
      { label: "From", value: "192.0.2.1" },
      { label: "When", value: "2025-06-11T09:20:00.000Z" },
    ],
  },
};

describe("decode", () => {
  test.each([
    ["an S3 notification", s3Payload(keyOf("a")), objects(keyOf("a"))],
    ["several entries", s3Payload("a", "b", "c"), objects("a", "b", "c")],
    ["plus signs as spaces", withRawKey("a+b/c%2Bd.gz"), objects("a b/c+d.gz")],
    ["percent-encoded keys", withRawKey("a%20b%2Fc%3Dd%25.gz"), objects("a b/c=d%.gz")],
    ["unicode in keys", withRawKey("pr%C3%A4fix/%F0%9F%8C%8D.gz"), objects("präfix/🌍.gz")],
    [
      "a notification with the newer event name",
      { Records: [s3Entry("a", { eventName: "s3:ObjectCreated:CompleteMultipartUpload" })] },
      objects("a"),
    ],
    ["the removal of an object", { Records: [REMOVED] }, [REMOVED_NOTICE]],
    [
      "a removal about which S3 tells little",
      {
        Records: [
          {
            eventSource: "aws:s3",
            eventName: "ObjectRemoved:DeleteMarkerCreated",
            s3: { bucket: { name: "b" }, object: { key: "k" } },
          },
        ],
      },
      [
        {
          kind: "notice",
          notice: {
            ...REMOVED_NOTICE.notice,
            facts: [
              { label: "Object", value: "s3://b/k" },
              { label: "Event", value: "ObjectRemoved:DeleteMarkerCreated" },
              { label: "Who", value: "not told by S3" },
              { label: "From", value: "not told by S3" },
              { label: "When", value: "not told by S3" },
            ],
          },
        },
      ],
    ],
    ["the test event of S3", TEST_EVENT, [{ kind: "control", what: "s3:TestEvent" }]],
    [
      "S3 events of another kind",
      { Records: [s3Entry("a", { eventName: "ObjectTagging:Put" })] },
      [{ kind: "control", what: "ObjectTagging:Put" }],
    ],
    [
      "a malformed key beside a good one",
      { Records: [...[s3Entry("good")], s3Entry("", { s3: { bucket: { name: BUCKET }, object: { key: "bad%zz" } } })] },
      [...objects("good"), undecodable(/^the key "bad%zz" in bucket example-cloudtrail-logs is not form-encoded$/)],
    ],
    ["S3 through SNS", snsPayload(s3Payload("a b", "c")), objects("a b", "c")],
    ["several messages of SNS", snsPayload(s3Payload("a"), { Records: [REMOVED] }), [...objects("a"), REMOVED_NOTICE]],
    ["the test event through SNS", snsPayload(TEST_EVENT), [{ kind: "control", what: "s3:TestEvent" }]],
    [
      "a message of SNS that is not JSON, beside a good one",
      snsPayload("hello", s3Payload("a")),
      [
        undecodable(/^a message of the topic arn:aws:sns:eu-central-1:111111111111:cloudtrail is not JSON/),
        ...objects("a"),
      ],
    ],
    [
      "a message of SNS that is other JSON",
      snsPayload({ hello: 1 }),
      [
        undecodable(
          /^a message of the topic arn:aws:sns:eu-central-1:111111111111:cloudtrail is not an S3 event notification$/,
        ),
      ],
    ],
    ["null", null, [undecodable(/^the payload \(object\) is neither an S3 event notification nor one through SNS$/)]],
    ["a number", 7, [undecodable(/^the payload \(number\) is neither/)]],
    ["an empty object", {}, [undecodable(/^the payload \(object\) is neither/)]],
    ["an object of strangers", { hello: 1, world: 2 }, [undecodable(/^the payload \(with hello, world\) is neither/)]],
    ["an empty list of entries", { Records: [] }, [undecodable(/^the payload \(with Records\) is neither/)]],
  ])("reads %s", (_name, payload, expected) => {
    expect(decode(payload)).toEqual(expected);
  });

  test("an error quotes nothing of what a stranger published", () => {
    expect(
      JSON.stringify(
        decode(snsPayload("xoxb-secret")).map((item) => item.kind === "undecodable" && item.error.message),
      ),
    ).not.toContain("xoxb");
  });

  test("turns any JSON value into items, and never throws", () => {
    const seen = { undecodable: 0, others: 0 };
    const anything = fc.json().map((text) => JSON.parse(text));
    const nearly = fc.oneof(
      anything,
      fc.record({
        Records: fc.array(
          fc.record({
            eventSource: fc.constantFrom("aws:s3", "x"),
            eventName: fc.string(),
            s3: fc.record({ bucket: fc.record({ name: fc.string() }), object: fc.record({ key: fc.string() }) }),
          }),
          { minLength: 1 },
        ),
      }),
      fc.array(fc.oneof(anything, fc.string()), { minLength: 1 }).map((messages) => snsPayload(...messages)),
    );
    fc.assert(
      fc.property(nearly, (payload) => {
        const items = decode(payload);
        for (const item of items) {
          seen[item.kind === "undecodable" ? "undecodable" : "others"] += 1;
          if (item.kind === "undecodable") expect(item.error).toBeInstanceOf(SourceError);
        }
        expect(items.length).toBeGreaterThan(0);
      }),
      { seed: 3, numRuns: 1_000 },
    );
    expect(Math.min(seen.undecodable, seen.others)).toBeGreaterThan(10);
  });
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
