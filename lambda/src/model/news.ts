import type { RuleRef, Severity } from "./rule.ts";

/** One line of a message: a label of ours and a value that may be foreign text. */
export interface Fact {
  readonly label: string;
  readonly value: string;
  /** Where the value leads; made by us, never foreign. */
  readonly url?: string;
}

/** Where to look further; text and address are made by us, with names from the record only where they are encoded. */
export interface Link {
  readonly text: string;
  readonly url: string;
}

/** How a call ended. */
export const RESULTS = ["succeeded", "refused", "failed"] as const;
export type Result = (typeof RESULTS)[number];

/** One of several alerts that are told in one message. */
export interface Occurrence {
  readonly eventId: string;
  /** `eventTime` of the record. */
  readonly when: string | undefined;
  /** The same as the reader's clock shows it, without the year: `11 Jun 11:15:00`. */
  readonly time: string | undefined;
  /** What it says otherwise than the alert that stands for all: details, call, caller, origin, region. */
  readonly differs: readonly string[];
}

/** How often the same happened: see {@link Alert.group}. */
export interface Repeats {
  readonly count: number;
  readonly first: Occurrence;
  readonly last: Occurrence;
  /** The first of them, at most 20. */
  readonly occurrences: readonly Occurrence[];
}

/** What people are told about one record, or about several that are the same to them. */
export interface Alert {
  readonly kind: "alert";
  readonly severity: Severity;
  readonly title: string;
  /** The same for alerts with the same rules, actor, call, account and error: 32 hexadecimal digits. */
  readonly group: string;
  /** Set when it stands for several; what else it says is then of the first. */
  readonly repeats?: Repeats;
  /** Verbatim, so that it can be searched for; empty when the record has none. */
  readonly eventId: string;
  /** The account in which the call took effect: decides the route. */
  readonly accountId: string | undefined;
  /** What the configuration calls that account. */
  readonly accountName: string | undefined;
  readonly region: string | undefined;
  /** Service and call, such as `iam.amazonaws.com CreateUser`. */
  readonly what: string;
  /** The same in words, with what it was done to: `IAM CreateUser, user bob`. */
  readonly call: string;
  /** The caller as a person would say it: `alice via Identity Center (AdministratorAccess)`. */
  readonly who: string;
  /** The caller's ARN, where the record has one. */
  readonly callerArn: string | undefined;
  /** `eventTime` of the record: ISO 8601, UTC. */
  readonly when: string | undefined;
  /** The same as the reader's clock shows it: `Wed 11 Jun 2025, 11:15:00 Europe/Berlin (GMT+2)`. */
  readonly time: string | undefined;
  /** Source address or the name of the AWS service that called. */
  readonly from: string | undefined;
  readonly userAgent: string | undefined;
  /** Address and client in words: `198.51.100.7 · AWS CLI 2.15`. */
  readonly origin: string | undefined;
  readonly result: Result;
  /** Error code and message, or what stands for them; undefined when the call succeeded. */
  readonly error: string | undefined;
  /** What matters about this kind of call, most telling first: the ports that were opened, what a policy grants. At most 6. */
  readonly details: readonly Fact[];
  /** At most 6. */
  readonly links: readonly Link[];
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
  /** Of an alert that was told before. */
  readonly repeats?: Repeats;
}

/** Anything that is told. */
export type News = Alert | Notice;
