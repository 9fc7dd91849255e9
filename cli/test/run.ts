import type { FoundRule } from "#cli/shared/rule-files.ts";
import type { RulesLanguage } from "#model/rule.ts";
import type { RuleSettings } from "#model/settings.ts";
import { flatten } from "#records/flatten.ts";
import { ask, contextOf } from "#rules/decide.ts";
import { examine } from "#rules/examine.ts";
import { createRuleSet } from "#rules/rule-set.ts";
import { onlyWordings, wordedBy } from "#rules/wording.ts";

/** What the records beside a rule say of it. */
export interface TestedRule {
  readonly id: string;
  readonly file: string;
  /** How many records it was asked about. */
  readonly records: number;
  /** What is not as the file says; a rule without any holds. Continues the sentence "the rule …". */
  readonly failures: readonly string[];
  readonly warnings: readonly string[];
}

/** What rules see as `config`, and what they may be written in. */
export interface TestOptions {
  readonly config: Readonly<Record<string, unknown>>;
  readonly language: RulesLanguage;
  /** Of which the templates are tried on the records that match; the rest is not the rule's. */
  readonly overrides: RuleSettings["overrides"];
}

/** Asks a rule about the records in its file. Never throws. */
export function testRule({ file, rule }: FoundRule, { config, language, overrides }: TestOptions): TestedRule {
  const { id, severity, expression, kind, matching, nonMatching } = rule;
  const definition = { id, severity, expression, origin: kind === "ignore" ? "ignore" : "custom" } as const;
  const settings = { ...config, ...rule.config };
  const { ruleSet, problems, warnings } = createRuleSet(
    [definition],
    settings,
    { language, overrides: onlyWordings(overrides) },
    examine,
  );
  const [compiled] = [...ruleSet.ignore, ...ruleSet.alert];
  const failureOf = (element: unknown, expected: boolean): string | undefined => {
    if (compiled === undefined) return undefined;
    const judgeable = flatten(element);
    if ("unjudgeable" in judgeable) return judgeable.unjudgeable;
    const verdict = ask(compiled, judgeable, contextOf(judgeable, ruleSet.config));
    if (verdict.kind === "failed") return verdict.message;
    if ((verdict.kind === "matched") === expected) return undefined;
    return expected ? "does not match" : "matches";
  };
  const failuresOf = (name: string, records: readonly unknown[], expected: boolean) =>
    records.flatMap((element, index) => {
      const failure = failureOf(element, expected);
      return failure === undefined ? [] : [`${name}[${index}]: ${failure}`];
    });
  // These records hold little beside what the rule asks for, so that a template may fail on them and nowhere else.
  const unworded = matching.flatMap((element, index) => {
    const judgeable = flatten(element);
    if (compiled?.wording === undefined || "unjudgeable" in judgeable) return [];
    const { failures } = wordedBy(compiled.wording, contextOf(judgeable, ruleSet.config));
    return failures.map((failure) => `matching[${index}]: ${failure}`);
  });
  return {
    id,
    file,
    records: matching.length + nonMatching.length,
    failures: [
      ...problems.map(({ message }) => message),
      ...failuresOf("matching", matching, true),
      ...failuresOf("nonMatching", nonMatching, false),
    ],
    warnings: [
      ...warnings.map(({ message }) => message),
      ...unworded,
      ...(matching.length === 0 ? ["has no record in `matching`"] : []),
      ...(nonMatching.length === 0 ? ["has no record in `nonMatching`"] : []),
    ],
  };
}
