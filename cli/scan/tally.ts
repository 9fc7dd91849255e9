import type { Alert } from "#model/news.ts";
import { type CloudTrailRecord, textAt } from "#model/record.ts";
import { bySeverity, type RuleRef } from "#model/rule.ts";

/** What a rule found. */
export interface RuleTally {
  readonly rule: RuleRef;
  readonly alerts: number;
  /** `eventTime` of the earliest and of the latest alert, where any tells it. */
  readonly first: string | undefined;
  readonly last: string | undefined;
  /** Those who caused most alerts, with how many, the busiest first. */
  readonly actors: readonly (readonly [actor: string, alerts: number])[];
}

/** Counts alerts by rule. Takes no more memory than the rules and {@link MAX_ACTORS} actors of each. */
export interface Tally {
  add(record: CloudTrailRecord, alert: Alert): void;
  /** The most severe first, then those with most alerts. */
  rules(): readonly RuleTally[];
}

/** More callers than these come from somebody who makes names up; the first ones stand for them. */
const MAX_ACTORS = 1_000;
/** An ARN has at most 2,048 characters; a table has less room. */
const MAX_ACTOR = 80;
const TOP = 2;

/** A tally without alerts. */
export function newTally(): Tally {
  const found = new Map<
    string,
    { rule: RuleRef; alerts: number; first?: string; last?: string; actors: Map<string, number> }
  >();
  return {
    add(record, { rules, when }) {
      const actor = actorOf(record);
      for (const rule of rules) {
        const counts = found.get(rule.id) ?? { rule, alerts: 0, actors: new Map<string, number>() };
        found.set(rule.id, counts);
        counts.alerts += 1;
        if (when !== undefined) {
          if (counts.first === undefined || when < counts.first) counts.first = when;
          if (counts.last === undefined || when > counts.last) counts.last = when;
        }
        const before = counts.actors.get(actor);
        if (before !== undefined || counts.actors.size < MAX_ACTORS) counts.actors.set(actor, (before ?? 0) + 1);
      }
    },
    rules: () =>
      [...found.values()]
        .map(({ rule, alerts, first, last, actors }) => ({
          rule,
          alerts,
          first,
          last,
          actors: [...actors].sort(([, a], [, b]) => b - a).slice(0, TOP),
        }))
        .sort((a, b) => bySeverity(a.rule.severity, b.rule.severity) || b.alerts - a.alerts),
  };
}

/** Who it was in few letters: `user/alice`, `assumed-role/admin/bob`, `root`, `autoscaling.amazonaws.com`. */
export function actorOf(record: CloudTrailRecord): string {
  const arn = textAt(record, "userIdentity", "arn")?.split(":").slice(5).join(":");
  const names = ["userName", "invokedBy", "principalId", "accountId", "type"];
  const name = names.map((key) => textAt(record, "userIdentity", key)).find((value) => value !== undefined);
  return (arn || name || "unknown").slice(0, MAX_ACTOR);
}
