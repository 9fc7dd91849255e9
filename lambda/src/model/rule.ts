/** From worst to least: the order in which rules of one alert are listed. */
export const SEVERITIES = ["critical", "high", "medium", "low", "info"] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Where a rule comes from: shipped with the module, written by the user, made from `events_to_track`, or an ignore rule. */
export type RuleOrigin = "default" | "custom" | "tracked" | "ignore";

/** What people are told of a rule. */
export interface RuleRef {
  readonly id: string;
  readonly origin: RuleOrigin;
  readonly severity: Severity;
  /** A sentence in plain words; absent for rules that are only an expression. */
  readonly title?: string;
}

/** A rule before it is compiled: a Jexl expression and what it is called. */
export interface RuleDefinition extends RuleRef {
  readonly expression: string;
}

/** Compares two severities: negative when `a` is worse than `b`. */
export function bySeverity(a: Severity, b: Severity): number {
  return SEVERITIES.indexOf(a) - SEVERITIES.indexOf(b);
}
