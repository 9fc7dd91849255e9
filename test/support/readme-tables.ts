/**
 * Writes the tables of default rules, inputs and outputs into README.md, from the rule and Terraform files.
 *
 *   node test/support/readme-tables.ts           writes them
 *   node test/support/readme-tables.ts --check   fails when they are not what the files give
 */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { parse } from "@cdktf/hcl2json";
import * as v from "valibot";
import { readRuleFiles } from "#lambda/default-rules.ts";
import { repoRoot } from "./tools.ts";

const README = path.join(repoRoot, "README.md");

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

/** The variables in the order of the file, under the headings that stand there as comments between rules of dashes. */
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

/** The tables as Markdown. */
async function tables(): Promise<string> {
  const text = readTerraform("variables.tf");
  const { variable } = v.parse(Variables, await parse("variables.tf", text));
  const { output } = v.parse(Outputs, await parse("outputs.tf", readTerraform("outputs.tf")));
  const groups = headings(text);
  const listed = [...groups.values()].flat();
  const unlisted = Object.keys(variable).filter((name) => !listed.includes(name));
  if (unlisted.length > 0) throw new Error(`variables.tf: ${unlisted.join(", ")} stand under no heading`);
  const lines: string[] = [];
  for (const [heading, names] of groups) {
    lines.push(`### ${heading}`, "", "| variable | what it is | type | default |", "|---|---|---|---|");
    for (const name of names) {
      const [definition] = variable[name] ?? [];
      if (definition === undefined) throw new Error(`variables.tf: ${name} is not parsed`);
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

/** The default rules as Markdown. */
function ruleTable(): string {
  const rows = readRuleFiles().map(
    ({ pack, id, severity, title }) => `| [${code(id)}](rules/${pack}/${id}.yaml) | ${severity} | ${cell(title)} |`,
  );
  return ["| default rule | severity | what it tells |", "|---|---|---|", ...rows].join("\n");
}

/** Replaces what stands between the two comments that mark a place. */
function fill(text: string, place: string, content: string): string {
  const [begin, end] = [`<!-- BEGIN ${place}: made by \`npm run readme\` -->`, `<!-- END ${place} -->`];
  const [before, after] = [text.indexOf(begin), text.indexOf(end)];
  if (before < 0 || after < before) throw new Error(`README.md must hold the lines ${begin} and ${end}`);
  return `${text.slice(0, before)}${begin}\n\n${content}\n\n${text.slice(after)}`;
}

const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });
const readme = readFileSync(README, "utf8");
const updated = fill(fill(readme, "RULES", ruleTable()), "TABLES", await tables());
if (!values.check) writeFileSync(README, updated);
else if (updated !== readme) {
  console.error(
    "README.md does not list what the Terraform files and the rules say: run `npm run readme` and commit it",
  );
  process.exitCode = 1;
}
