import type { Alert } from "#model/news.ts";

/** An alert about a call that was refused, with everything that an alert can say. */
export const ALERT: Alert = {
  kind: "alert",
  severity: "high",
  title: "Root user made a change",
  group: "0123456789abcdef0123456789abcdef",
  eventId: "00000000-0000-4000-8000-000000000001",
  accountId: "111111111111",
  accountName: "prod-payments",
  region: "eu-central-1",
  what: "s3.amazonaws.com DeleteBucket",
  call: "S3 DeleteBucket, bucket example",
  who: "root of prod-payments",
  callerArn: "arn:aws:iam::111111111111:root",
  when: "2025-06-11T09:15:00Z",
  time: "Wed 11 Jun 2025, 11:15:00 Europe/Berlin (GMT+2)",
  from: "198.51.100.7",
  userAgent: "aws-cli/2.15.0",
  origin: "198.51.100.7 · AWS CLI 2.15",
  result: "refused",
  error: "AccessDenied",
  details: [{ label: "Request", value: "force: true" }],
  links: [
    {
      text: "CloudTrail event",
      url: "https://console.aws.amazon.com/cloudtrailv2/home?region=eu-central-1#/events/00000000-0000-4000-8000-000000000001",
    },
  ],
  rules: [
    {
      id: "root-activity",
      origin: "default",
      severity: "high",
      title: "Root user made a change",
      investigate: "Ask the holder of the root password.",
    },
    { id: "rules[0]", origin: "custom", severity: "medium" },
  ],
};
