import { logFile, type RawRecord, record, trailStoppedBySomebody } from "#test/support/records.ts";
import type { Random } from "./random.ts";

/**
 * What happens to a log file. `corrupt`: it is cut off until it is mended; `silent`: no notification of it comes;
 * `early`: a notification comes before the file.
 */
export type Fate = "usual" | "corrupt" | "silent" | "early";

export interface SoakFile {
  readonly key: string;
  readonly account: string;
  /** As CloudTrail meant it. */
  readonly bytes: Uint8Array;
  readonly records: number;
  /** The `eventID` of each record that must be told about. */
  readonly alerts: readonly string[];
  readonly fate: Fate;
}

/** What is done to the deployment, in order. `notify`: a notification that S3 itself does not send. */
export interface Action {
  readonly kind: "put" | "notify";
  readonly file: SoakFile;
}

/** What a run puts into the bucket. */
export interface Load {
  readonly files: readonly SoakFile[];
  /** Without the silent files. */
  readonly actions: readonly Action[];
  /** How many records stand in a second file too. */
  readonly repeatedRecords: number;
}

/** How many files of a hundred meet it; at least one does. */
const FATES = { corrupt: 1, silent: 3, early: 1 } as const;
/** The same, by chance. */
const NOTIFIED_AGAIN = 5;
const REPEATS_A_RECORD = 3;
/** How many actions later the second notification, or the file after its notification, comes. */
const LATER = 30;

/** The accounts of the run: `count` of them. */
export function soakAccounts(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => String(111111111111 + index));
}

/** Where CloudTrail puts the log file number `index`. @param day such as `2025/06/11` */
function keyFor(account: string, day: string, index: number): string {
  const stamp = `${day.replaceAll("/", "")}T0915Z`;
  const name = `${account}_CloudTrail_eu-central-1_${stamp}_${String(index).padStart(6, "0")}.json.gz`;
  return `AWSLogs/${account}/CloudTrail/eu-central-1/${day}/${name}`;
}

/** Makes up log files and what happens to them. Corrupt ones come in the first half, so that they are dead by the end. */
export function makeLoad(count: number, accounts: readonly string[], random: Random, now: Date): Load {
  const day = now.toISOString().slice(0, "2025-06-11".length).replaceAll("-", "/");
  const files: SoakFile[] = [];
  const lastAlert = new Map<string, RawRecord>();
  const fates = chooseFates(count, random);
  let repeatedRecords = 0;
  for (let index = 0; index < count; index += 1) {
    const account = accounts[random.below(accounts.length)] ?? "";
    const id = (what: string, number: number) => `${what}-${index}-${number}`;
    const noise = Array.from({ length: random.below(30) }, (_, number) =>
      record({ eventID: id("noise", number), recipientAccountId: account }),
    );
    const alerts = Array.from({ length: [0, 0, 1, 1, 1, 1, 1, 2, 2, 4][random.below(10)] ?? 0 }, (_, number) =>
      trailStoppedBySomebody(account, id("alert", number), { eventTime: now.toISOString() }),
    );
    const repeated = lastAlert.get(account);
    if (repeated !== undefined && random.happens(REPEATS_A_RECORD / 100)) {
      alerts.push(repeated);
      repeatedRecords += 1;
    } else if (alerts[0] !== undefined) lastAlert.set(account, alerts[0]);
    // Records with alerts stand among the others, so that a file that is cut off has told some of them.
    const records = noise.toSpliced(random.below(noise.length + 1), 0, ...alerts);
    files.push({
      key: keyFor(account, day, index),
      account,
      bytes: logFile(...records),
      records: records.length,
      alerts: alerts.map(({ eventID }) => String(eventID)),
      fate: fates.get(index) ?? "usual",
    });
  }
  return { files, actions: order(files, random), repeatedRecords };
}

/** @returns the fate of each file that meets one, by its number */
function chooseFates(count: number, random: Random): ReadonlyMap<number, Fate> {
  const fates = new Map<number, Fate>();
  for (const fate of ["corrupt", "silent", "early"] as const) {
    const among = fate === "corrupt" ? Math.ceil(count / 2) : count;
    for (let left = Math.ceil((count * FATES[fate]) / 100); left > 0; left -= 1) {
      let index = random.below(among);
      while (fates.has(index)) index = (index + 1) % count;
      fates.set(index, fate);
    }
  }
  return fates;
}

function order(files: readonly SoakFile[], random: Random): readonly Action[] {
  const actions: Action[] = [];
  const later: { readonly at: number; readonly action: Action }[] = [];
  for (const file of files) {
    if (file.fate === "silent") continue;
    if (file.fate === "early") {
      actions.push({ kind: "notify", file });
      later.push({ at: actions.length + LATER, action: { kind: "put", file } });
    } else actions.push({ kind: "put", file });
    if (file.fate === "usual" && random.happens(NOTIFIED_AGAIN / 100)) {
      const again: Action = { kind: "notify", file };
      if (random.happens(0.5)) actions.push(again, again, again, again);
      else later.push({ at: actions.length + LATER, action: again });
    }
    while (later[0] !== undefined && later[0].at <= actions.length) {
      actions.push(later[0].action);
      later.shift();
    }
  }
  actions.push(...later.map(({ action }) => action));
  return actions;
}

/** A log file that was cut off while it was written. */
export function cutOff(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(0, Math.ceil(bytes.length * 0.7));
}
