import { DeleteObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bucketWriter, clientConfig, inRegion, openOnMinistack } from "#test/support/deployment.ts";
import { startEmulators } from "#test/support/emulators.ts";
import { invoker } from "#test/support/invoke.ts";
import type { Ministack } from "#test/support/ministack.ts";
import { keyOf, logFile, ROOT, record, trailStopped, trailStoppedBySomebody } from "#test/support/records.ts";
import { type SlackStandIn, startSlackStandIn } from "#test/support/slack-stand-in/server.ts";
import type { TerraformRoot } from "#test/support/terraform.ts";
import { textsOf, toldAlerts } from "#test/support/told.ts";
import { only, resourcesOfState } from "#test/terraform/plan.ts";

let ministack: Ministack;
let slack: SlackStandIn;
let root: TerraformRoot;
let bucket: string;

beforeAll(async () => {
  // Not us-east-1, so that the example forwards what only us-east-1 knows.
  ministack = inRegion(await startEmulators(), "eu-central-1");
  slack = await startSlackStandIn({ messagesPerSecond: 1_000, burst: 1_000 });
  root = await openOnMinistack("examples/eventbridge", {
    ministack,
    functionName: "cloudtrail-to-slack",
    variables: { hook: slack.hook("default") },
  });
  await root.apply();
  bucket = String((await root.outputs()).bucket);
});

afterAll(async () => {
  await root?.close();
  await slack?.close();
  await ministack?.stop();
});

async function told(count: number): Promise<readonly string[]> {
  await expect.poll(() => slack.received().length, { timeout: 60_000 }).toBeGreaterThanOrEqual(count);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  return toldAlerts(slack.received());
}

/** An event as CloudTrail sends it. The emulator refuses sources of AWS, as AWS does, so it goes straight to the function. */
const viaCloudTrail = (type: string, detail: unknown) => ({
  version: "0",
  id: "00000000-0000-4000-8000-00000000000e",
  "detail-type": type,
  source: "aws.signin",
  account: "111111111111",
  time: "2025-06-11T09:15:02Z",
  region: "us-east-1",
  resources: [],
  detail,
});

describe("examples/eventbridge", () => {
  test("tells what is in log files whose names need no decoding", async () => {
    await bucketWriter(ministack)(bucket, keyOf("a%41"), logFile(trailStopped("111111111111", { eventID: "file" })));
    expect(await told(1)).toEqual(["default file"]);
  });

  test("tells API calls and sign-ins as they come", async () => {
    slack.clear();
    const invoke = invoker(ministack, "cloudtrail-to-slack");
    const call = trailStoppedBySomebody("111111111111", "call");
    const signIn = record({
      eventID: "sign-in",
      eventSource: "signin.amazonaws.com",
      eventName: "ConsoleLogin",
      eventType: "AwsConsoleSignIn",
      userIdentity: ROOT,
      responseElements: { ConsoleLogin: "Success" },
      additionalEventData: { MFAUsed: "Yes" },
    });
    await invoke(viaCloudTrail("AWS API Call via CloudTrail", call));
    await invoke(viaCloudTrail("AWS Console Sign In via CloudTrail", signIn));
    expect(await told(2)).toEqual(["default call", "default sign-in"]);
  });

  test("refuses an event of another kind by name", async () => {
    const invoke = invoker(ministack, "cloudtrail-to-slack");
    expect(
      await invoke({ "detail-type": "EC2 Spot Instance Interruption Warning", source: "aws.ec2", id: "1", detail: {} }),
    ).toEqual(
      expect.objectContaining({
        errorMessage: expect.stringContaining(
          'the EventBridge event 1 of the type "EC2 Spot Instance Interruption Warning" from aws.ec2',
        ),
      }),
    );
  });

  test("tells who removes a log file", async () => {
    slack.clear();
    const s3 = new S3Client(clientConfig(ministack));
    await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: keyOf("a%41") }));
    await told(1);
    const texts = slack.received().flatMap(({ payload }) => textsOf(payload));
    expect(texts).toContain(`s3://${bucket}/${keyOf("a%41")}\n`);
  });

  // The emulator refuses sources of AWS, as AWS does, so nothing of CloudTrail's can be sent this way here.
  test("forwards what only us-east-1 knows to the bus of the function's region", async () => {
    const resources = resourcesOfState(await root.state());
    const rule = only(resources, "aws_cloudwatch_event_rule.forward[0]");
    const target = only(resources, "aws_cloudwatch_event_target.forward[0]");
    const role = only(resources, "aws_iam_role.forward[0]");
    const parsed = (text: unknown): unknown => JSON.parse(String(text));
    const bus = "arn:aws:events:eu-central-1:000000000000:event-bus/default";
    expect({
      rule: [rule.arn, rule.event_bus_name, rule.state, parsed(rule.event_pattern)],
      target: [target.rule, target.event_bus_name, target.arn, target.role_arn],
      assumedBy: parsed(role.assume_role_policy),
      allowed: parsed(only(resources, "aws_iam_role_policy.forward[0]").policy),
    }).toEqual({
      rule: [
        "arn:aws:events:us-east-1:000000000000:rule/cloudtrail-to-slack-forward",
        "default",
        "ENABLED",
        { "detail-type": [{ suffix: " via CloudTrail" }], source: [{ prefix: "aws." }] },
      ],
      target: ["cloudtrail-to-slack-forward", "default", bus, role.arn],
      assumedBy: {
        Version: "2012-10-17",
        Statement: [
          {
            Sid: "AssumeByEventBridge",
            Effect: "Allow",
            Action: "sts:AssumeRole",
            Principal: { Service: "events.amazonaws.com" },
            Condition: { StringEquals: { "aws:SourceAccount": "000000000000" } },
          },
        ],
      },
      allowed: {
        Version: "2012-10-17",
        Statement: [{ Sid: "PutEvents", Effect: "Allow", Action: "events:PutEvents", Resource: bus }],
      },
    });
  });

  test("plans nothing after an apply", async () => {
    expect(await root.pendingChanges()).toEqual([]);
  });
});
