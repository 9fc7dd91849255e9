import { PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseConfiguration } from "#config/read-settings.ts";
import { bucketWriter, clientConfig, openOnMinistack } from "#test/support/deployment.ts";
import { startEmulators } from "#test/support/emulators.ts";
import type { Ministack } from "#test/support/ministack.ts";
import { keyOf, logFile, record } from "#test/support/records.ts";
import { type SlackStandIn, startSlackStandIn } from "#test/support/slack-stand-in/server.ts";
import type { TerraformRoot } from "#test/support/terraform.ts";
import { toldAlerts } from "#test/support/told.ts";
import { documentOf, only, resourcesOf } from "#test/terraform/plan.ts";

let ministack: Ministack;
let slack: SlackStandIn;
let root: TerraformRoot;

beforeAll(async () => {
  ministack = await startEmulators();
  slack = await startSlackStandIn();
  const ssm = new SSMClient(clientConfig(ministack));
  for (const [Name, channel] of [
    ["/older-interface/slack-hook", "default"],
    ["/older-interface/team-slack-hook", "team"],
  ] as const) {
    await ssm.send(new PutParameterCommand({ Name, Type: "SecureString", Value: slack.hook(channel) }));
  }
  root = await openOnMinistack("examples/older-interface", {
    ministack,
    functionName: "older-interface",
    variables: {},
  });
  await root.apply();
});

afterAll(async () => {
  // Destroying is another test's; the queues would take a minute.
  await root?.close();
  await slack?.close();
  await ministack?.stop();
});

describe("examples/older-interface", () => {
  test("tells through the topic what the older rules, events and hooks say", async () => {
    const bucket = String((await root.outputs()).bucket);
    const userIdentity = { type: "IAMUser", accountId: "999999999999" };
    const calls = logFile(
      record({ eventID: "rule", eventSource: "iam.amazonaws.com", eventName: "CreateUser", userIdentity }),
      record({ eventID: "tracked", eventName: "SendSSHPublicKey", recipientAccountId: "222222222222", userIdentity }),
      record({
        eventID: "ignored",
        eventName: "StopLogging",
        userIdentity: { ...userIdentity, accountId: "111111111111" },
      }),
      record({
        eventID: "no-default-rules",
        eventName: "DeleteBucket",
        userIdentity: { ...userIdentity, type: "Root" },
      }),
    );
    await bucketWriter(ministack)(bucket, keyOf("older"), calls);
    await slack.waitFor("default", 1, 20_000);
    await slack.waitFor("team", 1, 20_000);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(toldAlerts(slack.received())).toEqual(["default rule", "team tracked"]);
  });

  test("plans nothing after an apply, whose rules the function has accepted", async () => {
    const { changes, json } = await root.plan();
    expect(changes).toBe(false);
    const resources = resourcesOf(json);
    const ids = ["rules[0]", "rules[1]", "rules[2]", "ignore_rules[0]", "ignore_rules[1]"];
    expect(JSON.parse(String(only(resources, "aws_lambda_invocation.self_check").result))).toEqual({
      ok: true,
      problems: [],
      warnings: [],
      translations: Object.fromEntries(ids.map((id) => [id, expect.any(String)])),
    });
    const { rules } = parseConfiguration(documentOf(resources));
    expect(rules.map(({ origin, expression }) => `${origin}: ${expression}`)).toEqual([
      "custom: event['eventName'] == 'ConsoleLogin' and event.get('additionalEventData.MFAUsed', '') != 'Yes' and 'assumed-role/AWSReservedSSO' not in event.get('userIdentity.arn', '')",
      "custom: event['eventSource'] == 'iam.amazonaws.com' and event['eventName'] in ['CreateUser', 'CreateAccessKey']",
      "custom: event.get('errorCode', '').endswith(('UnauthorizedOperation'))",
      "tracked: eventName|isCall('DeleteTrail')",
      "tracked: eventName|isCall('StopLogging')",
      "tracked: eventName|isCall('UpdateTrail')",
      "tracked: eventName|isCall('SendSSHPublicKey')",
      "ignore: 'userIdentity.accountId' in event and event['userIdentity.accountId'] == '111111111111'",
      "ignore: event.get('userIdentity.invokedBy', '') == 'autoscaling.amazonaws.com'",
    ]);
  });

  test("keeps the hooks out of the module's part of the state", async () => {
    const { resources } = JSON.parse(await root.state());
    const ofModule = resources.filter(({ module }: { module?: string }) => module === "module.cloudtrail_to_slack");
    expect(ofModule.length).toBeGreaterThan(10);
    for (const channel of ["default", "team"]) {
      expect(JSON.stringify(ofModule)).not.toContain(new URL(slack.hook(channel)).pathname);
    }
  });
});
