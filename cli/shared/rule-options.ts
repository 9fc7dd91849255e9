import { type Command, InvalidArgumentError, Option } from "commander";
import * as v from "valibot";
import { Messages } from "#config/message-settings.ts";
import { parsed, parseRuleSettings } from "#config/rule-settings.ts";
import { splitRules } from "#config/split-rules.ts";
import { defaultRules } from "#default-rules";
import type { RuleProblem } from "#model/decision.ts";
import { ConfigurationError } from "#model/errors.ts";
import { DEFAULT_LIMITS, type Limits } from "#model/log-file.ts";
import type { RuleDefinition } from "#model/rule.ts";
import type { MessageSettings, RuleSettings } from "#model/settings.ts";
import { examine } from "#rules/examine.ts";
import { type RuleSetResult, ruleSetOf } from "#rules/rule-set.ts";
import { CommandError } from "./command-error.ts";
import { type Document, readConfiguration, unknownVariables } from "./configuration-file.ts";
import type { Terminal } from "./terminal.ts";
import { counted, didYouMean } from "./text.ts";

/** Which rules a command is about. */
export interface RuleOptions {
  readonly config?: string;
  readonly pack: readonly string[];
  readonly allPacks?: true;
  /** False with `--no-default-rules`. */
  readonly defaultRules: boolean;
  readonly rule: readonly string[];
}

/** The rules that the options give, compiled. */
export interface Rules extends RuleSetResult {
  readonly settings: RuleSettings;
  /** Of log files and records. */
  readonly limits: Limits;
  /** How alerts are worded. */
  readonly messages: MessageSettings;
}

/** The packs of default rules, by name. */
const PACKS: readonly string[] = [...new Set(defaultRules.map(({ pack }) => pack))].sort();

/** Adds the options that say which rules a command is about. */
export function withRuleOptions(command: Command): Command {
  return command
    .option("--config <file>", "the configuration of a deployment, as JSON or YAML: the module's variables by name")
    .addOption(
      new Option("--pack <name>", "switch a whole pack on, also its opt-in rules (may be given several times)")
        .argParser(pack)
        .default([], "as configured"),
    )
    .option("--all-packs", "switch every pack on")
    .addOption(
      new Option("--no-default-rules", "leave out the default rules, but for the packs that --pack names").conflicts(
        "allPacks",
      ),
    )
    .addOption(
      new Option("--rule <expression>", "one more rule; the first is called rules[0] (may be given several times)")
        .argParser((text: string, before: readonly string[]) => [...before, text])
        .default([], "none"),
    );
}

/** Whether a command that takes default rules one by one is about those of a pack. */
export function isChosen(pack: string, { pack: packs, defaultRules }: RuleOptions): boolean {
  return packs.length === 0 ? defaultRules : packs.includes(pack);
}

function pack(name: string, before: readonly string[]): readonly string[] {
  if (PACKS.includes(name)) return [...before, name];
  throw new InvalidArgumentError(
    `there is no such pack${didYouMean(name, PACKS) || ` (there are ${PACKS.join(", ")})`}`,
  );
}

/**
 * The configuration document with what the options say.
 * @throws CommandError when the file cannot be read
 */
export async function documentOf(options: RuleOptions): Promise<Document> {
  const document = options.config === undefined ? {} : await readConfiguration(options.config);
  const { rules, rules_separator: separator = ",", packs } = document;
  const on = Object.fromEntries((options.allPacks ? PACKS : options.pack).map((name) => [name, true]));
  // Where a text has the rules, the others go behind those that are in it.
  const before = typeof rules === "string" && isSeparator(separator) ? splitRules(rules, separator) : (rules ?? []);
  return {
    ...document,
    ...(options.defaultRules ? {} : { use_default_rules: false, packs: {} }),
    ...(Object.keys(on).length === 0 ? {} : { packs: { ...(options.defaultRules ? Object(packs) : {}), ...on } }),
    ...(options.rule.length > 0 && Array.isArray(before) ? { rules: [...before, ...options.rule] } : {}),
  };
}

/** Whether a text of rules can be split at it. */
export function isSeparator(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

/** Reads the rules of a document, and how it words alerts. @throws ConfigurationError with every problem and its path, a line each */
export function rulesOf(document: Document): Rules {
  const settings = parseRuleSettings(document);
  // The key is given even where the document has none: then the schema's own default is what comes out.
  const { messages } = parsed(v.object({ messages: Messages }), { messages: document.messages });
  return { settings, ...ruleSetOf(settings, defaultRules, examine), limits: limitsOf(document.limits), messages };
}

function limitsOf(given: unknown = {}): Limits {
  const parsed = v.safeParse(v.record(v.string(), v.number()), given);
  if (parsed.success) return { ...DEFAULT_LIMITS, ...parsed.output };
  throw new ConfigurationError("limits: each must be a number");
}

/**
 * The rules that the options give.
 * @throws CommandError that lists what is wrong with them: with some of them left out, no answer would be one
 */
export async function loadRules(options: RuleOptions): Promise<Rules> {
  const document = await documentOf(options);
  try {
    const rules = rulesOf(document);
    const warnings = [...unknownVariables(document), ...rules.warnings];
    if (rules.problems.length === 0) return { ...rules, warnings };
    const problems = rules.problems.map(problemText).join("\n");
    throw new CommandError(`${counted(rules.problems.length, "problem")} in the rules; mend them first:\n${problems}`);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    throw new CommandError(`the configuration cannot be used; mend it first:\n${error.message}`, { cause: error });
  }
}

/** {@link loadRules}, and what may not be meant in them is said. */
export async function loadRulesFor(options: RuleOptions, terminal: Terminal): Promise<Rules> {
  const rules = await loadRules(options);
  for (const warning of rules.warnings) terminal.say(`cloudtrail-to-slack: warning: ${problemText(warning)}`);
  return rules;
}

/** What is asked for a rule: of one in Python, its translation. */
export function jexlOf({ id, expression }: RuleDefinition, translations: Rules["translations"]): string {
  return translations.find(({ ruleId, python }) => ruleId === id && python === expression)?.jexl ?? expression;
}

/** A problem of a rule as people read it; behind the first line stands the place in the expression. */
export function problemText({ ruleId, message }: RuleProblem): string {
  return `${ruleId}: ${message}`;
}
