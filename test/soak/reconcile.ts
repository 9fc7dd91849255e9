import type { LedgerRows } from "#test/support/ledger-rows.ts";
import type { Received } from "#test/support/slack-stand-in/inbox.ts";
import { headlineOf } from "#test/support/told.ts";
import { eventIdIn } from "./faulty-slack.ts";
import type { SoakFile } from "./load.ts";

/** What must have become of the load. */
export interface Promised {
  readonly bucket: string;
  readonly files: readonly SoakFile[];
  /** The channels that may tell of an account: one, or two where its hook died on the way. */
  readonly channelsOf: (account: string) => readonly string[];
  /** Headlines that may come beside the alerts, by how often they must. */
  readonly notices: ReadonlyMap<string, number>;
  /** `eventID` of messages that were posted without the function hearing of it: each may come once more. */
  readonly postedUnheard: readonly string[];
  /** Invocations that ended in their midst: each may have posted a message without confirming it. */
  readonly endedInTheMidst: number;
}

/** What there is to be seen. */
export interface Seen {
  readonly messages: readonly Received[];
  readonly rows: LedgerRows;
  readonly deadLetters: number;
}

export interface Reconciliation {
  readonly expected: number;
  readonly arrived: number;
  readonly duplicates: number;
  /** Duplicates that no unheard post of the same message explains. */
  readonly unexplained: readonly string[];
  /** When each alert first came, in milliseconds since 1970, by its `eventID`. */
  readonly firstMs: ReadonlyMap<string, number>;
  /** What does not fit, as sentences. */
  readonly problems: readonly string[];
}

/** Compares what was promised with what is there, to the last record. */
export function reconcile(promised: Promised, { messages, rows, deadLetters }: Seen): Reconciliation {
  const problems: string[] = [];
  const { files, channelsOf, bucket } = promised;
  const accountOf = new Map(files.flatMap(({ alerts, account }) => alerts.map((id) => [id, account] as const)));
  const times = new Map<string, number>();
  const firstMs = new Map<string, number>();
  const notices: string[] = [];
  for (const message of messages) {
    const id = eventIdIn(message.payload);
    const account = accountOf.get(id ?? "");
    if (id === undefined) notices.push(headlineOf(message));
    else if (account === undefined) problems.push(`not expected: ${id} in #${message.channel}`);
    else if (!channelsOf(account).includes(message.channel))
      problems.push(`in the wrong channel: ${id} in #${message.channel}`);
    else {
      times.set(id, (times.get(id) ?? 0) + 1);
      if (!firstMs.has(id)) firstMs.set(id, message.receivedAtMs);
    }
  }
  for (const id of accountOf.keys()) if (!times.has(id)) problems.push(`lost: ${id}`);

  const spare = Map.groupBy(promised.postedUnheard, (id) => id);
  const again = [...times].flatMap(([id, count]) => Array.from({ length: count - 1 }, () => id));
  const unexplained = again.filter((id) => spare.get(id)?.pop() === undefined);
  if (unexplained.length > promised.endedInTheMidst) {
    problems.push(
      `told again without a reason: ${unexplained.length}, and only ${promised.endedInTheMidst} invocations ended in their midst`,
    );
  }
  problems.push(...differences("notice", promised.notices, tally(notices)));

  const recordOf = (key: string) => /^alert\/\d+\/([^/ ]+)/.exec(key)?.[1] ?? key;
  const told = rows.delivered.filter((key) => key.startsWith("alert/"));
  const logFiles = rows.processed.filter((name) => !name.includes("/CloudTrail-Digest/"));
  problems.push(
    ...differences("delivered row", new Map([...accountOf.keys()].map((id) => [id, 1])), tally(told.map(recordOf))),
    ...rows.claimed.map((key) => `claimed, and never confirmed: ${key}`),
    ...differences("processed row", new Map(files.map(({ key }) => [`s3://${bucket}/${key}`, 1])), tally(logFiles)),
  );
  if (deadLetters > 0) problems.push(`${deadLetters} dead letters are left`);
  return { expected: accountOf.size, arrived: times.size, duplicates: again.length, unexplained, firstMs, problems };
}

function tally(names: readonly string[]): ReadonlyMap<string, number> {
  return new Map(
    Array.from(
      Map.groupBy(names, (name) => name),
      ([name, { length }]) => [name, length],
    ),
  );
}

function differences(
  what: string,
  expected: ReadonlyMap<string, number>,
  found: ReadonlyMap<string, number>,
): readonly string[] {
  const names = [...new Set([...expected.keys(), ...found.keys()])];
  return names.flatMap((name) => {
    const [should, is] = [expected.get(name) ?? 0, found.get(name) ?? 0];
    return should === is ? [] : [`${what}: ${is} instead of ${should} of ${name}`];
  });
}
