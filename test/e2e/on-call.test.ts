import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bucketWriter, openOnMinistack } from "#test/support/deployment.ts";
import { startEmulators } from "#test/support/emulators.ts";
import type { Ministack } from "#test/support/ministack.ts";
import { keyOf, logFile, ROOT, record, trailStopped } from "#test/support/records.ts";
import { pings } from "#test/support/slack-stand-in/block-kit.ts";
import { type SlackStandIn, startSlackStandIn } from "#test/support/slack-stand-in/server.ts";
import { bodyOf, startSubscribing } from "#test/support/subscribing.ts";
import type { TerraformRoot } from "#test/support/terraform.ts";
import { eventIdsOf, toldAlerts } from "#test/support/told.ts";

/** What SNS posts. https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html */
interface Notification {
  readonly Type: string;
  readonly Subject?: string;
  readonly Message: string;
  readonly SubscribeURL?: string;
  readonly MessageAttributes?: Readonly<Record<string, { readonly Type: string; readonly Value: string }>>;
}

let ministack: Ministack;
let slack: SlackStandIn;
let root: TerraformRoot;
let service: Server;
let subscribing: Awaited<ReturnType<typeof startSubscribing>>;
/** What woke somebody. */
const woke: Notification[] = [];

beforeAll(async () => {
  ministack = await startEmulators();
  slack = await startSlackStandIn({ messagesPerSecond: 1_000, burst: 1_000 });
  // As on-call services do, it visits the link of the confirmation.
  service = createServer(async (request, response) => {
    const notification: Notification = JSON.parse((await bodyOf(request)).toString());
    if (notification.SubscribeURL === undefined) woke.push(notification);
    else await fetch(notification.SubscribeURL);
    response.end();
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => service.once("listening", resolve));
  subscribing = await startSubscribing(ministack.endpoint);
  root = await openOnMinistack("examples/on-call", {
    ministack: { ...ministack, env: { ...ministack.env, AWS_ENDPOINT_URL_SNS: subscribing.url } },
    functionName: "cloudtrail-to-slack",
    variables: {
      hook: slack.hook("default"),
      on_call_url: `http://127.0.0.1:${(service.address() as AddressInfo).port}/sns?apiKey=secret`,
      slack_group: "S0123456789",
      mail: "security@example.com",
    },
  });
  await root.apply();
});

afterAll(async () => {
  // Destroying is another test's; the queues would take a minute.
  await root?.close();
  service?.close();
  await subscribing?.close();
  await slack?.close();
  await ministack?.stop();
});

describe("examples/on-call", () => {
  test("wakes somebody for what is critical, and tells Slack everything", async () => {
    const { bucket } = await root.outputs();
    const file = logFile(
      trailStopped("111111111111", { eventID: "critical" }),
      record({ userIdentity: ROOT, eventID: "high" }),
      record({
        eventSource: "iam.amazonaws.com",
        eventName: "CreateUser",
        requestParameters: { userName: "bob" },
        eventID: "medium",
      }),
    );
    await bucketWriter(ministack)(String(bucket), keyOf("a"), file);
    await expect.poll(() => [slack.received().length, woke.length], { timeout: 60_000 }).toEqual([3, 1]);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(toldAlerts(slack.received())).toEqual(["default critical", "default high", "default medium"]);
    const [notification] = woke;
    expect(woke.map(({ Subject }) => Subject)).toEqual([expect.stringMatching(/^CRITICAL: ./)]);
    expect(JSON.parse(notification?.Message ?? "")).toMatchObject({
      version: 1,
      kind: "alert",
      severity: "critical",
      eventId: "critical",
      accountId: "111111111111",
      what: "cloudtrail.amazonaws.com StopLogging",
      rules: [{ id: "trail-stopped", pack: "cloudtrail-tampering" }],
    });
    expect(notification?.MessageAttributes).toEqual({
      kind: { Type: "String", Value: "alert" },
      severity: { Type: "String", Value: "critical" },
      account: { Type: "String", Value: "111111111111" },
      rule: { Type: "String.Array", Value: '["trail-stopped"]' },
      pack: { Type: "String.Array", Value: '["cloudtrail-tampering"]' },
    });
  });

  test("mentions the group for what is critical, and nobody else", () => {
    const mentioned = slack.received().map((message) => [eventIdsOf(message)[0], pings(message.payload)]);
    expect(mentioned.toSorted()).toEqual([
      ["critical", ["usergroup S0123456789"]],
      ["high", []],
      ["medium", []],
    ]);
  });

  test("plans nothing after an apply", async () => {
    expect(await root.pendingChanges()).toEqual([]);
  });
});
