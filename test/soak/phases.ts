import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { inspect, isDeepStrictEqual } from "node:util";
import * as v from "valibot";
import { digest, digestFile, digestKeyOf, sealOf } from "#test/support/digests.ts";
import type { Ministack } from "#test/support/ministack.ts";
import { withoutNotifications } from "#test/support/notifications.ts";
import { BUCKET } from "#test/support/records.ts";
import type { SlackStandIn } from "#test/support/slack-stand-in/server.ts";
import { repoRoot, run } from "#test/support/tools.ts";
import { channelOf, DYING, FUNCTION, TIMEOUT_SECONDS } from "./deployed.ts";
import type { FaultySlack } from "./faulty-slack.ts";
import type { LogSoFar } from "./follow-log.ts";
import { killHard, type WatchedProcesses } from "./function-processes.ts";
import { cutOff, type Load, type SoakFile } from "./load.ts";
import type { Random } from "./random.ts";

const CLI = path.join(repoRoot, "cli/dist/cloudtrail-to-slack.js");
const OUTAGE_MS = 20_000;
const FILES_PER_SECOND = 10;
/** No more files are put while so many of the last seconds' are not told: the machine would only swap processes. */
const MAX_AWAITED = 16;
/** The same while Slack is out, so that the outage meets some. */
const MAX_AWAITED_IN_OUTAGE = 40;
const AWAITED_MS = 15_000;
const KILL_EVERY_MS = 5_000;
/** Whoever is at work has done something within this time. */
const QUIET_MS = (TIMEOUT_SECONDS + 2) * 1_000;
const MAX_SETTLING_MS = 600_000;
/** Log files whose digest file has another hash, and so one notice each. */
const ALTERED = 2;

/** A run under way. */
export interface Soak {
  readonly ministack: Ministack;
  readonly slack: SlackStandIn;
  readonly faulty: FaultySlack;
  readonly load: Load;
  readonly random: Random;
  readonly log: () => Promise<LogSoFar>;
  readonly put: (key: string, body: Uint8Array) => Promise<void>;
  readonly notify: (file: SoakFile) => Promise<void>;
  readonly queued: (name: "retry" | "dead-letters") => Promise<number>;
  /** When each file was put, in milliseconds since 1970. */
  readonly putAt: Map<string, number>;
  /** The `eventID` of each alert that has come. */
  readonly heard: ReadonlySet<string>;
  readonly processes: WatchedProcesses;
  readonly counts: {
    /** By the clock. */
    killed: number;
    mostQueued: number;
    deadLetters: number;
  };
}

/** A command of the program that users run. @returns what it prints as JSON */
async function cli(ministack: Ministack, ...args: readonly string[]): Promise<unknown> {
  const env = { PATH: process.env.PATH, ...ministack.env };
  const command = [CLI, ...args, "--function-name", FUNCTION, "--json"];
  const { stdout } = await run(process.execPath, command, { env, acceptedExitCodes: [0, 1], timeoutMs: 600_000 });
  return JSON.parse(stdout);
}

/** How many of the files put of late have an alert that has not come yet. */
function awaited({ load, putAt, heard }: Soak): number {
  const since = Date.now() - AWAITED_MS;
  return load.files.filter(({ key, alerts }) => (putAt.get(key) ?? 0) > since && !alerts.every((id) => heard.has(id)))
    .length;
}

/** Kills a process of the function now and then, until it is told to stop. */
async function killNowAndThen({ random, counts, processes }: Soak, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    await sleep(KILL_EVERY_MS, undefined, { signal: stop }).catch(() => undefined);
    const pid = stop.aborted ? undefined : processes.settled()[random.below(processes.settled().length)];
    if (pid !== undefined && killHard(pid)) counts.killed += 1;
  }
}

/** Files of which nobody hears. */
export async function putSilently({ ministack, load, put }: Soak): Promise<void> {
  await withoutNotifications(ministack, BUCKET, async () => {
    for (const { key, bytes, fate } of load.files) if (fate === "silent") await put(key, bytes);
  });
}

