import type { AddCommand } from "./shared/command.ts";
import { CommandError } from "./shared/command-error.ts";
import { jsonLine } from "./shared/json-line.ts";
import { PACKAGED_RULES } from "./shared/packaged-rules.ts";
import { readRuleFiles } from "./shared/rule-files.ts";
import { isChosen, loadRules, type RuleOptions, withRuleOptions } from "./shared/rule-options.ts";
import { counted, lines } from "./shared/text.ts";
import { type TestedRule, testRule } from "./test/run.ts";

interface Options extends RuleOptions {
  readonly json?: true;
}

/** `test`: rules against the records that stand beside them. */
export const addTest: AddCommand = (program, { terminal, finish }) => {
  const command = program
    .command("test")
    .summary("runs the records that stand beside rules")
    .description(
      "Asks rules about the records that stand beside them, and exits with 1 when one says something else.\n" +
        "Without a folder, the default rules, each with its own `config`; `--pack` then tests only these packs.",
    )
    .argument("[folder]", "rule files of yours: YAML with id, expression, matching and nonMatching");
  withRuleOptions(command)
    .option("--json", "print one JSON object")
    .action(async (folder: string | undefined, options: Options) => {
      const { settings } = await loadRules(options);
      const { rules, problems } = await readRuleFiles(folder ?? PACKAGED_RULES);
      const config = folder === undefined ? {} : settings.ruleConfig;
      const { language, overrides } = settings;
      const chosen = rules.filter((rule) => folder !== undefined || isChosen(rule.folder, options));
      if (chosen.length + problems.length === 0) {
        throw new CommandError(`there is no rule to test in ${folder ?? "these packs"}; name a folder of rule files`);
      }
      const tested = chosen.map((rule) => testRule(rule, { config, language, overrides }));
      terminal.out(options.json ? jsonLine({ rules: tested, problems }) : testedText(tested, problems));
      finish(problems.length > 0 || tested.some(({ failures }) => failures.length > 0) ? 1 : 0);
    });
};

function testedText(tested: readonly TestedRule[], problems: readonly string[]): string {
  const failing = tested.filter(({ failures }) => failures.length > 0);
  const warned = tested.filter(({ warnings }) => warnings.length > 0);
  const records = tested.reduce((sum, rule) => sum + rule.records, 0);
  const of = (rule: TestedRule, what: readonly string[]) =>
    `${rule.id} (${rule.file})\n${what.map((line) => `  ${line.replaceAll("\n", "\n  ")}`).join("\n")}`;
  const verdict =
    failing.length === 0
      ? `${counted(tested.length, "rule")}, ${counted(records, "record")}: each as its file says.`
      : `${failing.length} of ${counted(tested.length, "rule")} ${failing.length === 1 ? "is" : "are"} not as the files say.`;
  return lines(
    tested.length > 0 ? verdict : "",
    problems.length > 0 ? `\nCannot be read:\n${problems.join("\n")}` : "",
    failing.length > 0 ? `\nFailing:\n${failing.map((rule) => of(rule, rule.failures)).join("\n")}` : "",
    warned.length > 0 ? `\nWarnings:\n${warned.map((rule) => of(rule, rule.warnings)).join("\n")}` : "",
  );
}
