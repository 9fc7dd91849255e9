import { insightNotices } from "#alerts/insight-notices.ts";
import { moreNotice, repeatsOf, together } from "#alerts/repeats.ts";
import { toAlert } from "#alerts/to-alert.ts";
import { worded } from "#alerts/worded.ts";
import { defaultRules } from "#default-rules";
import type { Alert, News } from "#model/news.ts";
import type { CloudTrailRecord } from "#model/record.ts";
import type { MessageSettings, RuleSettings } from "#model/settings.ts";
import type { ObjectRef } from "#model/source-item.ts";
import { flatten } from "#records/flatten.ts";
import { decide } from "#rules/decide.ts";
import { createRuleSet } from "#rules/rule-set.ts";
import { decodeCloudWatchAlarm } from "#sources/cloudwatch-alarm.ts";
import { objectRemoved } from "#sources/object-removed.ts";
import { insight, insightEnd, type RawRecord, ROOT, record } from "./records.ts";

/** How the messages of these records are worded. */
export const WORDING: MessageSettings = {
  accountNames: { "111111111111": "prod-payments", "222222222222": "security", "333333333333": "partner" },
  namesFromOrganizations: false,
  timeZone: "Europe/Berlin",
  identityCenter: undefined,
  runbooks: { "trail-stopped": "https://wiki.example.com/runbooks/trail-stopped" },
  logAccountId: "222222222222",
};
const LOG_FILE: ObjectRef = {
  bucket: "example-cloudtrail-logs",
  key: "AWSLogs/111111111111/CloudTrail/eu-central-1/2025/06/11/111111111111_CloudTrail_eu-central-1_20250611T0920Z_example.json.gz",
  region: "eu-central-1",
};
const REQUIRED_TAGS = { instance: { CostCenter: "[0-9]{4}", Team: null } };
const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
const TERRAFORM = "APN/1.0 HashiCorp/1.0 Terraform/1.9.2 (+https://www.terraform.io) terraform-provider-aws/5.100.0";

function session(role: string, name: string, accountId = "111111111111"): RawRecord {
  return {
    type: "AssumedRole",
    principalId: `AROAEXAMPLE:${name}`,
    arn: `arn:aws:sts::${accountId}:assumed-role/${role}/${name}`,
    accountId,
    sessionContext: {
      sessionIssuer: { type: "Role", arn: `arn:aws:iam::${accountId}:role/${role}`, accountId, userName: role },
      attributes: { creationDate: "2025-06-11T08:58:00Z", mfaAuthenticated: "false" },
    },
  };
}
const ALICE_BY_SSO = session("AWSReservedSSO_AdministratorAccess_0123456789abcdef", "alice");

