import type { Command } from "commander";
import { detailText, type ListedRule, listedRules, listObject, listText, ruleObject } from "./rules/listing.ts";
import type { AddCommand } from "./shared/command.ts";
import { CommandError } from "./shared/command-error.ts";
import { jsonLine } from "./shared/json-line.ts";
import { loadRules, type RuleOptions, withRuleOptions } from "./shared/rule-options.ts";
import { didYouMean } from "./shared/text.ts";

interface Options extends RuleOptions {
  readonly json?: true;
}

/** `rules` and `rules show`: what rules there are, and which are on. */
export const addRules: AddCommand = (program, { terminal }) => {
  const rules = program
    .command("rules")
    .summary("lists packs and rules, and shows one")
    .description("Lists packs and rules with their severity, and whether they are on.");
  ruleOptions(rules).action(async (options: Options) => {
    const listed = await listedRules(await loadRules(options));
    terminal.out(options.json ? jsonLine(listObject(listed)) : listText(listed));
  });
  ruleOptions(
    rules
      .command("show")
      .summary("shows all there is to know about a rule")
      .description("Shows all there is to know about a rule: what it finds, what looks alike, and what to do then.")
      .argument("<id>", "as `rules` lists it"),
  ).action(async (id: string, _options: Options, command: Command) => {
    // Options that both know may stand in front of `show`, too: then they are those of `rules`.
    const options: Options = command.optsWithGlobals();
    const listed = await listedRules(await loadRules(options));
    const rule = find(id, listed);
    terminal.out(options.json ? jsonLine(ruleObject(rule)) : detailText(rule));
  });
};

const ruleOptions = (command: Command) => withRuleOptions(command).option("--json", "print one JSON object");

function find(id: string, listed: readonly ListedRule[]): ListedRule {
  const rule = listed.find((one) => one.id === id);
  if (rule !== undefined) return rule;
  const hint =
    didYouMean(
      id,
      listed.map((one) => one.id),
    ) || "; `cloudtrail-to-slack rules` lists them";
  throw new CommandError(`there is no rule "${id}"${hint}`);
}
