/**
 * The main job on this machine: `examples/per-account-channels` on an AWS emulator, log files into its bucket, messages
 * in a local stand-in for Slack. `make demo`; ONCE=1 ends by itself; LOGS=folder takes log files of yours.
 */
import { styleText } from "node:util";
import { writeNotifier } from "#lambda/build.ts";
import { bucketWriter, openOnMinistack } from "#test/support/deployment.ts";
import { expectedAlerts } from "#test/support/expected-alerts.ts";
import { type Ministack, startMinistack } from "#test/support/ministack.ts";
import type { Received } from "#test/support/slack-stand-in/inbox.ts";
import { type SlackStandIn, startSlackStandIn } from "#test/support/slack-stand-in/server.ts";
import { step } from "#test/support/step.ts";
import { story } from "#test/support/story.ts";
import type { TerraformRoot } from "#test/support/terraform.ts";
import { eventIdsOf, headlineOf, textsOf, toldAlerts } from "#test/support/told.ts";
import { requireTool } from "#test/support/tools.ts";
import { readLogFiles } from "./log-files.ts";

const FUNCTION = "cloudtrail-to-slack";
const CHANNELS = ["default", "team-a", "team-b"] as const;
/** How long nothing may arrive before the demo gives up on the rest. Longer than Slack's and Lambda's retries. */
const SILENCE_MS = 60_000;
/** Slack takes about one message a second; log files of yours may hold hundreds of alerts, which nobody wants to wait for. */
const FAST = { messagesPerSecond: 50, burst: 200 };

interface DemoFile {
  readonly key: string;
  readonly bytes: Uint8Array;
}

async function filesToPut(now: Date): Promise<readonly DemoFile[]> {
  const { LOGS } = process.env;
  if (!LOGS) return story(now);
  const day = now.toISOString().slice(0, 10).replaceAll("-", "/");
  const files = await readLogFiles(LOGS);
  return files.map(({ name, bytes }, index) => ({
    key: `AWSLogs/000000000000/CloudTrail/us-east-1/${day}/${String(index).padStart(4, "0")}_${name}`,
    bytes,
  }));
}

/** One line per message: when, where, what, who, and how long after its file was put. */
function show(message: Received, secondsSincePut: number): void {
  const time = new Date(message.receivedAtMs).toISOString().slice(11, 19);
  const texts = textsOf(message.payload);
  const who = texts[texts.findIndex((text) => text.startsWith("Who")) + 1]?.trim() ?? "";
  const channel = styleText("cyan", `#${message.channel}`.padEnd(9));
  console.log(
    `  ${time}  ${channel} ${headlineOf(message)}  ${styleText("dim", `${who}  ${secondsSincePut.toFixed(1)} s`)}`,
  );
}

/** Whatever is in one list more often than in the other. */
function missing(expected: readonly string[], arrived: readonly string[]): readonly string[] {
  const left = [...arrived];
  return expected.filter((alert) => {
    const index = left.indexOf(alert);
    if (index >= 0) left.splice(index, 1);
    return index < 0;
  });
}

async function untilSilent(slack: SlackStandIn, expected: number): Promise<void> {
  let last = Date.now();
  const stop = slack.onMessage(() => (last = Date.now()));
  while (toldAlerts(slack.received()).length < expected && Date.now() - last < SILENCE_MS) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  stop();
}

async function demo(ministack: Ministack, slack: SlackStandIn, keep: (root: TerraformRoot) => void): Promise<boolean> {
  const started = new Date();
  const files = await filesToPut(started);
  const hooks = {
    default_hook: slack.hook("default"),
    team_a_hook: slack.hook("team-a"),
    team_b_hook: slack.hook("team-b"),
  };
  const variables = { ...hooks, name: FUNCTION };
  const root = await step("terraform init in examples/per-account-channels", () =>
    openOnMinistack("examples/per-account-channels", {
      ministack,
      functionName: FUNCTION,
      variables,
      withoutWindows: true,
    }),
  );
  keep(root);
  await step("terraform apply: trail, bucket, function, three hooks", () => root.apply());
  const bucket = String((await root.outputs()).bucket);

  const channelOf = (hook: string) => CHANNELS.find((channel) => slack.hook(channel) === hook) ?? "unknown";
  const named = files
    .filter(({ key }) => !key.includes("/CloudTrail-Digest/"))
    .map(({ key, bytes }) => ({ name: key, bytes }));
  const expected = await expectedAlerts(ministack, FUNCTION, named, channelOf);

  console.log(`\n  ${styleText("bold", slack.url)} draws each channel as Slack would\n`);
  const put = bucketWriter(ministack);
  const putAt = new Map<string, number>();
  const delays: number[] = [];
  slack.onMessage((message) => {
    const delay = (message.receivedAtMs - (putAt.get(eventIdsOf(message)[0] ?? "") ?? lastPut)) / 1000;
    delays.push(delay);
    show(message, delay);
  });
  let lastPut = Date.now();
  for (const { key, bytes } of files) {
    lastPut = Date.now();
    for (const id of expected.idsByFile.get(key) ?? []) putAt.set(id, lastPut);
    await put(bucket, key, bytes);
  }
  await untilSilent(slack, expected.alerts.length);

  const arrived = toldAlerts(slack.received());
  // A message names up to 20 alerts of a kind, and counts the others.
  const listed = arrived.filter((alert) => !alert.endsWith(" none"));
  const unnamed = arrived.length - listed.length;
  const unheard = missing(expected.alerts, listed);
  const lost = unheard.length > unnamed ? unheard : [];
  const surplus = unheard.length < unnamed ? arrived.slice(expected.alerts.length) : missing(listed, expected.alerts);
  const perChannel = CHANNELS.map((channel) => `#${channel} ${toldAlerts(slack.received(channel)).length}`).join(", ");
  const sorted = delays.toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  console.log(`
  files       ${files.length}
  records     ${expected.records}
  alerts      ${arrived.length} of ${expected.alerts.length} expected: ${perChannel}
  put to message  median ${median.toFixed(1)} s, longest ${(sorted.at(-1) ?? 0).toFixed(1)} s
  refused by Slack's limits  ${slack.refused().filter(({ status }) => status !== 429).length}`);
  for (const alert of lost) console.log(styleText("red", `  missing: ${alert}`));
  for (const alert of surplus) console.log(styleText("yellow", `  not expected: ${alert}`));
  return lost.length === 0 && surplus.length === 0;
}

async function main(): Promise<void> {
  const once = Boolean(process.env.ONCE);
  await requireTool("python3");
  await requireTool("terraform");
  await step("building the function's zip", writeNotifier);
  const slack = await startSlackStandIn(process.env.LOGS ? FAST : {});
  let root: TerraformRoot | undefined;
  let ministack: Ministack | undefined;
  try {
    ministack = await step("starting ministack, the AWS emulator", (onProgress) => startMinistack({ onProgress }));
    const complete = await demo(ministack, slack, (opened) => (root = opened));
    if (!once) {
      console.log("\n  Up until Ctrl-C.");
      await new Promise<void>((resolve) => process.once("SIGINT", resolve));
      return;
    }
    await step("terraform destroy", async () => root?.destroy());
    console.log(
      complete ? styleText("green", "\n  Every expected alert arrived.") : styleText("red", "\n  Not as expected."),
    );
    process.exitCode = complete ? 0 : 1;
  } finally {
    await root?.close();
    await slack.close();
    await ministack?.stop();
  }
}

await main().catch((error: unknown) => {
  console.error(`\n${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
});
