import type { CloudTrailRecord } from "./record.ts";
import type { RuleRef } from "./rule.ts";

/** What the rules say of one record. An alert lists every rule that matched, the most severe first. */
export type Decision =
  | { readonly kind: "alert"; readonly rules: readonly [RuleRef, ...RuleRef[]] }
  | { readonly kind: "ignored"; readonly rule: RuleRef }
  | { readonly kind: "unmatched" };

/** A record that deserves attention, unless the present state of what it changed says otherwise. */
export interface Suspect {
  readonly record: CloudTrailRecord;
  /** The most severe first; none when nothing is left to say. */
  readonly rules: readonly RuleRef[];
}

/** A rule that could not be asked: it does not parse, or it threw on a record. */
export interface RuleProblem {
  readonly ruleId: string;
  /** What failed, on what, and where in the expression; several lines when a place can be shown. */
  readonly message: string;
}

/** A decision, and the rules that failed on the way to it. */
export interface Judgement {
  readonly decision: Decision;
  readonly problems: readonly RuleProblem[];
}
