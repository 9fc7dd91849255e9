import type { RuleRef, Severity } from "./rule.ts";

/** One line of a message: a label of ours and a value that may be foreign text. */
export interface Fact {
  readonly label: string;
  readonly value: string;
  /** Where the value leads; made by us, never foreign. */
  readonly url?: string;
}

/** What people are told about one record. */
export interface Alert {
  readonly kind: "alert";
  readonly severity: Severity;
  readonly title: string;
  /** Verbatim, so that it can be searched for; empty when the record has none. */
  readonly eventId: string;
  /** The account in which the call took effect: decides the route. */
  readonly accountId: string | undefined;
  readonly region: string | undefined;
  /** Service and call, such as `iam.amazonaws.com CreateUser`. */
  readonly what: string;
  readonly who: string;
  /** `eventTime` of the record: ISO 8601, UTC. */
  readonly when: string | undefined;
  /** Source address or the name of the AWS service that called. */
  readonly from: string | undefined;
  readonly userAgent: string | undefined;
  /** Error code and message, or what stands for them; undefined when the call succeeded. */
  readonly error: string | undefined;
  readonly rules: readonly [RuleRef, ...RuleRef[]];
}

/** What people are told that is not about one call: a log file removed, an alarm, an Insight, a rule that does not work. */
export interface Notice {
  readonly kind: "notice";
  readonly severity: Severity;
  readonly title: string;
  /** The account that it concerns, where it concerns one: decides the route. */
  readonly accountId?: string | undefined;
  readonly facts: readonly Fact[];
  /** Tells it from another one with the same words, which would pass for the same otherwise. */
  readonly occasion?: string;
}

/** Anything that is told. */
export type News = Alert | Notice;
