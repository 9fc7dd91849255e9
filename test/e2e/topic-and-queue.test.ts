import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bucketWriter, openOnMinistack } from "#test/support/deployment.ts";
import { startEmulators } from "#test/support/emulators.ts";
import type { Ministack } from "#test/support/ministack.ts";
import { queueClient, queueUrl } from "#test/support/queues.ts";
import { keyOf, logFile, s3Payload, trailStoppedBySomebody } from "#test/support/records.ts";
import { type SlackStandIn, startSlackStandIn } from "#test/support/slack-stand-in/server.ts";
import type { TerraformRoot } from "#test/support/terraform.ts";
import { toldAlerts } from "#test/support/told.ts";

let ministack: Ministack;
let slack: SlackStandIn;
let root: TerraformRoot;
let outputs: Readonly<Record<string, unknown>>;
let bucket: string;
let put: ReturnType<typeof bucketWriter>;
let queues: ReturnType<typeof queueClient>;

beforeAll(async () => {
  ministack = await startEmulators();
  slack = await startSlackStandIn({ messagesPerSecond: 1_000, burst: 1_000 });
  root = await openOnMinistack("examples/topic-and-queue", {
    ministack,
    functionName: "cloudtrail-to-slack",
    // A message comes again after a minute instead of half an hour, and once.
    variables: { hook: slack.hook("default"), timeout_seconds: 10, max_receive_count: 2 },
  });
  await root.apply();
  outputs = await root.outputs();
  bucket = String(outputs.bucket);
  put = bucketWriter(ministack);
  queues = queueClient(ministack);
});

afterAll(async () => {
  // Destroying is another test's; the queues would take a minute.
  await root?.close();
  await slack?.close();
  await ministack?.stop();
});

// Nobody is told the same twice within a window, so each is somebody else's.
const stopped = (eventID: string) => logFile(trailStoppedBySomebody("111111111111", eventID));
const url = (output: string) => queueUrl(ministack, String(outputs[output]));

async function told(count: number): Promise<readonly string[]> {
  await expect.poll(() => slack.received().length, { timeout: 60_000 }).toBeGreaterThanOrEqual(count);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  return toldAlerts(slack.received());
}

describe("examples/topic-and-queue", () => {
  test("tells what comes from the bucket through topic and queue, and lets others subscribe", async () => {
    await put(bucket, keyOf("a b"), stopped("through-topic-and-queue"));
    expect(await told(1)).toEqual(["default through-topic-and-queue"]);
    const heard = (await queues.receive(String(outputs.archive_queue_url))).map((body) =>
      JSON.parse(JSON.parse(body).Message),
    );
    const names = heard.flatMap(({ Records = [] }) =>
      Records.map((entry: { s3: { bucket: { name: string } } }) => entry.s3.bucket.name),
    );
    expect(names).toEqual([bucket]);
  });

  test("tells what others put into the queue: S3, EventBridge and CloudTrail in their own forms", async () => {
    slack.clear();
    // The bucket itself does not notify about such keys.
    const silent = (name: string) => keyOf(name).replace(/\.gz$/, "");
    for (const name of ["s3", "eventbridge%41", "trail-1", "trail-2"]) await put(bucket, silent(name), stopped(name));
    const s3 = JSON.parse(JSON.stringify(s3Payload(silent("s3"))).replaceAll("example-cloudtrail-logs", bucket));
    await queues.send(
      url("queue_arn"),
      s3,
      {
        "detail-type": "Object Created",
        source: "aws.s3",
        detail: { bucket: { name: bucket }, object: { key: silent("eventbridge%41") } },
      },
      { s3Bucket: bucket, s3ObjectKey: [silent("trail-1"), silent("trail-2")] },
      { Service: "Amazon S3", Event: "s3:TestEvent" },
      "CloudTrail validation message.",
    );
    expect(await told(4)).toEqual(["default eventbridge%41", "default s3", "default trail-1", "default trail-2"]);
  });

  test("brings back the failed message only, and lays it into the dead-letter queue in the end", async () => {
    slack.clear();
    await put(bucket, keyOf("good"), stopped("good"));
    await put(bucket, keyOf("corrupt"), stopped("corrupt").subarray(0, 40));
    expect(await told(1)).toEqual(["default good"]);
    const dead: string[] = [];
    await expect
      .poll(
        async () => {
          dead.push(...(await queues.receive(url("dead_letter_queue_arn"))));
          return dead.length;
        },
        { timeout: 240_000, interval: 2_000 },
      )
      .toBe(1);
    expect(dead[0]).toContain(encodeURIComponent(keyOf("corrupt")).replaceAll("%2F", "/"));
    const line = JSON.stringify(`s3://${bucket}/${keyOf("corrupt")}`).slice(1, -1);
    const attempts = ministack
      .logs()
      .split("\n")
      .filter((text) => text.includes("not finished; AWS will bring it again") && text.includes(line));
    expect({ attempts: attempts.length, told: toldAlerts(slack.received()) }).toEqual({
      attempts: 2,
      told: ["default good"],
    });
  });

  test("plans nothing after an apply", async () => {
    expect(await root.pendingChanges()).toEqual([]);
  });
});