/** Everything but the silent files, as fast as the machine can bear, while Slack goes wrong and processes die. */
export async function push(soak: Soak, say: (text: string) => void): Promise<void> {
  const { load, faulty, slack, counts } = soak;
  const { actions } = load;
  const stop = new AbortController();
  const killing = killNowAndThen(soak, stop.signal);
  const started = Date.now();
  let outage: Promise<void> | undefined;
  let max = MAX_AWAITED;
  try {
    for (const [index, { kind, file }] of actions.entries()) {
      if (index === Math.floor(actions.length * 0.35)) {
        faulty.setOutage(true);
        max = MAX_AWAITED_IN_OUTAGE;
        outage = sleep(OUTAGE_MS).then(() => {
          faulty.setOutage(false);
          max = MAX_AWAITED;
        });
      }
      if (index === Math.floor(actions.length / 2)) faulty.kill(slack.hook(channelOf(DYING)));
      await sleep(Math.max(0, started + (index * 1_000) / FILES_PER_SECOND - Date.now()));
      while (awaited(soak) >= max) await sleep(100);
      if (kind === "notify") await soak.notify(file);
      else {
        soak.putAt.set(file.key, Date.now());
        const bytes = file.fate === "corrupt" ? cutOff(file.bytes) : file.bytes;
        await soak.put(file.key, bytes);
      }
      if (index % 25 === 0) {
        counts.mostQueued = Math.max(counts.mostQueued, await soak.queued("retry"));
        say(`${index} of ${actions.length}, ${slack.received().length} messages`);
      }
    }
    await outage;
  } finally {
    stop.abort();
    await killing;
  }
}

/** Waits until the retry queue is empty and nothing has happened for as long as an invocation may take. */
export async function settle(soak: Soak, say: (text: string) => void): Promise<void> {
  const { queued, counts, slack, log } = soak;
  const deadline = Date.now() + MAX_SETTLING_MS;
  let [quietSince, before] = [Date.now(), ""];
  while (Date.now() - quietSince < QUIET_MS) {
    const [waiting, dead] = [await queued("retry"), await queued("dead-letters")];
    const messages = slack.received().length;
    const now = JSON.stringify([(await log()).activity, messages, dead]);
    if (waiting > 0 || now !== before) quietSince = Date.now();
    before = now;
    counts.mostQueued = Math.max(counts.mostQueued, waiting);
    if (Date.now() > deadline)
      throw new Error(`after ${MAX_SETTLING_MS} ms, ${waiting} messages are in the retry queue still`);
    say(`${messages} messages, ${waiting} to be retried, ${dead} dead letters`);
    await sleep(1_000);
  }
}

const Redriven = v.object({ handedIn: v.number(), done: v.number(), failing: v.array(v.unknown()), left: v.number() });

/** Puts the mended files in silence, and hands in the dead letters until none is left. @returns how many were done */
export async function mend(soak: Soak): Promise<number> {
  const { ministack, load, put, counts, queued } = soak;
  const corrupt = load.files.filter(({ fate }) => fate === "corrupt");
  await withoutNotifications(ministack, BUCKET, async () => {
    for (const { key, bytes } of corrupt) await put(key, bytes);
  });
  counts.deadLetters = await queued("dead-letters");
  let done = 0;
  for (let round = 0; round < 3 && (await queued("dead-letters")) > 0; round += 1) {
    done += v.parse(Redriven, await cli(ministack, "redrive", "--concurrency", "4")).done;
  }
  return done;
}

/** One digest file for each account, which lists all of its log files; the first ones show an altered file. @returns those */
export async function putDigests(soak: Soak): Promise<readonly SoakFile[]> {
  const now = new Date(Math.ceil(Date.now() / 1_000) * 1_000);
  const until = now.toISOString().replace(/\.\d+|[-:]/g, "");
  const altered: SoakFile[] = [];
  for (const [account, files] of Map.groupBy(soak.load.files, (file) => file.account)) {
    const seals = Object.fromEntries(files.map(({ key, bytes }) => [key, sealOf(bytes)]));
    const [victim] = files.filter(({ fate }) => fate === "usual");
    if (victim !== undefined && account !== DYING && altered.length < ALTERED) {
      seals[victim.key] = "0".repeat(64);
      altered.push(victim);
    }
    const digestS3Object = digestKeyOf(until, { account });
    const own = { awsAccountId: account, digestS3Object, digestEndTime: now.toISOString() };
    await soak.put(digestS3Object, digestFile(digest(seals, own)));
  }
  return altered;
}

const Reconciled = v.object({
  listed: v.number(),
  processed: v.number(),
  missing: v.array(v.string()),
  altered: v.array(v.object({ object: v.string() })),
  removed: v.array(v.unknown()),
  breaks: v.array(v.unknown()),
  unreadable: v.array(v.unknown()),
});

/** What the program finds when it looks at the bucket and the ledger, as sentences. */
export async function audit({ ministack, load }: Soak, altered: readonly SoakFile[]): Promise<readonly string[]> {
  const found = v.parse(Reconciled, await cli(ministack, "reconcile", "--bucket", BUCKET, "--dry-run"));
  const files = load.files.length;
  const due = {
    ...{ listed: files, processed: files, missing: [], removed: [], breaks: [], unreadable: [] },
    altered: altered.map(({ key }) => `s3://${BUCKET}/${key}`).sort(),
  };
  const seen = { ...found, altered: found.altered.map(({ object }) => object).sort() };
  return isDeepStrictEqual(seen, due) ? [] : [`reconcile found ${inspect(seen)} instead of ${inspect(due)}`];
}
