import { PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bucketWriter, clientConfig, openOnMinistack } from "#test/support/deployment.ts";
import { startEmulators } from "#test/support/emulators.ts";
import type { Ministack } from "#test/support/ministack.ts";
import { keyOf, logFile, record } from "#test/support/records.ts";
import { type SlackStandIn, startSlackStandIn } from "#test/support/slack-stand-in/server.ts";
import type { TerraformRoot } from "#test/support/terraform.ts";
import { toldAlerts } from "#test/support/told.ts";

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
  await root?.destroy().finally(() => root.close());
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

  test("plans nothing after an apply", async () => {
    expect(await root.pendingChanges()).toEqual([]);
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
