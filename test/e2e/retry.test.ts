import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decode } from "#sources/decode.ts";
import { bucketWriter, openOnMinistack } from "#test/support/deployment.ts";
import { digest, digestFile, digestKeyOf, sealOf } from "#test/support/digests.ts";
import { startEmulators } from "#test/support/emulators.ts";
import { invoker, laterInvoker } from "#test/support/invoke.ts";
import { ledgerRows } from "#test/support/ledger-rows.ts";
import type { Ministack } from "#test/support/ministack.ts";
import { withoutNotifications } from "#test/support/notifications.ts";
import { outcomesIn } from "#test/support/outcomes.ts";
import { queueClient } from "#test/support/queues.ts";
import {
  BUCKET,
  keyOf,
  logFile,
  record,
  s3Payload,
  trailStopped,
  trailStoppedBySomebody,
} from "#test/support/records.ts";
import { type SlackStandIn, startSlackStandIn } from "#test/support/slack-stand-in/server.ts";
import type { TerraformRoot } from "#test/support/terraform.ts";
import { headlineOf, textsOf, toldAlerts } from "#test/support/told.ts";
import { repoRoot, run } from "#test/support/tools.ts";

/** The root's bucket is then the one that the sample data names. */
const NAME = BUCKET.replace(/-logs$/, "");
const FAST = { messagesPerSecond: 1_000, burst: 1_000 };
const CLI = path.join(repoRoot, "cli/dist/cloudtrail-to-slack.js");

let ministack: Ministack;
let slack: SlackStandIn;
let root: TerraformRoot;
let put: (key: string, body: Uint8Array) => Promise<void>;
let invoke: (payload: unknown) => Promise<unknown>;
let invokeLater: (payload: unknown) => Promise<void>;
let queues: ReturnType<typeof queueClient>;

beforeAll(async () => {
  ministack = await startEmulators();
  slack = await startSlackStandIn(FAST);
  root = await openOnMinistack("test/e2e/root", {
    ministack,
    functionName: NAME,
    // What fails rests after half a minute: it comes again at once, after 10 seconds, and after 20 more it is a dead letter.
    variables: { name: NAME, hook: slack.hook("default"), timeout_seconds: 30, max_attempts: 2, window_minutes: 1 },
  });
  await root.apply();
  const write = bucketWriter(ministack);
  put = (key, body) => write(BUCKET, key, body);
  invoke = invoker(ministack, NAME);
  invokeLater = laterInvoker(ministack, NAME);
  queues = queueClient(ministack);
});

afterAll(async () => {
  // Destroying is another test's; the queues would take a minute.
  await root?.close();
  await slack?.close();
  await ministack?.stop();
});

const stopped = (eventID: string) => logFile(trailStoppedBySomebody("111111111111", eventID));
const deadLetters = () => `${ministack.endpoint}/000000000000/${NAME}-dead-letters`;
/** The destinations that the ledger says were told of a record. */
const deliveredTo = async (eventId: string) =>
  (await ledgerRows(ministack, NAME)).delivered.flatMap((key) =>
    key.startsWith(`alert/111111111111/${eventId}`) ? [key.split(" ").at(-1)] : [],
  );
const HOOK = `slack_webhook:/${NAME}/secrets/default-hook`;

/** The alerts that were told, once there are as many and no more come. */
async function told(count: number, seconds = 30): Promise<readonly string[]> {
  await expect.poll(() => slack.received().length, { timeout: seconds * 1_000 }).toBeGreaterThanOrEqual(count);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  return toldAlerts(slack.received());
}

/** What became of the alerts of each message of the retry queue since the log had this length. */
const retries = (since: number) =>
  outcomesIn(ministack.logs().slice(since)).flatMap(({ messages, alerts }) =>
    messages.in === 0 ? [] : [{ handedBack: messages.failed, delivered: alerts.delivered, failed: alerts.failed }],
  );

describe("a window", () => {
  test("has what the same happens again told once it is over, by a message that the function sends itself", async () => {
    for (const [index, id] of ["first", "second", "third"].entries()) {
      await put(keyOf(id), logFile(trailStopped("222222222222", { eventID: id })));
      await expect.poll(() => outcomesIn(ministack.logs()).length, { timeout: 30_000 }).toBe(index + 1);
    }
    expect(toldAlerts(slack.received())).toEqual(["default first"]);
    await expect.poll(() => slack.received().length, { timeout: 120_000, interval: 1_000 }).toBe(2);
    const [, more] = slack.received();
    expect([more && headlineOf(more), toldAlerts(slack.received())]).toEqual([
      expect.stringMatching(/· 2 more: /),
      ["default first", "default second", "default third"],
    ]);
    slack.clear();
  });
});

