import { alterationNotices } from "#alerts/completeness-notices.ts";
import { insightNotices } from "#alerts/insight-notices.ts";
import { recordProblemsNotice, ruleProblemsNotice } from "#alerts/notices.ts";
import { worded } from "#alerts/worded.ts";
import { slackMessage } from "#delivery/slack-message.ts";
import type { Notice } from "#model/news.ts";
import type { MessageSettings } from "#model/settings.ts";
import { decodeCloudWatchAlarm } from "#sources/cloudwatch-alarm.ts";
import { decodeS3 } from "#sources/s3.ts";
import type { DrawnMessage } from "./page/document.ts";

const ACCOUNT = "111111111111";
const REGION = "eu-central-1";
const WHEN = "2025-06-11T09:15:00Z";
const BUCKET = "example-cloudtrail-logs";
const KEY = `AWSLogs/${ACCOUNT}/CloudTrail/${REGION}/2025/06/11/${ACCOUNT}_CloudTrail_${REGION}_20250611T0915Z_example.json.gz`;

/** What S3 tells when somebody removes a log file. */
const REMOVAL = {
  Records: [
    {
      eventSource: "aws:s3",
      eventName: "ObjectRemoved:Delete",
      eventTime: WHEN,
      userIdentity: { principalId: "AWS:AROAEXAMPLE:alice" },
      requestParameters: { sourceIPAddress: "203.0.113.50" },
      s3: { bucket: { name: BUCKET }, object: { key: KEY } },
    },
  ],
};

/** What CloudWatch publishes when an alarm changes its state. */
const ALARM = {
  AlarmName: "root-use",
  AlarmDescription: "The root user was used.",
  AWSAccountId: ACCOUNT,
  AlarmArn: `arn:aws:cloudwatch:${REGION}:${ACCOUNT}:alarm:root-use`,
  NewStateValue: "ALARM",
  NewStateReason: "Threshold Crossed: 1 datapoint [1.0] was greater than or equal to the threshold (1.0).",
  StateChangeTime: WHEN,
  Trigger: {
    MetricName: "RootUse",
    Namespace: "CloudTrailMetrics",
    Statistic: "SUM",
    Period: 300,
    EvaluationPeriods: 1,
    ComparisonOperator: "GreaterThanOrEqualToThreshold",
    Threshold: 1,
  },
};

/** The begin of an Insight. */
const INSIGHT = {
  eventTime: WHEN,
  awsRegion: REGION,
  eventID: "6f1c2a6e-5d0b-4c53-9a57-0c1d2e3f4a5b",
  sharedEventID: "0b7f3d52-8c1e-4f0a-b7c4-5a6e7d8c9b01",
  recipientAccountId: ACCOUNT,
  insightDetails: {
    state: "Start",
    eventSource: "iam.amazonaws.com",
    eventName: "CreateUser",
    insightType: "ApiCallRateInsight",
    insightContext: {
      statistics: { baseline: { average: 0.0012 }, insight: { average: 5.2 }, baselineDuration: 10_080 },
      attributions: [
        { attribute: "userIdentityArn", insight: [{ value: `arn:aws:iam::${ACCOUNT}:user/alice`, average: 5.2 }] },
      ],
    },
  },
};

/** An hour of which one log file is gone, and another is not what CloudTrail wrote. */
function altered(messages: MessageSettings): readonly Notice[] {
  const digest = { accountId: ACCOUNT, endTime: "2025-06-11T10:00:00Z", sha256: "", files: [], previous: undefined };
  const file = (key: string) => ({ object: { bucket: BUCKET, key }, sha256: "" });
  const alterations = [
    { file: file(KEY), found: undefined },
    { file: file(KEY.replace("0915Z", "0920Z")), found: "unreadable" },
  ];
  const digestName = `s3://${BUCKET}/${KEY.replaceAll("CloudTrail", "CloudTrail-Digest")}`;
  return alterationNotices(digest, digestName, alterations, messages);
}

/** Everything that is told beside calls, by name: made as the function makes it, of examples. */
function examples(messages: MessageSettings): readonly (readonly [name: string, notices: readonly Notice[]])[] {
  const told = (items: ReturnType<typeof decodeS3> = []) =>
    items.flatMap((item) => (item.kind === "notice" ? [worded(item.notice, messages)] : []));
  const where = `s3://${BUCKET}/${KEY} Records[7]`;
  return [
    ["removed-log-file", told(decodeS3(REMOVAL, () => []))],
    ["missing-log-files", altered(messages)],
    ["alarm", told(decodeCloudWatchAlarm(ALARM, () => []))],
    ["insight", insightNotices([INSIGHT], messages)],
    ["broken-rule", [ruleProblemsNotice([{ ruleId: "rules[0]", message: "threw: 7 is not a list" }], WHEN)]],
    ["unusable-record", [recordProblemsNotice([{ where, reason: "has no eventName" }], 1)]],
  ];
}

/** One message for each kind of notice. */
export function noticeGallery(messages: MessageSettings): readonly DrawnMessage[] {
  return examples(messages).flatMap(([caption, notices]) =>
    notices.map((notice) => ({ payload: slackMessage(notice), at: WHEN, caption, anchor: `notice-${caption}` })),
  );
}
