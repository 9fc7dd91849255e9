import { CommandError } from "#cli/shared/command-error.ts";
import { PACKAGED_RULES } from "#cli/shared/packaged-rules.ts";
import { type RuleFile, readRuleFiles } from "#cli/shared/rule-files.ts";
import { jexlOf, type Rules } from "#cli/shared/rule-options.ts";
import { table } from "#cli/shared/table.ts";
import { counted, lines } from "#cli/shared/text.ts";
import { defaultRules } from "#default-rules";
import { plain } from "#delivery/plain.ts";
import type { DefaultRule, RuleDefinition, Severity } from "#model/rule.ts";
import { isOn } from "#rules/rule-set.ts";

/** A rule, and whether it is asked. */
export interface ListedRule {
  readonly id: string;
  /** Undefined of the user's own rules. */
  readonly pack: string | undefined;
  readonly title: string | undefined;
  readonly severity: Severity;
  readonly kind: "alert" | "ignore";
  readonly on: boolean;
  /** Why it is off, or finds nothing although it is on. */
  readonly because: string | undefined;
  /** As it is asked: of a rule in Python, its translation. */
  readonly expression: string;
  /** How many exceptions the user made. */
  readonly exceptions: number;
  /** What its file says besides; undefined of the user's own rules. */
  readonly file: RuleFile | undefined;
}

/** The settings that rules need, and what they are called where rules see them. */
const SETTINGS: Readonly<Record<string, string>> = {
  allowed_cidrs: "allowedCidrs",
  office_hours: "officeHours",
  required_tags: "requiredTags",
};

/**
 * Every default rule by pack, and the user's own behind them.
 * @throws CommandError when the files of the package are not there
 */
export async function listedRules({ settings, translations }: Rules): Promise<readonly ListedRule[]> {
  const { rules, problems } = await readRuleFiles(PACKAGED_RULES);
  const [problem] = problems;
  if (problem !== undefined)
    throw new CommandError(`a rule file of the package is broken: ${problem}; install it again`);
  const files = new Map(rules.map(({ rule }) => [rule.id, rule]));
  const listed = (rule: RuleDefinition): Omit<ListedRule, "pack" | "on" | "because"> => ({
    id: rule.id,
    title: rule.title,
    severity: settings.overrides[rule.id]?.severity ?? rule.severity,
    kind: rule.origin === "ignore" ? "ignore" : "alert",
    expression: jexlOf(rule, translations),
    exceptions: settings.overrides[rule.id]?.exceptions.length ?? 0,
    file: files.get(rule.id),
  });
  const because = (rule: DefaultRule): string | undefined => {
    const { overrides, packs, useDefaultRules, ruleConfig } = settings;
    if (overrides[rule.id]?.enabled === false) return "rule_overrides switches it off";
    if (packs[rule.pack] === false) return `packs switches ${rule.pack} off`;
    if (!isOn(rule, settings)) return useDefaultRules ? "opt-in" : "default rules are off";
    const missing = rule.setting !== undefined && ruleConfig[SETTINGS[rule.setting] ?? ""] === undefined;
    return missing ? `finds nothing without ${rule.setting}` : undefined;
  };
  return [
    ...defaultRules.map((rule) => ({
      ...listed(rule),
      pack: rule.pack,
      on: isOn(rule, settings),
      because: because(rule),
    })),
    ...settings.rules.map((rule) => {
      const on = settings.overrides[rule.id]?.enabled !== false;
      return { ...listed(rule), pack: undefined, on, because: on ? undefined : "rule_overrides switches it off" };
    }),
  ];
}

/** A rule for programs. */
export function ruleObject({ file, because, ...rule }: ListedRule): object {
  if (file === undefined) return { ...rule, because };
  const { description, dataEvents, setting, references, mitre, falsePositives, investigate } = file;
  return { ...rule, because, description, dataEvents, setting, references, mitre, falsePositives, investigate };
}

/** All rules for programs, and how many of each pack are on. */
export function listObject(listed: readonly ListedRule[]): object {
  const packs = [...new Set(listed.flatMap(({ pack }) => pack ?? []))].map((name) => {
    const rules = listed.filter(({ pack }) => pack === name);
    return { name, rules: rules.length, on: rules.filter(({ on }) => on).length };
  });
  return { packs, rules: listed.map(ruleObject) };
}

/** All rules for people, by pack. */
export function listText(listed: readonly ListedRule[]): string {
  const packs = [...new Set(listed.map(({ pack }) => pack))];
  const width = Math.max(...listed.map(({ id }) => id.length));
  const on = listed.filter((rule) => rule.on).length;
  const names = packs.filter((pack) => pack !== undefined);
  return lines(
    `${counted(listed.length, "rule")} in ${counted(names.length, "pack")}, ${on} on.`,
    ...packs.map((pack) => {
      const rules = listed.filter((rule) => rule.pack === pack);
      const rows = rules.map((rule) => [stateOf(rule), severityOf(rule), rule.id.padEnd(width), titleOf(rule)]);
      return `\n${pack ?? "your own"}\n${table(rows.map(([first = "", ...rest]) => [`  ${first.padEnd(3)}`, ...rest]))}`;
    }),
  );
}

const stateOf = ({ on }: ListedRule) => (on ? "on" : "off");
const severityOf = ({ kind, severity }: ListedRule) => (kind === "ignore" ? "ignore" : severity).padEnd(8);

function titleOf({ title, expression, because }: ListedRule): string {
  const what = plain(title ?? expression, { max: 80 });
  return because === undefined || because === "opt-in" ? what : `${what} (${because})`;
}

/** All there is to know about a rule, for people. */
export function detailText(rule: ListedRule): string {
  const { id, pack, title, expression, because, exceptions, file } = rule;
  const facts = [
    ["pack", pack ?? "your own"],
    ["severity", rule.kind === "ignore" ? "none: it ignores what it matches" : rule.severity],
    ["state", `${stateOf(rule)}${because === undefined ? "" : ` (${because})`}`],
    ...(exceptions > 0 ? [["exceptions", String(exceptions)]] : []),
    ...(file?.dataEvents ? [["needs", "data events in the trail"]] : []),
    ...(file !== undefined && file.mitre.length > 0 ? [["MITRE ATT&CK", file.mitre.join(", ")]] : []),
  ];
  const section = (heading: string, text: string) => (text.trim() === "" ? "" : `\n${heading}:\n${text.trim()}`);
  const list = (heading: string, items: readonly string[] = []) =>
    items.length === 0 ? "" : `\n${heading}:\n${items.map((item) => `- ${item.trim()}`).join("\n")}`;
  return lines(
    title === undefined ? id : `${id}: ${title}`,
    file?.description.trim() ?? "",
    `\n${table(facts)}`,
    section("Expression", expression),
    section("Investigate", file?.investigate ?? ""),
    list("False positives", file?.falsePositives),
    list("References", file?.references),
  );
}
