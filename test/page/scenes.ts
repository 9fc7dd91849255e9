import { toAlert } from "#alerts/to-alert.ts";
import { defaultRules } from "#default-rules";
import { type SlackMessage, slackMessage } from "#delivery/slack-message.ts";
import type { MessageSettings } from "#model/settings.ts";
import { flatten } from "#records/flatten.ts";
import { decide } from "#rules/decide.ts";
import { createRuleSet } from "#rules/rule-set.ts";
import { type RawRecord, record } from "#test/support/records.ts";

/** Of which people a picture tells: enough of a record to look real. */
const alice = {
  type: "AssumedRole",
  principalId: "AROAEXAMPLE:alice@example.com",
  arn: "arn:aws:sts::222222222222:assumed-role/AWSReservedSSO_AdministratorAccess_0123456789abcdef/alice@example.com",
  accountId: "222222222222",
  sessionContext: {
    sessionIssuer: {
      type: "Role",
      arn: "arn:aws:iam::222222222222:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_AdministratorAccess_0123456789abcdef",
      userName: "AWSReservedSSO_AdministratorAccess_0123456789abcdef",
    },
  },
};
const ci = {
  type: "AssumedRole",
  principalId: "AROAEXAMPLE:ci-42",
  arn: "arn:aws:sts::222222222222:assumed-role/deploy/ci-42",
  accountId: "222222222222",
  sessionContext: {
    sessionIssuer: { type: "Role", arn: "arn:aws:iam::222222222222:role/deploy", userName: "deploy" },
  },
};
const root = { type: "Root", arn: "arn:aws:iam::333333333333:root", accountId: "333333333333" };
const BROWSER = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36";

/** As a deployment would have it: names of accounts, the reader's clock, and a page that says what to do. */
const WORDING: MessageSettings = {
  accountNames: { "222222222222": "prod-payments", "333333333333": "security" },
  timeZone: "Europe/Berlin",
  identityCenter: undefined,
  runbooks: { "trail-stopped": "https://wiki.example.com/runbooks/trail-stopped" },
  logAccountId: undefined,
  namesFromOrganizations: false,
};

const SCENES: readonly { readonly channel: string; readonly overrides: RawRecord }[] = [
  {
    channel: "prod-payments",
    overrides: {
      eventSource: "ec2.amazonaws.com",
      eventName: "AuthorizeSecurityGroupIngress",
      eventTime: "2025-06-11T09:11:40Z",
      eventID: "6f1c2a6e-5d0b-4c53-9a57-0c1d2e3f4a5b",
      recipientAccountId: "222222222222",
      userIdentity: alice,
      userAgent: BROWSER,
      requestParameters: {
        groupId: "sg-0a1b2c3d4e5f67890",
        ipPermissions: {
          items: [{ ipProtocol: "tcp", fromPort: 22, toPort: 22, ipRanges: { items: [{ cidrIp: "0.0.0.0/0" }] } }],
        },
      },
    },
  },
  {
    channel: "prod-payments",
    overrides: {
      eventSource: "cloudtrail.amazonaws.com",
      eventName: "StopLogging",
      eventTime: "2025-06-11T09:14:02Z",
      eventID: "0b7f3d52-8c1e-4f0a-b7c4-5a6e7d8c9b01",
      recipientAccountId: "222222222222",
      userIdentity: ci,
      userAgent: "APN/1.0 HashiCorp/1.0 Terraform/1.9.5 (+https://www.terraform.io) terraform-provider-aws/5.60.0",
      requestParameters: { name: "arn:aws:cloudtrail:eu-central-1:222222222222:trail/management-events" },
    },
  },
  {
    channel: "security",
    overrides: {
      eventSource: "signin.amazonaws.com",
      eventName: "ConsoleLogin",
      eventType: "AwsConsoleSignIn",
      awsRegion: "us-east-1",
      eventTime: "2025-06-11T09:12:18Z",
      eventID: "c2a9e4b1-77d3-4e7e-9f51-1b2c3d4e5f60",
      recipientAccountId: "333333333333",
      userIdentity: root,
      userAgent: BROWSER,
      sourceIPAddress: "203.0.113.50",
      requestParameters: null,
      responseElements: { ConsoleLogin: "Success" },
      additionalEventData: { MFAUsed: "No", MobileVersion: "No" },
    },
  },
];

/** The messages of the README's pictures, by channel. @throws when a record does not alert any more */
export function scenes(): readonly { readonly channel: string; readonly message: SlackMessage }[] {
  const { ruleSet } = createRuleSet(
    defaultRules.filter(({ enabled }) => enabled),
    {},
  );
  return SCENES.map(({ channel, overrides }) => {
    const judgeable = flatten(record(overrides));
    const decision = "unjudgeable" in judgeable ? undefined : decide(ruleSet, judgeable).decision;
    if ("unjudgeable" in judgeable || decision?.kind !== "alert")
      throw new Error(`${overrides.eventName} does not alert`);
    return { channel, message: slackMessage(toAlert(judgeable.record, decision.rules, { messages: WORDING })) };
  });
}
