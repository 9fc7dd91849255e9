import { createCompiler, type Predicate } from "#expression/compile.ts";
import { bareCopy } from "#model/bare.ts";
import type { RuleProblem } from "#model/decision.ts";
import { bySeverity, type RuleDefinition, type RuleRef } from "#model/rule.ts";
import type { Settings } from "#model/settings.ts";
import { isCall } from "./call-name.ts";

/** A rule that can be asked. */
export interface CompiledRule {
  readonly ref: RuleRef;
  readonly matches: Predicate;
}

/** All rules of a deployment, compiled once per cold start. */
export interface RuleSet {
  readonly ignore: readonly CompiledRule[];
  /** The most severe first; within a severity in the order given. */
  readonly alert: readonly CompiledRule[];
  /** What rules see as `config`. */
  readonly config: unknown;
}

const compile = createCompiler({ isCall });

/** The default rules, where they apply, and the user's. What does not compile is reported beside what was wrong already. */
export function ruleSetOf(
  settings: Pick<Settings, "useDefaultRules" | "rules" | "ruleConfig" | "problems">,
  defaultRules: readonly RuleDefinition[],
): ReturnType<typeof createRuleSet> {
  const definitions = [...(settings.useDefaultRules ? defaultRules : []), ...settings.rules];
  const { ruleSet, problems } = createRuleSet(definitions, settings.ruleConfig);
  return { ruleSet, problems: [...settings.problems, ...problems] };
}

/** Compiles rules. One that does not compile is left out and reported; the others hold. */
export function createRuleSet(
  definitions: readonly RuleDefinition[],
  config: Readonly<Record<string, unknown>>,
): { readonly ruleSet: RuleSet; readonly problems: readonly RuleProblem[] } {
  const problems: RuleProblem[] = [];
  const compiled: CompiledRule[] = [];
  const ids = new Set<string>();
  for (const { expression, ...ref } of definitions) {
    if (ids.has(ref.id)) {
      problems.push({ ruleId: ref.id, message: "another rule has the same id; give each its own" });
      continue;
    }
    ids.add(ref.id);
    try {
      compiled.push({ ref, matches: compile(expression) });
    } catch (error) {
      problems.push({ ruleId: ref.id, message: `the expression ${error instanceof Error ? error.message : error}` });
    }
  }
  const [ignore, alert] = [
    compiled.filter(({ ref }) => ref.origin === "ignore"),
    compiled.filter(({ ref }) => ref.origin !== "ignore").sort((a, b) => bySeverity(a.ref.severity, b.ref.severity)),
  ];
  return { ruleSet: { ignore, alert, config: bareCopy(config) }, problems };
}
