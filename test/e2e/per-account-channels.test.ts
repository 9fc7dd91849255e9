import { IAMClient, ListRolesCommand } from "@aws-sdk/client-iam";
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { DescribeParametersCommand, SSMClient } from "@aws-sdk/client-ssm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bucketWriter, clientConfig, openOnMinistack } from "#test/support/deployment.ts";
import { startEmulators } from "#test/support/emulators.ts";
import { expectedAlerts } from "#test/support/expected-alerts.ts";
import type { Ministack } from "#test/support/ministack.ts";
import { hasSamples, sampleLogFiles } from "#test/support/samples.ts";
import { pings } from "#test/support/slack-stand-in/block-kit.ts";
import { type SlackStandIn, startSlackStandIn } from "#test/support/slack-stand-in/server.ts";
import { story } from "#test/support/story.ts";
import type { TerraformRoot } from "#test/support/terraform.ts";
import { textsOf, toldAlerts } from "#test/support/told.ts";

const FUNCTION = "cloudtrail-to-slack";
const CHANNELS = ["default", "team-a", "team-b"];

let ministack: Ministack;
let slack: SlackStandIn;
let root: TerraformRoot;
let bucket: string;
let put: ReturnType<typeof bucketWriter>;

beforeAll(async () => {
  ministack = await startEmulators();
  // Bursts of real log files would wait for minutes at one message a second.
  slack = await startSlackStandIn({ messagesPerSecond: 1_000, burst: 1_000 });
  root = await openOnMinistack("examples/per-account-channels", {
    ministack,
    functionName: FUNCTION,
    withoutWindows: true,
    variables: {
      default_hook: slack.hook("default"),
      team_a_hook: slack.hook("team-a"),
      team_b_hook: slack.hook("team-b"),
    },
  });
  await root.apply();
  bucket = String((await root.outputs()).bucket);
  put = bucketWriter(ministack);
});

afterAll(async () => {
  await root?.close();
  await slack?.close();
  await ministack?.stop();
});

/** Waits until as many alerts as expected were told, and a moment longer for those that should not have been. */
async function told(count: number): Promise<readonly string[]> {
  await expect.poll(() => toldAlerts(slack.received()).length, { timeout: 240_000 }).toBeGreaterThanOrEqual(count);
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  return toldAlerts(slack.received());
}

describe("examples/per-account-channels", () => {
  test("tells each account's channel what concerns it, and nobody anything else", async () => {
    const files = story(new Date("2025-06-11T09:20:00Z"));
    const scenes = files.flatMap((file) => file.scenes);
    const expected = scenes
      .flatMap(({ channel, record }) => (channel === undefined ? [] : [`${channel} ${record.eventID}`]))
      .sort();
    expect(expected.length).toBeGreaterThan(5);
    for (const { key, bytes } of files) await put(bucket, key, bytes);
    expect(await told(expected.length)).toEqual(expected);
    expect(slack.refused()).toEqual([]);
  });

  test("tells the rules that matched, defaults, custom and tracked ones", () => {
    const rulesOf = (channel: string) =>
      slack.received(channel).flatMap(({ payload }) => textsOf(payload).filter((text) => /^Rules?: /.test(text)));
    const expected = ["Rules: iam-user-created, rules[0]", "Rules: trail-stopped, events_to_track:StopLogging"];
    expect(rulesOf("team-b").sort()).toEqual(expected);
  });

  test("foreign text cannot ping anybody", () => {
    expect(slack.received().flatMap(({ payload }) => pings(payload))).toEqual([]);
  });

  test("names a file that cannot be read, and fails so that AWS brings it again", async () => {
    const [file] = story(new Date("2025-06-11T09:25:00Z"));
    if (file === undefined) throw new Error("the story is empty");
    await put(bucket, file.key, file.bytes.subarray(0, file.bytes.length / 2));
    const line = JSON.stringify({
      level: "ERROR",
      message: "not finished; AWS will bring it again",
      what: `s3://${bucket}/${file.key}`,
      reason: `s3://${bucket}/${file.key} is not gzip: unexpected end of file`,
    });
    // Twice more by the emulator, which knows nothing of the alias's settings; then out of the retry queue.
    await expect.poll(() => ministack.logs().split(line).length - 1, { timeout: 60_000 }).toBeGreaterThanOrEqual(3);
  });

  test("plans nothing after an apply", async () => {
    expect(await root.pendingChanges()).toEqual([]);
  });

  test("keeps hooks out of state, environment and logs", async () => {
    const secrets = CHANNELS.map((channel) => new URL(slack.hook(channel)).pathname);
    const state = await root.state();
    const environment = JSON.parse(state).resources.find(
      (resource: { type: string }) => resource.type === "aws_lambda_function",
    ).instances[0].attributes.environment;
    expect(Object.keys(environment[0].variables).sort()).toEqual([
      "CONFIGURATION_PARAMETERS",
      "CONFIGURATION_SHA256",
      "LOG_LEVEL",
    ]);
    const logs = ministack.logs();
    expect(logs).toContain('"message":"outcome"');
    for (const secret of secrets) for (const text of [state, logs]) expect(text).not.toContain(secret);
  });

  test.skipIf(!hasSamples)("tells every alert of real log files (needs the samples beside the checkout)", async () => {
    slack.clear();
    const files = sampleLogFiles();
    expect(files.length).toBeGreaterThan(30);
    const channelOf = (hook: string) => CHANNELS.find((channel) => slack.hook(channel) === hook) ?? hook;
    const expected = await expectedAlerts(ministack, FUNCTION, files, channelOf);
    expect(expected.records).toBeGreaterThan(1_900);
    for (const { name, bytes } of files)
      await put(bucket, `AWSLogs/000000000000/CloudTrail/us-east-1/2025/06/11/${name}`, bytes);
    const arrived = await told(expected.alerts.length);
    // A message names up to 20 alerts, and counts all.
    const named = arrived.filter((alert) => !alert.endsWith(" none"));
    expect([arrived.length, named.filter((alert) => !expected.alerts.includes(alert))]).toEqual([
      expected.alerts.length,
      [],
    ]);
    expect(named.length).toBeGreaterThan(expected.alerts.length / 2);
    expect(slack.refused()).toEqual([]);
    expect(expected.alerts.length).toBeGreaterThan(50);
  });

  test("destroy leaves nothing", async () => {
    await root.destroy();
    const { Parameters } = await new SSMClient(clientConfig(ministack)).send(new DescribeParametersCommand({}));
    const { Roles } = await new IAMClient(clientConfig(ministack)).send(new ListRolesCommand({}));
    const { Buckets } = await new S3Client(clientConfig(ministack)).send(new ListBucketsCommand({}));
    expect({
      parameters: Parameters?.map(({ Name }) => Name),
      roles: Roles?.map(({ RoleName }) => RoleName),
      buckets: (Buckets ?? []).map(({ Name }) => Name),
      state: JSON.parse(await root.state()).resources,
    }).toEqual({ parameters: [], roles: [], buckets: [], state: [] });
  });
});