/** Calls as CloudTrail records them, one of each kind that people are told about most, by name. */
export const CALLS: Readonly<Record<string, RawRecord>> = {
  "sign-in": record({
    eventSource: "signin.amazonaws.com",
    eventName: "ConsoleLogin",
    eventType: "AwsConsoleSignIn",
    awsRegion: "us-east-1",
    sourceIPAddress: "203.0.113.50",
    userAgent: FIREFOX,
    requestParameters: null,
    responseElements: { ConsoleLogin: "Success" },
    additionalEventData: { LoginTo: "https://console.aws.amazon.com/console/home", MobileVersion: "No", MFAUsed: "No" },
  }),
  root: record({
    userIdentity: { ...ROOT, principalId: "111111111111", accessKeyId: "ASIAEXAMPLE" },
    eventName: "DeleteBucketPolicy",
    sourceIPAddress: "203.0.113.50",
    userAgent: `[${FIREFOX}]`,
    sessionCredentialFromConsole: "true",
    requestParameters: { bucketName: "example-invoices", Host: "s3.eu-central-1.amazonaws.com", policy: "" },
  }),
  "refused-call": record({
    userIdentity: session("ci", "build-42"),
    eventSource: "iam.amazonaws.com",
    eventName: "AttachUserPolicy",
    awsRegion: "us-east-1",
    userAgent: "Boto3/1.34.1 md/Botocore#1.34.1 ua/2.0 os/linux lang/python#3.12",
    requestParameters: null,
    errorCode: "AccessDenied",
    errorMessage:
      "User: arn:aws:sts::111111111111:assumed-role/ci/build-42 is not authorized to perform: iam:AttachUserPolicy on resource: user bob because no identity-based policy allows the iam:AttachUserPolicy action",
  }),
  "security-group": record({
    userIdentity: session("deploy", "ci-42"),
    eventSource: "ec2.amazonaws.com",
    eventName: "AuthorizeSecurityGroupIngress",
    userAgent: TERRAFORM,
    requestParameters: {
      groupId: "sg-0123456789abcdef0",
      ipPermissions: {
        items: [
          {
            ipProtocol: "tcp",
            fromPort: 22,
            toPort: 22,
            groups: {},
            ipRanges: { items: [{ cidrIp: "0.0.0.0/0", description: "temporary" }] },
            ipv6Ranges: { items: [{ cidrIpv6: "::/0" }] },
            prefixListIds: {},
          },
        ],
      },
    },
    responseElements: { requestId: "00000000-0000-4000-8000-0000000000f1", _return: true },
  }),
  policy: record({
    eventSource: "iam.amazonaws.com",
    eventName: "PutUserPolicy",
    awsRegion: "us-east-1",
    requestParameters: {
      userName: "bob",
      policyName: "all",
      policyDocument: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}',
    },
  }),
  "identity-center": record({
    userIdentity: ALICE_BY_SSO,
    eventSource: "cloudtrail.amazonaws.com",
    eventName: "StopLogging",
    userAgent: "aws-cli/2.15.0 Python/3.11.6 Linux/6.1.0 exec-env/CloudShell exe/x86_64",
    requestParameters: { name: "arn:aws:cloudtrail:eu-central-1:111111111111:trail/organization-trail" },
  }),
  "cross-account": record({
    userIdentity: session("partner-backup", "nightly", "333333333333"),
    eventSource: "kms.amazonaws.com",
    eventName: "ScheduleKeyDeletion",
    userAgent: "aws-sdk-go-v2/1.36.3 os/linux lang/go#1.22",
    requestParameters: { keyId: "11111111-2222-3333-4444-555555555555", pendingWindowInDays: 7 },
  }),
  "aws-service": record({
    userIdentity: { type: "AWSService", invokedBy: "autoscaling.amazonaws.com" },
    eventSource: "ec2.amazonaws.com",
    eventName: "RunInstances",
    sourceIPAddress: "autoscaling.amazonaws.com",
    userAgent: "autoscaling.amazonaws.com",
    requestParameters: {
      instancesSet: { items: [{ imageId: "ami-0123456789abcdef0", minCount: 1, maxCount: 1 }] },
      instanceType: "t3.micro",
      tagSpecificationSet: { items: [{ resourceType: "instance", tags: [{ key: "Team", value: "web" }] }] },
    },
    responseElements: { instancesSet: { items: [{ instanceId: "i-0123456789abcdef0" }] } },
  }),
  "public-bucket": record({
    userIdentity: ALICE_BY_SSO,
    eventName: "PutBucketPolicy",
    sessionCredentialFromConsole: "true",
    userAgent: `[S3Console/0.4, aws-internal/3 aws-sdk-java/1.11.783]`,
    requestParameters: {
      bucketName: "example-invoices",
      Host: "s3.eu-central-1.amazonaws.com",
      policy: "",
      bucketPolicy: {
        Version: "2012-10-17",
        Statement: [
          { Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: "arn:aws:s3:::example-invoices/*" },
        ],
      },
    },
  }),
  secret: record({
    eventSource: "rds.amazonaws.com",
    eventName: "ModifyDBInstance",
    requestParameters: {
      dBInstanceIdentifier: "payments",
      masterUserPassword: "****",
      applyImmediately: true,
      publiclyAccessible: true,
    },
  }),
};

