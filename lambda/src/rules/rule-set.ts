import type { Finding, Purpose } from "#expression/check.ts";
import { type Compiled, createTreeCompiler } from "#expression/compile.ts";
import { bareCopy } from "#model/bare.ts";
import type { RuleProblem } from "#model/decision.ts";
import { messageOf } from "#model/errors.ts";
import { bySeverity, type DefaultRule, type RuleDefinition, type RuleRef, type RulesLanguage } from "#model/rule.ts";
import type { RuleSettings } from "#model/settings.ts";
import { type Candidates, createCandidates } from "./candidates.ts";
import { type CompiledException, compileException } from "./exceptions.ts";
import { jexlOf } from "./language.ts";
import { createPrefilter, type RulePrefilter } from "./prefilter.ts";
import { settingProblems } from "./setting-problems.ts";
import { transforms } from "./transforms.ts";
import { type CompiledWording, compileWording } from "./wording.ts";

/** A rule that can be asked. */
export interface CompiledRule extends Compiled {
  readonly ref: RuleRef;
  readonly exceptions: readonly { readonly reason: string; readonly holds: CompiledException }[];
  /** Undefined where all words are ours. */
  readonly wording: CompiledWording | undefined;
}

/** All rules of a deployment, compiled once per cold start. */
export interface RuleSet {
  readonly ignore: readonly CompiledRule[];
  /** The most severe first; within a severity in the order given. */
  readonly alert: readonly CompiledRule[];
  /** What rules see as `config`. */
  readonly config: unknown;
  /** What tells records apart that no rule can match; made when it is first asked for. */
  readonly prefilter: RulePrefilter;
  /** Rules that may match a record, ignore rules first. */
  readonly candidates: Candidates;
}

/** An expression of a user in Python, and what it became. */
export interface Translation {
  /** Of an exception with its place: `root-activity.exceptions[0]`. */
  readonly ruleId: string;
  readonly python: string;
  readonly jexl: string;
}

/** What became of rule definitions. */
export interface RuleSetResult {
  readonly ruleSet: RuleSet;
  /** What was left out, and why. */
  readonly problems: readonly RuleProblem[];
  /** What holds, but perhaps not as it was meant. */
  readonly warnings: readonly RuleProblem[];
  readonly translations: readonly Translation[];
}

const compileAnew = createTreeCompiler(transforms);
/** Pure, so that what was compiled once serves the self-check and the payloads after it. */
const compiledBefore = new Map<string, Compiled>();

/** @throws ExpressionError */
function compile(jexl: string): Compiled {
  const compiled = compiledBefore.get(jexl) ?? compileAnew(jexl);
  compiledBefore.set(jexl, compiled);
  return compiled;
}

/** Whether a default rule is on: what is said of it by itself counts before what is said of its pack. */
export function isOn({ id, pack, enabled }: DefaultRule, settings: Omit<RuleSettings, "rules">): boolean {
  return settings.overrides[id]?.enabled ?? settings.packs[pack] ?? (settings.useDefaultRules && enabled);
}

const ALWAYS = { matches: () => true };
const SAME_ID = "another rule has the same id; give each its own";
const IGNORE_TELLS_NOTHING = "an ignore rule tells nothing; leave its title and details out of rule_overrides";

/** The default rules that are on, and the user's. What cannot be used is reported beside what was wrong already. */
export function ruleSetOf(
  settings: RuleSettings,
  defaultRules: readonly DefaultRule[],
  examine?: Examine,
): RuleSetResult {
  const definitions = [...defaultRules.filter((rule) => isOn(rule, settings)), ...settings.rules];
  const result = createRuleSet(definitions, settings.ruleConfig, settings, examine);
  // What switches a rule of ours off would switch off the user's, too.
  const off = new Set(defaultRules.filter((rule) => !isOn(rule, settings)).map(({ id }) => id));
  const namesakes = settings.rules.filter(({ id }) => off.has(id)).map(({ id }) => ({ ruleId: id, message: SAME_ID }));
  const problems = [...settings.problems, ...settingProblems(settings, defaultRules), ...namesakes, ...result.problems];
  return { ...result, problems };
}

