import { CloudWatchLogsClient, CreateLogStreamCommand, PutLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { clientConfig, openOnMinistack } from "#test/support/deployment.ts";
import { type Emulators, startEmulators } from "#test/support/emulators.ts";
import { insight, insightEnd, record, trailStopped } from "#test/support/records.ts";
import { type SlackStandIn, startSlackStandIn } from "#test/support/slack-stand-in/server.ts";
import type { TerraformRoot } from "#test/support/terraform.ts";
import { headlineOf, textsOf, toldAlerts } from "#test/support/told.ts";

let ministack: Emulators;
let slack: SlackStandIn;
let root: TerraformRoot;
let outputs: Readonly<Record<string, unknown>>;

beforeAll(async () => {
  // The trail, too, is applied on moto: ministack forgets its log group. There, a trail asks for its bucket.
  ministack = await startEmulators({ elsewhere: ["CLOUDTRAIL"] });
  const s3 = new S3Client({ ...clientConfig(ministack), endpoint: ministack.motoEndpoint });
  await s3.send(new CreateBucketCommand({ Bucket: "cloudtrail-to-slack-000000000000-us-east-1" }));
  slack = await startSlackStandIn({ messagesPerSecond: 1_000, burst: 1_000 });
  root = await openOnMinistack("examples/log-group-and-alarms", {
    ministack,
    functionName: "cloudtrail-to-slack",
    variables: { hook: slack.hook("default") },
  });
  await root.apply();
  outputs = await root.outputs();
});

afterAll(async () => {
  await root?.close();
  await slack?.close();
  await ministack?.stop();
});

async function told(count: number): Promise<void> {
  await expect.poll(() => slack.received().length, { timeout: 60_000 }).toBeGreaterThanOrEqual(count);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
}

const alarm = (AlarmName: string) => ({
  AlarmName,
  AlarmDescription: "The root user was used",
  AWSAccountId: "000000000000",
  NewStateValue: "ALARM",
  NewStateReason: "Threshold Crossed: 1 datapoint [1.0] was greater than or equal to the threshold (1.0).",
  StateChangeTime: "2025-06-11T09:20:00.000+0000",
  Region: "US East (N. Virginia)",
  AlarmArn: `arn:aws:cloudwatch:us-east-1:000000000000:alarm:${AlarmName}`,
  OldStateValue: "OK",
  Trigger: {
    MetricName: AlarmName,
    Namespace: "CloudTrailToSlack/Alarms",
    Statistic: "SUM",
    Period: 300,
    EvaluationPeriods: 1,
    ComparisonOperator: "GreaterThanOrEqualToThreshold",
    Threshold: 1,
  },
});

describe("examples/log-group-and-alarms", () => {
  test("tells what the trail writes to its log group: calls, Insights, and what cannot be judged", async () => {
    const logs = new CloudWatchLogsClient(clientConfig(ministack));
    const stream = { logGroupName: String(outputs.log_group_name), logStreamName: "000000000000_CloudTrail_us-east-1" };
    await logs.send(new CreateLogStreamCommand(stream));
    const messages = [
      JSON.stringify(record({ eventID: "dull" })),
      JSON.stringify(trailStopped("111111111111", { eventID: "stopped" })),
      JSON.stringify(insight()),
      JSON.stringify(insightEnd()),
      "not JSON",
    ];
    const logEvents = messages.map((message, index) => ({ message, timestamp: Date.now() + index }));
    await logs.send(new PutLogEventsCommand({ ...stream, logEvents }));
    await told(3);
    expect({ alerts: toldAlerts(slack.received()), headlines: slack.received().map(headlineOf).sort() }).toEqual({
      alerts: ["default stopped"],
      headlines: [
        "🔴 CRITICAL · CloudTrail logging stopped",
        "🟡 MEDIUM · A record could not be judged",
        "🟡 MEDIUM · Unusual rate of calls: iam.amazonaws.com CreateUser (ended)",
      ],
    });
  });

  test.each(["alarms_topic_arn", "operations_topic_arn"])("tells an alarm that is published to %s", async (topic) => {
    slack.clear();
    // An alarm of its own: the ledger knows the one that came through the other topic.
    const name = `root-use-by-${topic}`;
    const sns = new SNSClient(clientConfig(ministack));
    const TopicArn = String(outputs[topic]);
    await sns.send(new PublishCommand({ TopicArn, Message: JSON.stringify(alarm(name)) }));
    await told(1);
    expect(slack.received().map(headlineOf)).toEqual([`🟠 HIGH · The CloudWatch alarm ${name} is in alarm`]);
    expect(slack.received().flatMap(({ payload }) => textsOf(payload))).toEqual(
      expect.arrayContaining([`${name}\n`, "ALARM\n", "sum at least 1 in 300 seconds\n"]),
    );
    expect(JSON.stringify(slack.received()[0]?.payload)).toContain(
      `"url":"https://console.aws.amazon.com/cloudwatch/home?region=us-east-1#alarmsV2:alarm/${name}"`,
    );
    expect(slack.refused()).toEqual([]);
  });

  test("plans nothing after an apply", async () => {
    expect(await root.pendingChanges()).toEqual([]);
  });

  test("destroys everything", async () => {
    await root.destroy();
    expect(JSON.parse(await root.state()).resources).toEqual([]);
  });
});
