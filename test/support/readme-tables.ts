/**
 * Writes the tables of packs, inputs and outputs into README.md, those of the submodule into its README.md, and those of
 * rules into docs/packs.md, from the rule and Terraform files.
 *
 *   node test/support/readme-tables.ts           writes them
 *   node test/support/readme-tables.ts --check   fails when they are not what the files give
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { parse } from "@cdktf/hcl2json";
import * as v from "valibot";
import { readRuleFiles } from "#lambda/default-rules.ts";
import { bySeverity } from "#model/rule.ts";
import { repoRoot } from "./tools.ts";

const Variables = v.object({
  variable: v.record(
    v.string(),
    v.tuple([v.object({ description: v.string(), type: v.string(), default: v.optional(v.unknown()) })]),
  ),
});
const Outputs = v.object({ output: v.record(v.string(), v.tuple([v.object({ description: v.string() })])) });

const readTerraform = (file: string) => readFileSync(path.join(repoRoot, file), "utf8");
const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll(/\s+/g, " ").trim();
const code = (text: string) => `\`${cell(text)}\``;

/** hcl2json writes a type as an expression in a template. */
const typeOf = (type: string) =>
  code(
    type
      .replace(/^\$\{|\}$/g, "")
      .replaceAll(/,?\s*\n\s*/g, ", ")
      .replace(/\{, /g, "{ ")
      .replace(/, \}/g, " }"),
  );

/** The files with variables of a module, variables.tf first. */
const variableFiles = (folder: string) =>
  readdirSync(path.join(repoRoot, folder))
    .filter((name) => /^variables(-[a-z]+)?\.tf$/.test(name))
    .toSorted((one, other) => Number(other === "variables.tf") - Number(one === "variables.tf"));

/** The variables in the order of the files, under the headings that stand there as comments between rules of dashes. */
function headings(text: string): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  let names: string[] = [];
  for (const line of text.split("\n")) {
    const heading = /^# ([A-Z].*)$/.exec(line)?.[1];
    const name = /^variable "(.+)"/.exec(line)?.[1];
    if (heading !== undefined) {
      names = [];
      groups.set(heading, names);
    }
    if (name !== undefined) names.push(name);
  }
  return groups;
}

/** The inputs and outputs of a module as Markdown. @param folder of the module, from the repository's root */
async function tables(folder: string): Promise<string> {
  const text = variableFiles(folder)
    .map((name) => readTerraform(path.join(folder, name)))
    .join("\n");
  const { variable } = v.parse(Variables, await parse("variables.tf", text));
  const { output } = v.parse(Outputs, await parse("outputs.tf", readTerraform(path.join(folder, "outputs.tf"))));
  const groups = headings(text);
  const listed = [...groups.values()].flat();
  const unlisted = Object.keys(variable).filter((name) => !listed.includes(name));
  if (unlisted.length > 0) throw new Error(`${folder}/variables.tf: ${unlisted.join(", ")} stand under no heading`);
  const lines: string[] = [];
  for (const [heading, names] of groups) {
    lines.push(`### ${heading}`, "", "| variable | what it is | type | default |", "|---|---|---|---|");
    for (const name of names) {
      const [definition] = variable[name] ?? [];
      if (definition === undefined) throw new Error(`${folder}/variables.tf: ${name} is not parsed`);
      const value = "default" in definition ? code(JSON.stringify(definition.default)) : "required";
      lines.push(`| ${code(name)} | ${cell(definition.description)} | ${typeOf(definition.type)} | ${value} |`);
    }
    lines.push("");
  }
  lines.push("### Outputs", "", "| output | what it is |", "|---|---|");
  for (const [name, [{ description }]] of Object.entries(output))
    lines.push(`| ${code(name)} | ${cell(description)} |`);
  return lines.join("\n");
}

type RuleFile = ReturnType<typeof readRuleFiles>[number];

/** What must happen for a rule to be asked. */
const stateOf = ({ enabled, kind, setting, dataEvents }: RuleFile): string =>
  [
    enabled ? (setting === undefined ? "on" : `with ${code(setting)}`) : "opt-in",
    ...(kind === "ignore" ? ["ignores"] : []),
    ...(dataEvents ? ["data events"] : []),
  ].join(", ");

/** The packs and their sizes as Markdown. */
function packTable(packs: ReadonlyMap<string, readonly RuleFile[]>): string {
  const rows = Array.from(packs, ([pack, rules]) => {
    const on = rules.filter(({ enabled }) => enabled).length;
    return `| [${code(pack)}](docs/packs.md#${pack}) | ${on} | ${rules.length - on} | ${cell(examplesOf(rules))} |`;
  });
  const total = [...packs.values()].flat();
  const on = total.filter(({ enabled }) => enabled).length;
  const sum = `| all | ${on} | ${total.length - on} | [docs/packs.md](docs/packs.md) lists them |`;
  return ["| pack | on | opt-in | for example |", "|---|---|---|---|", ...rows, sum].join("\n");
}

/** The titles of the two worst. */
function examplesOf(rules: readonly RuleFile[]): string {
  const worst = rules.toSorted((a, b) => Number(b.enabled) - Number(a.enabled) || bySeverity(a.severity, b.severity));
  return worst
    .slice(0, 2)
    .map(({ title }) => title)
    .join("; ");
}

/** Every rule of every pack as Markdown. */
function ruleTables(packs: ReadonlyMap<string, readonly RuleFile[]>): string {
  const sections = Array.from(packs, ([pack, rules]) => {
    const rows = rules.map((rule) => {
      const link = `[${code(rule.id)}](../rules/${pack}/${rule.id}.yaml)`;
      return `| ${link} | ${stateOf(rule)} | ${rule.severity} | ${cell(rule.title)} | ${rule.mitre.join(", ")} |`;
    });
    return [
      `## ${pack}`,
      "",
      "| rule | state | severity | what it tells | ATT&CK |",
      "|---|---|---|---|---|",
      ...rows,
    ].join("\n");
  });
  return sections.join("\n\n");
}

/** Replaces what stands between the two comments that mark a place of a file. */
function fill(file: string, text: string, place: string, content: string): string {
  const [begin, end] = [`<!-- BEGIN ${place}: made by \`npm run readme\` -->`, `<!-- END ${place} -->`];
  const [before, after] = [text.indexOf(begin), text.indexOf(end)];
  if (before < 0 || after < before) throw new Error(`${file} must hold the lines ${begin} and ${end}`);
  return `${text.slice(0, before)}${begin}\n\n${content}\n\n${text.slice(after)}`;
}

const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });
const packs = Map.groupBy(readRuleFiles(), ({ pack }) => pack);
const places = [
  ["README.md", "RULES", packTable(packs)],
  ["README.md", "TABLES", await tables(".")],
  ["modules/incident-response/README.md", "TABLES", await tables("modules/incident-response")],
  ["docs/packs.md", "PACKS", ruleTables(packs)],
] as const;
for (const [file, place, content] of places) {
  const target = path.join(repoRoot, file);
  const text = readFileSync(target, "utf8");
  const updated = fill(file, text, place, content);
  if (!values.check) writeFileSync(target, updated);
  else if (updated !== text) {
    console.error(
      `${file} does not list what the Terraform files and the rules say: run \`npm run readme\` and commit it`,
    );
    process.exitCode = 1;
  }
}