describe("the retry path", () => {
  test("plans nothing after an apply", async () => {
    expect(await root.pendingChanges()).toEqual([]);
  });

  test("tells once, through the retry queue, what Slack could not hear when the file was put", async () => {
    const since = ministack.logs().length;
    const port = Number(new URL(slack.url).port);
    await slack.close();
    await put(keyOf("unheard"), stopped("unheard"));
    await expect.poll(() => retries(since).length, { timeout: 60_000 }).toBe(1);
    slack = await startSlackStandIn({ ...FAST, port });
    slack.hook("default");
    expect([await told(1), await deliveredTo("unheard")]).toEqual([["default unheard"], [HOOK]]);
    expect(retries(since)).toEqual([
      { handedBack: 1, delivered: 0, failed: 1 },
      { handedBack: 0, delivered: 1, failed: 0 },
    ]);
  });

  test("tells nothing again when a notification comes again", async () => {
    slack.clear();
    const since = ministack.logs().length;
    await invoke(s3Payload(keyOf("unheard")));
    await invoke(s3Payload(keyOf("unheard"), keyOf("unheard")));
    expect(outcomesIn(ministack.logs().slice(since)).map(({ alerts }) => alerts.alreadyDelivered)).toEqual([1, 2]);
    expect(slack.received()).toEqual([]);
  });

  test("reads a log file of which only the digest file tells", async () => {
    slack.clear();
    const [silent, known] = [keyOf("silent"), keyOf("unheard")];
    await withoutNotifications(ministack, BUCKET, () => put(silent, stopped("silent")));
    const seals = { [silent]: sealOf(stopped("silent")), [known]: sealOf(stopped("unheard")) };
    await put(digestKeyOf("20250611T090000Z"), digestFile(digest(seals)));
    expect(await told(1)).toEqual(["default silent"]);
  });

  test("tells once that a log file is not what CloudTrail wrote", async () => {
    slack.clear();
    const file = digestFile(digest({ [keyOf("silent")]: sealOf(logFile(record())) }));
    await put(digestKeyOf("20250611T100000Z"), file);
    await told(1);
    await put(digestKeyOf("20250611T100000Z"), file);
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(slack.received().map(headlineOf)).toEqual([
      expect.stringContaining("CRITICAL · A CloudTrail file is not what CloudTrail wrote"),
    ]);
    expect(textsOf(slack.received()[0]?.payload).join(" ")).toContain(`s3://${BUCKET}/${keyOf("silent")}`);
  });

  test("lays a poison file into the dead-letter queue, and tells the good one beside it", async () => {
    slack.clear();
    const poison = stopped("poison").subarray(0, 40);
    await withoutNotifications(ministack, BUCKET, async () => {
      await put(keyOf("poison"), poison);
      await put(keyOf("good"), stopped("good"));
    });
    // One payload, so that each retry meets both.
    await invokeLater(s3Payload(keyOf("poison"), keyOf("good")));
    expect(await told(1)).toEqual(["default good"]);
    await expect.poll(() => queues.count(deadLetters()), { timeout: 90_000, interval: 1_000 }).toBe(1);
    const [dead = ""] = await queues.look(deadLetters());
    expect(decode(JSON.parse(dead))).toEqual([
      { kind: "objects", objects: [{ bucket: BUCKET, key: keyOf("poison") }] },
      { kind: "objects", objects: [{ bucket: BUCKET, key: keyOf("good") }] },
    ]);
    expect(toldAlerts(slack.received())).toEqual(["default good"]);
  });

  test("tells after a fix what the dead letter is about, and nothing again that was told", async () => {
    slack.clear();
    await withoutNotifications(ministack, BUCKET, () => put(keyOf("poison"), stopped("poison")));
    const env = { PATH: process.env.PATH, ...ministack.env };
    const { stdout } = await run(process.execPath, [CLI, "redrive", "--function-name", NAME, "--json"], { env });
    expect(JSON.parse(stdout)).toMatchObject({ handedIn: 1, done: 1, failing: [], left: 0 });
    expect(await told(1)).toEqual(["default poison"]);
    expect([await queues.count(deadLetters()), await deliveredTo("poison")]).toEqual([0, [HOOK]]);
  });
});
