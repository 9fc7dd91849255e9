import type { AddCommand } from "./shared/command.ts";
import { checkDocument, type Document } from "./shared/configuration-file.ts";
import { jsonLine } from "./shared/json-line.ts";
import {
  documentOf,
  problemText,
  type RuleOptions,
  type Rules,
  rulesOf,
  withRuleOptions,
} from "./shared/rule-options.ts";
import { counted, lines } from "./shared/text.ts";

interface Options extends RuleOptions {
  readonly json?: true;
}

/** What there is to say about a configuration. */
interface Checked {
  /** Those of the variables that are sound. */
  readonly rules: Rules;
  /** About the document itself, a sentence each with its path. */
  readonly document: readonly string[];
}

/** `validate`: what the self-check of the function says, without a function. */
export const addValidate: AddCommand = (program, { terminal, finish }) => {
  const command = program
    .command("validate")
    .summary("checks rules and configuration")
    .description(
      "Checks rules and configuration, as the function does when Terraform applies them, and lists every problem.\n" +
        "Exits with 1 when there is any; warnings count.",
    );
  withRuleOptions(command)
    .option("--json", "print one JSON object")
    .action(async (options: Options) => {
      const checked = check(await documentOf(options));
      terminal.out(options.json ? jsonLine(checkedObject(checked)) : checkedText(checked));
      const { problems, warnings } = checked.rules;
      finish(checked.document.length + problems.length + warnings.length > 0 ? 1 : 0);
    });
};

function check(document: Document): Checked {
  const { problems, sound } = checkDocument(document);
  return { document: problems, rules: rulesOf(sound) };
}

function checkedObject({ document, rules }: Checked): object {
  const { problems, warnings, translations } = rules;
  const ok = document.length + problems.length + warnings.length === 0;
  return { ok, rules: countOf(rules), document, problems, warnings, translations };
}

function countOf({ ruleSet }: Rules): number {
  return ruleSet.alert.length + ruleSet.ignore.length;
}

function checkedText({ document, rules }: Checked): string {
  const { problems, warnings, translations } = rules;
  const found = [
    ...document,
    ...problems.map(problemText),
    ...warnings.map((warning) => `${problemText(warning)}\n  (a warning: it works, but perhaps not as you mean it)`),
  ];
  const translated = translations.map(({ ruleId, jexl }) => `${ruleId}: ${jexl}`);
  return lines(
    found.length === 0
      ? `${counted(countOf(rules), "rule")}, no problem.`
      : `${counted(found.length, "problem")}; ${counted(countOf(rules), "rule")} can be used.\n\n${found.join("\n\n")}`,
    translated.length > 0 ? `\nRead as Python, and translated:\n${translated.join("\n")}` : "",
  );
}
