import type { RuleProblem } from "./decision.ts";
import { IncompleteError, messageOf } from "./errors.ts";
import type { LimitName } from "./log-file.ts";
import type { ObjectKind } from "./source-item.ts";

/** A unit of work that was not finished and must come again. */
export interface Failure {
  /** The file, destination or part of the payload. */
  readonly what: string;
  readonly reason: string;
  /** Whether only time was short, so that there is nothing to wait for. */
  readonly soon?: boolean;
  /** How long the destination asks to be left alone. */
  readonly afterSeconds?: number;
  /** The queue message that it belongs to, where there is one. */
  ackId?: string;
}

/** What was thrown as a failure. */
export function failureOf(what: string, error: unknown): Failure {
  return { what, reason: messageOf(error), ...(error instanceof IncompleteError ? { soon: true } : {}) };
}

/** A record that could not be judged: reported, but no reason to read its file again. */
export interface RecordProblem {
  /** Where the record stands: log file and index in `Records`, or what brought it. */
  readonly where: string;
  readonly reason: string;
}

/** What became of news of one kind, counted by destination. */
export interface Told {
  in: number;
  delivered: number;
  /** By an earlier or a simultaneous invocation. */
  alreadyDelivered: number;
  /** Told within the message of another. */
  grouped: number;
  failed: number;
}

/** The counts of one invocation. They reconcile: see {@link brokenIdentities}. */
export interface Outcome {
  readonly objects: Record<ObjectKind, number> & { in: number; failed: number };
  readonly records: { in: number; alerted: number; ignored: number; unmatched: number; failed: number };
  /**
   * What the records gave and the teller was given: alerts, the records that notices about Insights were made of, and how
   * often news is to be told, once for each of its destinations.
   */
  readonly news: { alerts: number; insights: number; copies: number };
  /** One alert for two destinations counts twice: each has to arrive. */
  readonly alerts: Told;
  readonly notices: Told;
  readonly controls: { in: number };
  /** Messages of a queue, each of which is acknowledged by itself. */
  readonly messages: { in: number; failed: number };
  /** Calls that AWS refused for lack of permission, and how many of them an ignore rule took out. */
  readonly refusedCalls: { total: number; ignored: number };
  /** How often something was over a limit of the configuration. */
  readonly limits: Record<LimitName, number>;
  /** Records whose news could not be put into words and was told in theirs. */
  readonly wording: { failed: number };
  /** Answers of destinations that an eye should be kept on. */
  readonly answers: { throttled: number; ambiguous: number; degraded: number };
  /** Names of the destinations that cannot be used any more. */
  readonly deadDestinations: Set<string>;
  /** Calls of the ledger that failed: what they were about was told all the same. */
  readonly ledger: { failed: number };
  /** How often the function asked to be invoked again at the end of a window. */
  readonly wakes: { asked: number };
  /** Units of work that were not begun or not finished for lack of time. */
  readonly handedBack: { count: number };
  /** What digest files showed: log files that never came here, and files that are not what CloudTrail wrote. */
  readonly completeness: { missing: number; altered: number };
  /** How often digest files were looked for where there are none. */
  readonly digestsNotFound: { count: number };
  readonly failures: Failure[];
  /** The first {@link MAX_REPORTED} of `records.failed`. */
  readonly recordProblems: RecordProblem[];
  /** One per rule, however often it failed. */
  readonly ruleProblems: Map<string, RuleProblem>;
}

/** How many records that cannot be judged are named; the others are only counted. */
export const MAX_REPORTED = 20;

/** An outcome in which nothing has happened yet. */
export function newOutcome(): Outcome {
  return {
    objects: { in: 0, log: 0, digest: 0, insight: 0, "network-activity": 0, aggregated: 0, other: 0, failed: 0 },
    records: { in: 0, alerted: 0, ignored: 0, unmatched: 0, failed: 0 },
    news: { alerts: 0, insights: 0, copies: 0 },
    alerts: { in: 0, delivered: 0, alreadyDelivered: 0, grouped: 0, failed: 0 },
    notices: { in: 0, delivered: 0, alreadyDelivered: 0, grouped: 0, failed: 0 },
    controls: { in: 0 },
    messages: { in: 0, failed: 0 },
    refusedCalls: { total: 0, ignored: 0 },
    limits: { file_bytes: 0, file_records: 0, record_bytes: 0, record_depth: 0, record_values: 0 },
    wording: { failed: 0 },
    answers: { throttled: 0, ambiguous: 0, degraded: 0 },
    deadDestinations: new Set(),
    ledger: { failed: 0 },
    wakes: { asked: 0 },
    handedBack: { count: 0 },
    completeness: { missing: 0, altered: 0 },
    digestsNotFound: { count: 0 },
    failures: [],
    recordProblems: [],
    ruleProblems: new Map(),
  };
}

/** The identities that do not hold, as sentences. Anything here is a defect: something was dropped without being counted. */
export function brokenIdentities({ objects, records, news, alerts, notices }: Outcome): readonly string[] {
  const broken: string[] = [];
  const check = (name: string, whole: number, parts: readonly number[]) => {
    const sum = parts.reduce((total, part) => total + part, 0);
    if (whole !== sum) broken.push(`${name}: ${whole} in, but ${parts.join(" + ")} = ${sum} accounted for`);
  };
  const { in: objectsIn, failed: _alsoCountedByKind, ...kinds } = objects;
  check("objects", objectsIn, Object.values(kinds));
  check("records", records.in, [records.alerted, records.ignored, records.unmatched, records.failed]);
  check("alerted records", records.alerted, [news.alerts, news.insights]);
  check("copies of news", news.copies, [alerts.in, notices.in]);
  for (const [name, { in: whole, ...parts }] of Object.entries({ alerts, notices })) {
    check(name, whole, Object.values(parts));
  }
  return broken;
}
