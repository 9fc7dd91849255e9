import { bareObject } from "#model/bare.ts";
import type { Judgement, RuleProblem } from "#model/decision.ts";
import type { JudgeableRecord } from "#model/record.ts";
import type { RuleRef } from "#model/rule.ts";
import type { CompiledRule, RuleSet } from "./rule-set.ts";

/**
 * What the rules say of a record. Ignore rules come first, and any match ends it; an alert lists every rule that
 * matched. A rule matches on `true` and nothing else. A rule that throws does not match, so a broken ignore rule
 * ignores nothing; it is reported, and the others are asked all the same.
 */
export function decide(ruleSet: RuleSet, judgeable: JudgeableRecord): Judgement {
  const context = contextOf(judgeable, ruleSet.config);
  const problems: RuleProblem[] = [];
  const matches = ({ ref, matches }: CompiledRule): boolean => {
    try {
      return matches(context) === true;
    } catch (error) {
      problems.push({ ruleId: ref.id, message: `failed on a record: ${reasonOf(error)}` });
      return false;
    }
  };
  const ignoredBy = ruleSet.ignore.find(matches);
  if (ignoredBy !== undefined) return { decision: { kind: "ignored", rule: ignoredBy.ref }, problems };
  const [first, ...others] = ruleSet.alert.filter(matches).map(({ ref }): RuleRef => ref);
  if (first === undefined) return { decision: { kind: "unmatched" }, problems };
  return { decision: { kind: "alert", rules: [first, ...others] }, problems };
}

/** In our own words: the engine's may quote a value of the record. */
function reasonOf(error: unknown): string {
  if (error instanceof TypeError) return "it asks for a part of something that is not there";
  return `the engine gave up (${error instanceof Error ? error.name : typeof error})`;
}

/** `userIdentity.type`, `event.userIdentity.type` and `event['userIdentity.type']` all name the same value. */
function contextOf({ record, flat }: JudgeableRecord, config: RuleSet["config"]): object {
  const event = Object.assign(bareObject(), flat, record);
  return Object.assign(bareObject(), record, { event, config });
}