/** What is told that is not about one call, by name. */
const NOTICES: Readonly<Record<string, () => News | undefined>> = {
  insights: () => insightNotices([judged(insight()), judged(insightEnd())], WORDING)[0],
  "removed-log-file": () => {
    const item = objectRemoved({
      ...LOG_FILE,
      event: "ObjectRemoved:Delete",
      who: "AWS:AROAEXAMPLE:alice",
      from: "203.0.113.50",
      when: "2025-06-11T09:15:00.000Z",
    });
    return item.kind === "notice" ? item.notice : undefined;
  },
  alarm: () => {
    const [item] =
      decodeCloudWatchAlarm(
        {
          AlarmName: "root-use",
          AlarmDescription: "The root user was used.",
          AWSAccountId: "111111111111",
          AlarmArn: "arn:aws:cloudwatch:eu-central-1:111111111111:alarm:root-use",
          NewStateValue: "ALARM",
          NewStateReason: "Threshold Crossed: 1 datapoint [1.0] was greater than or equal to the threshold (1.0).",
          StateChangeTime: "2025-06-11T09:15:00.000+0000",
          Trigger: {
            MetricName: "RootUse",
            Namespace: "CloudTrailMetrics",
            Statistic: "SUM",
            Period: 300,
            EvaluationPeriods: 1,
            ComparisonOperator: "GreaterThanOrEqualToThreshold",
            Threshold: 1,
          },
        },
        () => [],
      ) ?? [];
    return item?.kind === "notice" ? item.notice : undefined;
  },
};

/**
 * The news of every record and notice, by name, as the default rules find it.
 * @param overrides of rules, by their ids
 * @throws when one of them is no news
 */
export function exampleNews(overrides: RuleSettings["overrides"] = {}): ReadonlyMap<string, News> {
  const alertOf = alertMaker(overrides);
  const alerts = Object.entries(CALLS).map(([name, raw]) => [name, alertOf(raw)] as const);
  const notices = Object.entries(NOTICES).map(([name, make]) => {
    const notice = make();
    if (notice?.kind !== "notice") throw new Error(`${name} is no notice`);
    return [name, worded(notice, WORDING)] as const;
  });
  return new Map<string, News>([...alerts, ...notices, ...repeatedNews(alertOf)]);
}

/** How often a pipeline tried the refused call, each time in a session and a build of its own, twenty seconds apart. */
const ATTEMPTS = 25;

/** One alert that stands for all but the last three attempts, and what is told of those three when the window is over. */
function repeatedNews(alertOf: (raw: RawRecord) => Alert): readonly (readonly [string, News])[] {
  const attempts = Array.from({ length: ATTEMPTS }, (_, index) =>
    alertOf({
      ...CALLS["refused-call"],
      userIdentity: session("ci", `build-${42 + index}`),
      eventID: `00000000-0000-4000-8000-${String(index + 1).padStart(12, "0")}`,
      eventTime: new Date(Date.parse("2025-06-11T09:15:00Z") + 20_000 * index).toISOString().replace(".000Z", "Z"),
    }),
  );
  const [first, ...others] = attempts.slice(0, -3);
  const [later, ...latest] = attempts.slice(-3);
  if (first === undefined || later === undefined) throw new Error("there are too few attempts");
  const alert = together([first, ...others], WORDING);
  return [
    ["repeated", alert],
    ["more-repeats", moreNotice(alert, repeatsOf([later, ...latest], alert, WORDING), "one of a test", WORDING)],
  ];
}

/** Makes alerts of records, as the default rules find them. It throws when they find nothing. */
function alertMaker(overrides: RuleSettings["overrides"]): (raw: RawRecord) => Alert {
  const config = { requiredTags: REQUIRED_TAGS };
  const { ruleSet } = createRuleSet(
    defaultRules.filter(({ enabled }) => enabled),
    config,
    { overrides },
  );
  return (raw) => {
    const judgeable = flatten(raw);
    if ("unjudgeable" in judgeable) throw new Error(judgeable.unjudgeable);
    const { decision } = decide(ruleSet, judgeable);
    if (decision.kind !== "alert") throw new Error(`${raw.eventName} is no alert`);
    return toAlert(judgeable.record, decision.rules, { messages: WORDING, ...config, logFile: LOG_FILE });
  };
}

function judged(raw: RawRecord): CloudTrailRecord {
  const judgeable = flatten(raw);
  if ("unjudgeable" in judgeable) throw new Error(judgeable.unjudgeable);
  return judgeable.record;
}
