import { readFile } from "node:fs/promises";
import { InvalidArgumentError, Option } from "commander";
import { splitRules } from "#config/split-rules.ts";
import { ExpressionError } from "#expression/expression-error.ts";
import { translatePython } from "#expression/python/translate.ts";
import { messageOf } from "#model/errors.ts";
import { createRuleSet } from "#rules/rule-set.ts";
import type { AddCommand } from "./shared/command.ts";
import { CommandError } from "./shared/command-error.ts";
import { readConfiguration } from "./shared/configuration-file.ts";
import { jsonLine } from "./shared/json-line.ts";
import { isSeparator } from "./shared/rule-options.ts";

interface Options {
  readonly file?: string;
  readonly separator?: string;
  readonly config?: string;
  readonly rule: readonly string[];
  readonly json?: true;
}

/** A rule, and what it is in Jexl. */
interface Converted {
  readonly rule: string;
  /** Undefined when it cannot be translated. */
  readonly jexl: string | undefined;
  /** Why it cannot; continues the sentence "the expression …", with the place. */
  readonly problem: string | undefined;
}

/** Reads standard input to its end. */
export type ReadInput = () => Promise<string>;

/** Far above what 16 parameters of 4 KB hold. In characters. */
const MAX_INPUT = 4 * 2 ** 20;

/** `convert`: rules in Python to Jexl. Tests give another standard input. */
export const addConvert: AddCommand = (program, surroundings) => addConvertWith(standardInput)(program, surroundings);

/** {@link addConvert} with another standard input. */
export const addConvertWith =
  (readInput: ReadInput): AddCommand =>
  (program, { terminal, finish }) => {
    program
      .command("convert")
      .summary("translates rules of the older Python module to Jexl")
      .description(
        "Translates rules of the older Python module to Jexl, and prints each in its own line.\n" +
          "Without rules it reads them from standard input, one in a line. Exits with 1 when one cannot be translated.",
      )
      .argument("[rules...]", "each a rule, or with --separator several")
      .option("--file <file>", "read the rules from a file, one in a line; - is standard input")
      .option(
        "--separator <text>",
        "what separates rules, as the module's `rules_separator`; not inside brackets or quotes",
        notEmpty,
      )
      .option("--config <file>", "translate `rules` and `ignore_rules` of this configuration (JSON or YAML)")
      .addOption(
        new Option("--rule <expression>", "one more rule (may be given several times)")
          .argParser((text: string, before: readonly string[]) => [...before, text])
          .default([], "none"),
      )
      .option("--json", "print one JSON object")
      .action(async (rules: readonly string[], options: Options) => {
        const converted = (await given([...rules, ...options.rule], options, readInput)).map(convert);
        if (options.json) terminal.out(jsonLine({ rules: converted }));
        else {
          for (const { jexl } of converted) if (jexl !== undefined) terminal.out(jexl);
          converted.forEach(({ problem }, index) => {
            if (problem !== undefined)
              terminal.say(`cloudtrail-to-slack: rule ${index + 1}: the expression ${problem}`);
          });
        }
        finish(converted.some(({ problem }) => problem !== undefined) ? 1 : 0);
      });
  };

function notEmpty(text: string): string {
  if (text === "") throw new InvalidArgumentError("it must not be empty");
  return text;
}

async function given(rules: readonly string[], options: Options, readInput: ReadInput): Promise<readonly string[]> {
  const { file, separator, config } = options;
  const split = (text: string, between: string | undefined) =>
    between === undefined ? [text] : splitRules(text, between);
  const configured = config === undefined ? [] : await rulesOf(config, separator);
  const nothing = rules.length === 0 && config === undefined && file === undefined;
  const text = nothing || file === "-" ? await readInput() : file === undefined ? "" : await textOf(file);
  const found = [...rules.flatMap((rule) => split(rule, separator)), ...split(text, separator ?? "\n"), ...configured];
  if (found.length > 0) return found;
  throw new CommandError("there is no rule to translate; give rules, --file, or standard input");
}

/** The expressions of a configuration, in its order. */
async function rulesOf(file: string, separator: string | undefined): Promise<readonly string[]> {
  const { rules, ignore_rules: ignoreRules, rules_separator: given = "," } = await readConfiguration(file);
  return [rules, ignoreRules].flatMap((value): readonly string[] => {
    const between = separator ?? given;
    if (typeof value === "string") return isSeparator(between) ? splitRules(value, between) : [value];
    if (!Array.isArray(value)) return [];
    return value.flatMap((rule: unknown) => {
      const expression = typeof rule === "object" && rule !== null && "expression" in rule ? rule.expression : rule;
      return typeof expression === "string" ? [expression] : [];
    });
  });
}

/** What is Jexl already stays as it is. */
function convert(rule: string): Converted {
  try {
    return { rule, jexl: translatePython(rule), problem: undefined };
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    const definition = { id: "rule", origin: "custom", severity: "medium", expression: rule } as const;
    const { problems } = createRuleSet([definition], {}, { language: "jexl" });
    return problems.length === 0
      ? { rule, jexl: rule.trim(), problem: undefined }
      : { rule, jexl: undefined, problem: error.message };
  }
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new CommandError(`${file} cannot be read (${messageOf(cause)}); name a file of rules`, { cause });
  }
}

async function standardInput(): Promise<string> {
  let text = "";
  process.stdin.setEncoding("utf8");
  for await (const chunk of process.stdin) {
    text += chunk;
    if (text.length > MAX_INPUT) throw new CommandError(`standard input is longer than ${MAX_INPUT} characters`);
  }
  return text;
}