/** What can be said of an expression before there is a record, beside that it compiles. */
export type Examine = (jexl: string, purpose: Purpose) => readonly Finding[];

/** Compiles rules. One that cannot be used is left out and reported; the others hold. */
export function createRuleSet(
  definitions: readonly RuleDefinition[],
  config: Readonly<Record<string, unknown>>,
  { overrides = {}, language = "auto" }: Partial<Pick<RuleSettings, "overrides" | "language">> = {},
  examine: Examine = () => [],
): RuleSetResult {
  const problems: RuleProblem[] = [];
  const warnings: RuleProblem[] = [];
  const translations: Translation[] = [];
  const compiled: CompiledRule[] = [];

  /** @param part of the rule in which it stands; undefined when it is the rule's own */
  const read = (ruleId: string, part: string | undefined, text: string, language: RulesLanguage) => {
    const what = part === undefined ? "the expression" : `${part}: the expression`;
    try {
      const { jexl, isTranslated } = jexlOf(text, language);
      const place = part === undefined ? ruleId : `${ruleId}.${part}`;
      if (isTranslated) translations.push({ ruleId: place, python: text, jexl });
      if (isTranslated && jexl === "false") warnings.push({ ruleId, message: `${what} is false for every record` });
      const findings = isTranslated ? [] : examine(jexl, "condition");
      for (const { severity, message } of findings)
        (severity === "error" ? problems : warnings).push({ ruleId, message: `${what} ${message}` });
      return findings.some(({ severity }) => severity === "error") ? undefined : compile(jexl);
    } catch (error) {
      problems.push({ ruleId, message: `${what} ${messageOf(error)}` });
      return undefined;
    }
  };

  const ids = new Set<string>();
  for (const definition of definitions) {
    const { id, origin, title, expression, pack, investigate } = definition;
    if (ids.has(id)) {
      problems.push({ ruleId: id, message: SAME_ID });
      continue;
    }
    ids.add(id);
    const override = overrides[id];
    const { severity = definition.severity, enabled = true, exceptions = [] } = override ?? {};
    if (!enabled) continue;
    const worded = compileWording(override, examine);
    for (const { severity, message } of worded.findings)
      (severity === "error" ? problems : warnings).push({ ruleId: id, message });
    if (worded.wording !== undefined && origin === "ignore")
      problems.push({ ruleId: id, message: IGNORE_TELLS_NOTHING });
    // Ours are Jexl, whatever the user writes.
    const isOurs = pack !== undefined || origin === "tracked";
    const own = read(id, undefined, expression, isOurs ? "jexl" : language);
    if (own === undefined) continue;
    const usable = exceptions.flatMap((exception, index) => {
      const { reason, expression: text } = exception;
      const condition = text === undefined ? ALWAYS : read(id, `exceptions[${index}]`, text, language);
      return condition === undefined ? [] : [{ reason, holds: compileException(exception, condition.matches) }];
    });
    // Without one of its exceptions it would ignore too much.
    if (origin === "ignore" && usable.length < exceptions.length) continue;
    const ref: RuleRef = {
      id,
      origin,
      severity,
      ...(title === undefined ? {} : { title }),
      ...(pack === undefined ? {} : { pack }),
      ...(investigate === undefined ? {} : { investigate }),
    };
    compiled.push({ ...own, ref, exceptions: usable, wording: worded.wording });
  }
  const [ignore, alert] = [
    compiled.filter(({ ref }) => ref.origin === "ignore"),
    compiled.filter(({ ref }) => ref.origin !== "ignore").sort((a, b) => bySeverity(a.ref.severity, b.ref.severity)),
  ];
  return { ruleSet: ruleSetWith(ignore, alert, bareCopy(config)), problems, warnings, translations };
}

function ruleSetWith(ignore: readonly CompiledRule[], alert: readonly CompiledRule[], config: unknown): RuleSet {
  const rules = [...ignore, ...alert];
  let prefilter: RulePrefilter | undefined;
  let candidates: Candidates | undefined;
  return {
    ignore,
    alert,
    config,
    get prefilter() {
      prefilter ??= createPrefilter(rules, config);
      return prefilter;
    },
    get candidates() {
      candidates ??= createCandidates(this.prefilter, rules);
      return candidates;
    },
  };
}
