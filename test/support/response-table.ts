/**
 * Writes into docs/incident-response.md which test shows which requirement, trap and goal of incident response. A test
 * names them at the beginning of its title: `A1 B2: …`, `G4: …`, `trap 8 46: …`.
 *
 *   node test/support/response-table.ts           writes the table
 *   node test/support/response-table.ts --check   fails when it is not what the tests say
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { repoRoot } from "./tools.ts";

const PAGE = path.join(repoRoot, "docs/incident-response.md");
const [BEGIN, END] = ["<!-- shown by tests: begin -->", "<!-- shown by tests: end -->"];
const FILES = [
  "test/e2e/incident-response.test.ts",
  "test/unit/incident-findings.test.ts",
  "test/unit/incident-response-page.test.ts",
];

const row = (letter: string, count: number) => Array.from({ length: count }, (_, index) => `${letter}${index + 1}`);
/** As the requirements, the list of traps and the goals number them. */
const IDS = [...row("A", 15), ...row("B", 8), ...row("C", 4), ...row("D", 11), ...row("trap ", 46), ...row("G", 15)];

/** What stands at the end of a title for each case: `: %s`, `: $on, $name`. */
const PLACES = /: [%$]\w+(, \$\w+)*$/;

/** The ids that a title begins with: `A1 B2 trap 8 46`, `D1–D10`. */
function idsOf(title: string): readonly string[] {
  const [head = "", rest] = title.split(":");
  if (rest === undefined || !/^((trap )?[A-Z]?\d+[ –]?)+$/.test(head)) return [];
  const [named = "", traps = ""] = head.split("trap ");
  const range = /^([A-Z])(\d+)–[A-Z](\d+)$/.exec(named.trim());
  const letters =
    range === null
      ? named.split(" ").filter(Boolean)
      : row(range[1] ?? "", Number(range[3])).slice(Number(range[2]) - 1);
  return [
    ...letters,
    ...traps
      .split(" ")
      .filter(Boolean)
      .map((number) => `trap ${number}`),
  ];
}

function tableOfTests(): string {
  const files = [
    ...FILES,
    ...readdirSync(path.join(repoRoot, "test/respond"))
      .filter((name) => name.endsWith(".test.ts"))
      .map((name) => `test/respond/${name}`),
  ];
  const shown = new Map<string, string[]>();
  for (const file of files.sort()) {
    const source = readFileSync(path.join(repoRoot, file), "utf8");
    for (const [, title = ""] of source.matchAll(
      /^\s*(?:test\(|\["?|\]\s*as const\)\(|\]\)\(|\)\(|test\.each\(\w+\)\(\s*)?"([^"\n]+)",?/gm,
    )) {
      for (const id of idsOf(title))
        shown.set(id, [
          ...(shown.get(id) ?? []),
          `${title.split(": ").slice(1).join(": ").replace(PLACES, "")} (${path.basename(file, ".test.ts")})`,
        ]);
    }
  }
  const unknown = [...shown.keys()].filter((id) => !IDS.includes(id));
  if (unknown.length > 0) throw new Error(`no such requirement, trap or goal: ${unknown.join(", ")}`);
  const rows = IDS.flatMap((id) => (shown.has(id) ? [`| ${id} | ${(shown.get(id) ?? []).join("; ")} |`] : []));
  const missing = IDS.filter((id) => !shown.has(id));
  return [
    `${rows.length} of ${IDS.length} have a test; not shown by one: ${missing.join(", ")}.`,
    "",
    "| | shown by |",
    "|---|---|",
    ...rows,
  ].join("\n");
}

function main(): void {
  const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });
  const page = readFileSync(PAGE, "utf8");
  const [before = "", after = ""] = [page.split(BEGIN)[0], page.split(END)[1]];
  const next = `${before}${BEGIN}\n\n${tableOfTests()}\n\n${END}${after}`;
  if (!values.check) writeFileSync(PAGE, next);
  if (!values.check || next === page) return;
  console.error("docs/incident-response.md is not what the tests say: run `node test/support/response-table.ts`");
  process.exitCode = 1;
}

main();
