import { gzipSync } from "node:zlib";

/** A record before it is judged: whatever JSON a test wants it to be. */
export type RawRecord = Readonly<Record<string, unknown>>;

/** The bucket that holds the log files of tests. */
export const BUCKET = "example-cloudtrail-logs";

const ALICE = {
  type: "IAMUser",
  principalId: "AIDAEXAMPLE",
  arn: "arn:aws:iam::111111111111:user/alice",
  accountId: "111111111111",
  userName: "alice",
};

/** A call that no default rule minds: alice creates a bucket in 111111111111. Top-level fields may be overridden. */
export function record(overrides: RawRecord = {}): RawRecord {
  return {
    eventVersion: "1.09",
    userIdentity: ALICE,
    eventTime: "2025-06-11T09:15:00Z",
    eventSource: "s3.amazonaws.com",
    eventName: "CreateBucket",
    awsRegion: "eu-central-1",
    sourceIPAddress: "198.51.100.7",
    userAgent: "aws-cli/2.15.0",
    requestParameters: { bucketName: "example" },
    responseElements: null,
    eventID: "00000000-0000-4000-8000-000000000001",
    readOnly: false,
    eventType: "AwsApiCall",
    recipientAccountId: "111111111111",
    ...overrides,
  };
}

/** A call that the default rule `trail-stopped` alerts on, in the given account. */
export function trailStopped(accountId = "111111111111", overrides: RawRecord = {}): RawRecord {
  return record({
    eventSource: "cloudtrail.amazonaws.com",
    eventName: "StopLogging",
    requestParameters: { name: "organization-trail" },
    recipientAccountId: accountId,
    ...overrides,
  });
}

/** The root user of 111111111111. */
export const ROOT: RawRecord = { type: "Root", arn: "arn:aws:iam::111111111111:root", accountId: "111111111111" };

/** A log file as CloudTrail stores it: gzip of `{"Records":[…]}`. */
export function logFile(...records: readonly unknown[]): Uint8Array {
  return gzipSync(JSON.stringify({ Records: records }));
}

/** Where CloudTrail puts a log file (or with another folder, something else) of 111111111111. */
export function keyOf(name: string, folder = "CloudTrail"): string {
  return `AWSLogs/111111111111/${folder}/eu-central-1/2025/06/11/111111111111_${folder}_eu-central-1_20250611T0915Z_${name}.json.gz`;
}

/** One entry of an S3 notification. The key is encoded as S3 does. */
export function s3Entry(key: string, overrides: RawRecord = {}): RawRecord {
  return {
    eventVersion: "2.1",
    eventSource: "aws:s3",
    eventTime: "2025-06-11T09:20:00.000Z",
    eventName: "ObjectCreated:Put",
    userIdentity: { principalId: "AWS:AROAEXAMPLE" },
    requestParameters: { sourceIPAddress: "192.0.2.1" },
    s3: { bucket: { name: BUCKET }, object: { key: encodeURIComponent(key).replaceAll("%20", "+") } },
    ...overrides,
  };
}

/** An S3 notification about these keys. */
export function s3Payload(...keys: readonly string[]): unknown {
  return { Records: keys.map((key) => s3Entry(key)) };
}

/** How SNS hands messages to a function; texts go as they are, everything else as JSON. */
export function snsPayload(...messages: readonly unknown[]): unknown {
  return {
    Records: messages.map((message) => ({
      EventSource: "aws:sns",
      EventVersion: "1.0",
      Sns: {
        Type: "Notification",
        TopicArn: "arn:aws:sns:eu-central-1:111111111111:cloudtrail",
        Message: typeof message === "string" ? message : JSON.stringify(message),
      },
    })),
  };
}
