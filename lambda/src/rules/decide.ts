import { bareObject } from "#model/bare.ts";
import type { Judgement, RuleProblem } from "#model/decision.ts";
import type { JudgeableRecord } from "#model/record.ts";
import type { RuleRef } from "#model/rule.ts";
import type { CompiledRule, RuleSet } from "./rule-set.ts";
import { reasonOf, wordedBy } from "./wording.ts";

/** What one rule says of a record. */
export type Verdict =
  | { readonly kind: "matched" | "unmatched" }
  /** It would match, but for this exception of the user's. */
  | { readonly kind: "excepted"; readonly reason: string }
  /** Not it or not one of its exceptions could be asked. It counts as matched when only an exception failed. */
  | { readonly kind: "failed"; readonly matched: boolean; readonly message: string };

/**
 * What the rules say of a record. Ignore rules come first, and any match ends it; an alert lists every rule that
 * matched. A rule matches on `true` and nothing else. A rule that throws does not match, so a broken ignore rule
 * ignores nothing, and a broken exception excepts nothing; it is reported, and the others are asked all the same.
 */
export function decide(ruleSet: RuleSet, judgeable: JudgeableRecord): Judgement {
  const candidates = ruleSet.candidates(judgeable.record);
  if (candidates.length === 0) return { decision: { kind: "unmatched" }, problems: [] };
  const context = contextOf(judgeable, ruleSet.config);
  const problems: RuleProblem[] = [];
  const matches = (rule: CompiledRule): boolean => {
    const verdict = ask(rule, judgeable, context);
    if (verdict.kind !== "failed") return verdict.kind === "matched";
    problems.push({ ruleId: rule.ref.id, message: verdict.message });
    return verdict.matched && rule.ref.origin !== "ignore";
  };
  const told = ({ ref, wording: templates }: CompiledRule): RuleRef => {
    if (templates === undefined) return ref;
    const { wording, failures } = wordedBy(templates, context);
    problems.push(...failures.map((message) => ({ ruleId: ref.id, message })));
    return wording === undefined ? ref : { ...ref, wording };
  };
  const matched: CompiledRule[] = [];
  for (const rule of candidates) {
    if (!matches(rule)) continue;
    if (rule.ref.origin === "ignore") return { decision: { kind: "ignored", rule: rule.ref }, problems };
    matched.push(rule);
  }
  const [first, ...others] = matched.map(told);
  if (first === undefined) return { decision: { kind: "unmatched" }, problems };
  return { decision: { kind: "alert", rules: [first, ...others] }, problems };
}

/** Asks one rule. Never throws. @param context of {@link contextOf} */
export function ask(rule: CompiledRule, { record }: JudgeableRecord, context: object): Verdict {
  try {
    if (rule.matches(context) !== true) return { kind: "unmatched" };
  } catch (error) {
    return { kind: "failed", matched: false, message: `failed on a record: ${reasonOf(error)}` };
  }
  let failure: Verdict | undefined;
  for (const { holds, reason } of rule.exceptions) {
    try {
      if (holds(record, context)) return { kind: "excepted", reason };
    } catch (error) {
      const message = `an exception failed on a record: ${reasonOf(error)}`;
      failure ??= { kind: "failed", matched: true, message };
    }
  }
  return failure ?? { kind: "matched" };
}

/** What the names of an expression stand for. */
class Scope {
  readonly judgeable: JudgeableRecord;
  readonly config: unknown;
  #event: object | undefined;

  constructor(judgeable: JudgeableRecord, config: unknown) {
    this.judgeable = judgeable;
    this.config = config;
  }

  /** Most rules name what they ask for: the record is flattened for those that do not. */
  get event(): object {
    this.#event ??= Object.assign(bareObject(), this.judgeable.flat, this.judgeable.record);
    return this.#event;
  }
}

/** Answers name by name: rules ask for a few, and copying all fields of a record takes longer than asking them. */
const NAMES: ProxyHandler<Scope> = {
  get(scope, name) {
    if (name === "config") return scope.config;
    if (name === "event") return scope.event;
    return Reflect.get(scope.judgeable.record, name);
  },
};

/** `userIdentity.type`, `event.userIdentity.type` and `event['userIdentity.type']` all name the same value. */
export function contextOf(judgeable: JudgeableRecord, config: RuleSet["config"]): object {
  return new Proxy(new Scope(judgeable, config), NAMES);
}
