import { gzipSync } from "node:zlib";
import { DEFAULT_LIMITS } from "#model/log-file.ts";
import { readLogFile } from "#records/read.ts";

/** The elements of a log file, all at once. */
export async function elementsOf(bytes: Uint8Array, name: string): Promise<readonly unknown[]> {
  const chunks = async function* () {
    yield bytes;
  };
  const elements: unknown[] = [];
  for await (const batch of readLogFile(chunks(), name, DEFAULT_LIMITS)) elements.push(...batch);
  return elements;
}

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

/** The same by somebody else for each `eventID`: such alerts are never grouped. */
export function trailStoppedBySomebody(accountId: string, eventID: string, overrides: RawRecord = {}): RawRecord {
  const arn = `arn:aws:iam::${accountId}:user/${eventID}`;
  const userIdentity = { type: "IAMUser", arn, accountId, userName: eventID };
  return trailStopped(accountId, { eventID, userIdentity, ...overrides });
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

/** How a queue hands messages to a function, by their ids; texts go as they are, everything else as JSON. */
export function sqsPayload(messages: Readonly<Record<string, unknown>>): unknown {
  return {
    Records: Object.entries(messages).map(([messageId, body]) => ({
      messageId,
      eventSource: "aws:sqs",
      eventSourceARN: "arn:aws:sqs:eu-central-1:111111111111:cloudtrail",
      body: typeof body === "string" ? body : JSON.stringify(body),
    })),
  };
}

/** How a subscription filter of CloudWatch Logs hands anything to a function. */
export function logsPayload(data: unknown): unknown {
  return { awslogs: { data: gzipSync(JSON.stringify(data)).toString("base64") } };
}

/** How EventBridge hands a function what comes via CloudTrail. */
export function eventBridgePayload(detail: unknown, type = "AWS API Call via CloudTrail"): unknown {
  return { id: "e0000000-0000-4000-8000-000000000001", "detail-type": type, source: "aws.cloudtrail", detail };
}

/** The start of an Insight of 111111111111: alice creates users far faster than usual. `details` go into `insightDetails`. */
export function insight(overrides: RawRecord = {}, details: RawRecord = {}): RawRecord {
  return {
    eventVersion: "1.08",
    eventTime: "2025-06-11T09:14:00Z",
    awsRegion: "eu-central-1",
    eventID: "00000000-0000-4000-8000-0000000000a1",
    eventType: "AwsCloudTrailInsight",
    recipientAccountId: "111111111111",
    sharedEventID: "00000000-0000-4000-8000-0000000000aa",
    insightDetails: {
      state: "Start",
      eventSource: "iam.amazonaws.com",
      eventName: "CreateUser",
      insightType: "ApiCallRateInsight",
      insightContext: {
        statistics: {
          baseline: { average: 0.0012345678 },
          insight: { average: 5.2 },
          insightDuration: 5,
          baselineDuration: 10_080,
        },
        attributions: [
          {
            attribute: "userIdentityArn",
            insight: [{ value: "arn:aws:iam::111111111111:user/alice", average: 5.2 }],
            baseline: [{ value: "arn:aws:iam::111111111111:role/admin", average: 0.0012345678 }],
          },
        ],
      },
      ...details,
    },
    eventCategory: "Insight",
    ...overrides,
  };
}

/** The end of {@link insight}, seven minutes later. */
export function insightEnd(overrides: RawRecord = {}): RawRecord {
  const ended = { eventID: "00000000-0000-4000-8000-0000000000a2", eventTime: "2025-06-11T09:21:00Z" };
  return insight({ ...ended, ...overrides }, { state: "End" });
}

/** Five minutes of S3 data events of 111111111111 in one aggregated event: alice read objects. */
export function aggregated(overrides: RawRecord = {}): RawRecord {
  return {
    eventVersion: "1.0",
    accountId: "111111111111",
    eventId: "00000000-0000-4000-8000-0000000000b1",
    eventCategory: "Aggregated",
    eventType: "AwsAggregatedEvent",
    awsRegion: "eu-central-1",
    eventSource: "s3.amazonaws.com",
    timeWindow: { windowStart: "2025-06-11T09:10:00Z", windowEnd: "2025-06-11T09:15:00Z", windowSize: "PT5M" },
    summary: {
      primaryDimension: { dimension: "eventName", statistics: [{ name: "GetObject", value: 120 }] },
      details: [
        { dimension: "userIdentity", statistics: [{ name: "arn:aws:iam::111111111111:user/alice", value: 120 }] },
        { dimension: "sourceIpAddress", statistics: [{ name: "198.51.100.7", value: 120 }] },
        {
          dimension: "userAgent",
          statistics: [
            { name: "aws-cli/2.15.0", value: 100 },
            { name: "aws-sdk-js/3.0.0", value: 20 },
          ],
        },
      ],
    },
    ...overrides,
  };
}
