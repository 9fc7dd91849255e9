import type { Severity } from "./rule.ts";

/** Where news goes. Secrets are named, never held; `name` is what people are told of it, such as `default`. */
export type Destination =
  | { readonly kind: "slack_webhook"; readonly name: string; readonly hookParameter: string }
  | { readonly kind: "slack_app"; readonly name: string; readonly channelId: string; readonly tokenParameter: string }
  | { readonly kind: "sns"; readonly name: string; readonly topicArn: string };

/** Whom a message in Slack calls: a user group by its id, or everyone who is there. From the configuration, never from a record. */
export type Mention =
  | { readonly kind: "group"; readonly id: string }
  | { readonly kind: "broadcast"; readonly range: "here" | "channel" };

/** Whom to mention, and about what. */
export interface MentionRule {
  readonly mention: Mention;
  readonly severities: readonly Severity[];
}

/**
 * Takes news that fits all of what it names; of a list, one entry is enough. What is undefined fits everything, an empty
 * list nothing. Rules and packs are one question, and news that no rule gave fits neither.
 */
export interface Route {
  readonly name: string;
  readonly accounts: readonly string[] | undefined;
  readonly severities: readonly Severity[] | undefined;
  readonly rules: readonly string[] | undefined;
  readonly packs: readonly string[] | undefined;
  readonly destinations: readonly Destination[];
  /** Instead of the one for all. */
  readonly mention: MentionRule | undefined;
  /** Whether the news that it takes goes on as though it were not there. */
  readonly continues: boolean;
}

/** The destination of some accounts. */
export interface AccountRoute {
  readonly accounts: readonly string[];
  readonly destination: Destination;
}

/** The first route that names the account, else the default, else nowhere. */
export interface RouteTable {
  readonly routes: readonly AccountRoute[];
  readonly default?: Destination | undefined;
}

/** Who hears of what. */
export interface Routing {
  /** Asked in order, before the tables. */
  readonly routes: readonly Route[];
  /** For what no route kept. Each gives an account at most one destination. */
  readonly routing: readonly RouteTable[];
  readonly mention: MentionRule | undefined;
}

/** Whom to tell, and who is told instead when that destination is dead. */
export interface Target {
  readonly destination: Destination;
  readonly fallback?: Destination | undefined;
  /** Whom this news mentions there. */
  readonly mention?: Mention | undefined;
}

/** A message in Slack that others may be replies to. */
export interface Thread {
  readonly channelId: string;
  /** Slack's name for the message within its channel. https://docs.slack.dev/messaging/#threading */
  readonly ts: string;
}

/** Where the Slack App posts other than at the end of the channel: below a message, or in its place. */
export interface Place {
  readonly kind: "reply" | "revision";
  readonly thread: Thread;
}

/** How an attempt to tell ended. `reason` names the answer, never a secret. */
export type Delivery =
  /** `degraded`: why it was told as plain text only. `thread`: what was posted, where the Slack App posted it; of a reply only where it stands below its message. */
  | { readonly kind: "delivered"; readonly degraded?: string; readonly thread?: Thread }
  /** Not posted; may be tried again after the wait. */
  | { readonly kind: "throttled"; readonly retryAfterSeconds: number; readonly reason: string }
  /** May or may not have been posted: no answer, or an answer of a failing server. */
  | { readonly kind: "ambiguous"; readonly reason: string }
  /** The message itself was refused. */
  | { readonly kind: "refused"; readonly reason: string }
  /** The destination does not exist any more, or may not be used. */
  | { readonly kind: "dead"; readonly reason: string };
