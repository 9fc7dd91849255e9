/**
 * Thousands of log files through the deployed stack on an AWS emulator while nearly everything goes wrong, and then to
 * the last record: did each alert arrive? `make soak`; FILES=200 is a short run, SEED=2 another one;
 * LOG=file keeps the log of emulator and function.
 */
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { styleText } from "node:util";
import { writeNotifier } from "#lambda/build.ts";
import { bucketWriter } from "#test/support/deployment.ts";
import { laterInvoker } from "#test/support/invoke.ts";
import { ledgerRows } from "#test/support/ledger-rows.ts";
import { type Ministack, startMinistack } from "#test/support/ministack.ts";
import { queueClient } from "#test/support/queues.ts";
import { BUCKET, s3Payload } from "#test/support/records.ts";
import { startSlackStandIn } from "#test/support/slack-stand-in/server.ts";
import { step } from "#test/support/step.ts";
import type { TerraformRoot } from "#test/support/terraform.ts";
import { onProcessEnd, requireTool } from "#test/support/tools.ts";
import { ACCOUNTS, channelOf, DYING, deploy, FUNCTION } from "./deployed.ts";
import { eventIdIn, startFaultySlack } from "./faulty-slack.ts";
import { figures } from "./figures.ts";
import { followLog } from "./follow-log.ts";
import { killHard, processOfPort, watchProcesses } from "./function-processes.ts";
import { makeLoad } from "./load.ts";
import { audit, mend, push, putDigests, putSilently, type Soak, settle } from "./phases.ts";
import { seededRandom } from "./random.ts";
import { reconcile } from "./reconcile.ts";

/** Slack's own limits. A short burst is allowed: https://docs.slack.dev/apis/web-api/rate-limits */
const SLACK = { messagesPerSecond: 1, burst: 5 };

/** @returns what does not fit, as sentences */
async function soakIt(soak: Soak, startedMs: number): Promise<readonly string[]> {
  const { ministack, slack, faulty, load, putAt, counts, processes, log, queued } = soak;
  await step("putting files of which no notification comes", () => putSilently(soak));
  await step(`putting the rest of ${load.files.length} files while things go wrong`, (say) => push(soak, say));
  faulty.calm();
  await step("waiting until nothing is under way", (say) => settle(soak, say));
  const redriven = await step("mending files and handing in dead letters", () => mend(soak));
  const altered = await step("putting digest files", () => putDigests(soak));
  await step("waiting until nothing is under way", (say) => settle(soak, say));
  const audited = await step("cloudtrail-to-slack reconcile", () => audit(soak, altered));

  const seen = await log();
  const reconciliation = reconcile(
    {
      bucket: BUCKET,
      files: load.files,
      channelsOf: (account) => (account === DYING ? [channelOf(account), "default"] : [channelOf(account)]),
      notices: new Map([["🔴 CRITICAL · A CloudTrail file is not what CloudTrail wrote", altered.length]]),
      postedUnheard: faulty.postedUnheard,
      endedInTheMidst: seen.died + seen.timedOut,
    },
    {
      messages: slack.received(),
      rows: await ledgerRows(ministack, FUNCTION),
      deadLetters: await queued("dead-letters"),
    },
  );
  const delays = load.files
    .filter(({ fate }) => fate === "usual")
    .flatMap(({ key, alerts }) =>
      alerts.map((id) => ((reconciliation.firstMs.get(id) ?? 0) - (putAt.get(key) ?? 0)) / 1_000),
    )
    // The record was told because of another file.
    .filter((seconds) => seconds > 0);
  console.log(figures({ load, faulty, counts, processes, seen, reconciliation, redriven, delays, startedMs }));
  const broken = seen.complaints.get("counts do not reconcile") ?? 0;
  const unreconciled = broken > 0 ? [`the counts of ${broken} invocations do not reconcile`] : [];
  return [...reconciliation.problems, ...audited, ...unreconciled];
}

/** A whole number of the environment, from `least`. */
function setting(name: string, standard: number, least: number): number {
  const value = Number(process.env[name] || standard);
  if (Number.isInteger(value) && value >= least) return value;
  throw new Error(`${name} must be a whole number from ${least}, not ${process.env[name]}.`);
}

async function main(): Promise<void> {
  const startedMs = Date.now();
  const [files, seed] = [setting("FILES", 2_000, 10), setting("SEED", 1, 0)];
  console.log(`  FILES=${files} SEED=${seed}`);
  await requireTool("python3");
  await requireTool("terraform");
  await step("building the function's zip", writeNotifier);
  const folder = await mkdtemp(path.join(tmpdir(), "soak-"));
  const logFile = path.resolve(process.env.LOG || path.join(folder, "ministack.log"));
  const removeFolder = () => rmSync(folder, { recursive: true, force: true });
  const withdraw = onProcessEnd(removeFolder);
  const random = seededRandom(seed);
  const load = makeLoad(files, ACCOUNTS, random, new Date());
  const slack = await startSlackStandIn(SLACK);
  const counts = { killed: 0, mostQueued: 0, deadLetters: 0 };
  const processes = watchProcesses();
  const killSender = (port: number) => killHard(processOfPort(port, processes.all()) ?? Number.NaN);
  const faulty = await startFaultySlack(slack.url, random, killSender);
  const heard = new Set<string>();
  slack.onMessage(({ payload }) => heard.add(eventIdIn(payload) ?? ""));
  let root: TerraformRoot | undefined;
  let ministack: Ministack | undefined;
  try {
    const started = await step("starting ministack, the AWS emulator", (onProgress) =>
      startMinistack({ onProgress, logFile }),
    );
    ministack = started;
    root = await step("terraform init and apply: bucket, function, 41 hooks", () => deploy(started, slack, faulty));
    const notify = laterInvoker(ministack, FUNCTION);
    const put = bucketWriter(ministack);
    const queues = queueClient(ministack);
    const problems = await soakIt(
      {
        ...{ ministack, slack, faulty, load, random, log: followLog(logFile), putAt: new Map() },
        ...{ counts, heard, processes },
        put: (key, body) => put(BUCKET, key, body),
        notify: ({ key }) => notify(s3Payload(key)),
        queued: (name) => queues.count(`${started.endpoint}/000000000000/${FUNCTION}-${name}`),
      },
      startedMs,
    );
    for (const problem of problems.slice(0, 50)) console.log(styleText("red", `  ${problem}`));
    if (problems.length > 50) console.log(styleText("red", `  and ${problems.length - 50} more`));
    if (problems.length === 0) console.log(styleText("green", "  Everything reconciles, to the last record."));
    process.exitCode = problems.length === 0 ? 0 : 1;
  } finally {
    processes.stop();
    await root?.close();
    await faulty.close();
    await slack.close();
    await ministack?.stop();
    withdraw();
    removeFolder();
  }
}

await main().catch((error: unknown) => {
  console.error(`\n${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
});
