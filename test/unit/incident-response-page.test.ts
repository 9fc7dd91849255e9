import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { runCommand } from "#test/support/scanning.ts";
import { repoRoot } from "#test/support/tools.ts";

const PAGE = readFileSync(path.join(repoRoot, "docs/incident-response.md"), "utf8");

/** The rows of the tables of a section, as cells. */
function rowsOf(heading: string): readonly (readonly string[])[] {
  const section = PAGE.split(`\n## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
  const rows = section.split("\n").filter((line) => line.startsWith("| "));
  return rows.map((row) =>
    row
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** What is shown by a test, as the page has it; response-table.test.ts shows that the tests are there. */
const SHOWN = new Set(rowsOf("What the tests show").map(([id]) => id));
const missing = (letter: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${letter}${index + 1}`).filter((id) => !SHOWN.has(id));

test("G9: at least 40 of the 46 traps have a test", () => {
  expect(46 - missing("trap ", 46).length).toBeGreaterThanOrEqual(40);
});

test("G14: every requirement has a test, from A1 to D11", () => {
  expect([...missing("A", 15), ...missing("B", 8), ...missing("C", 4), ...missing("D", 11)]).toEqual([]);
});

test("B8: every phase of the AWS Security Incident Response Guide has its place, in its order", async () => {
  const [, ...rows] = rowsOf("The phases of AWS's guide");
  expect(rows.map(([phase]) => phase)).toEqual([
    ...["Preparation", "Detection", "Analysis", "Containment", "Eradication", "Recovery", "Post-incident activity"],
  ]);
  const { output: help } = await runCommand(["respond", "--help"]);
  const { output: options } = await runCommand(["respond", "contain", "--help"]);
  const commands = Array.from(rows.join("\n").matchAll(/`respond ([\w-]+)`/g), ([, command = ""]) => command);
  expect(commands.sort()).toEqual(["--dry-run", "contain", "restore", "status", "verify"]);
  expect(commands.filter((command) => !`${help}${options}`.includes(` ${command} `))).toEqual([]);
  const links = Array.from(rows.join("\n").matchAll(/\]\(([^)#]+)\)/g), ([, link = ""]) => link);
  expect(links.filter((link) => !existsSync(path.join(repoRoot, "docs", link)))).toEqual([]);
});
