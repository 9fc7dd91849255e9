import type { Destination, Target } from "#model/destination.ts";
import type { Alert, News, Notice, Repeats } from "#model/news.ts";
import type { Outcome, Told } from "#model/outcome.ts";
import type { GuardedLedger, Ledger, Ports } from "#model/ports.ts";

/** The steps of telling, each already configured; the pipeline's `Stages` hold them. */
export interface TellingStages {
  /** routing: to whom, and to whom instead. */
  readonly targetsFor: (news: News) => readonly Target[];
  /** alerts: several of one group as one. */
  readonly together: (alerts: readonly [Alert, ...Alert[]]) => Alert;
  /** alerts: how alerts repeat the one that stands for their group. */
  readonly repeatsOf: (alerts: readonly [Alert, ...Alert[]], standing: Alert) => Repeats;
  /** alerts: repeats of one alert as one. */
  readonly joined: (some: Repeats | undefined, more: Repeats) => Repeats;
  /** alerts: what to say about repeats apart from the alert. */
  readonly moreNotice: (alert: Alert, repeats: Repeats, occasion: string) => Notice;
  /** ledger: what makes two deliveries the same. */
  readonly ledgerKey: (news: News, destination: Destination) => string;
  /** ledger: what a destination is called there. */
  readonly destinationKey: (destination: Destination) => string;
  /** ledger: what the window of a group is called there. */
  readonly windowId: (alert: Alert, destinationKey: string) => string;
  /** How long repeats are only counted, in milliseconds; 0 for not at all. */
  readonly windowMs: number;
  /** ledger: one that is never in the way. */
  readonly guard: (ledger: Ledger | undefined, onFailure: (error: unknown) => void) => GuardedLedger;
}

/** What one invocation remembers of its destinations, by what they are called in the ledger. */
export interface Invocation {
  readonly stages: TellingStages;
  readonly ports: Ports;
  readonly outcome: Outcome;
  readonly ledger: GuardedLedger;
  /** Those that do not take messages, and why: they are not tried again, and what is for them comes again. */
  readonly givenUp: Map<string, Untold>;
  /** Those that are told through their fallback, and why. */
  readonly dead: Map<string, string>;
  /** How many messages in a row were left open. */
  readonly strikes: Map<string, number>;
  /** First messages that say too few repeats by now, by the id of their window, and who can revise them. */
  readonly outdated: Map<string, Destination>;
}

/** News, and what the ledger calls it for a destination. */
export interface Member {
  readonly news: News;
  readonly key: string;
}

/** What one message says to one destination: one piece of news, or alerts of one group. */
export interface Letter {
  readonly kind: News["kind"];
  readonly target: Target;
  /** Those that are still to be told, by their keys. */
  readonly untold: Map<string, Member>;
  readonly counts: Told;
}

/** Why something was not told. */
export interface Untold {
  readonly reason: string;
  /** Only time was short: it may come again at once. */
  readonly soon?: boolean;
  /** How long the destination asks to be left alone. */
  readonly afterSeconds?: number;
}

/** What is kept of an invocation's time to hand back what was not told: log lines and the answer. In milliseconds. */
export const RESERVE_MS = 5_000;

/** The alerts of a letter; undefined for one with something else, which is never grouped. */
export function alertsOf(members: Iterable<Member>): readonly [Alert, ...Alert[]] | undefined {
  const [first, ...others] = Array.from(members).flatMap(({ news }) => (news.kind === "alert" ? [news] : []));
  return first === undefined ? undefined : [first, ...others];
}
