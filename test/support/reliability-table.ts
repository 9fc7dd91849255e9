/**
 * Writes the fault matrix into docs/reliability.md: the tests of `test/faults/matrix.test.ts` and `repeats.test.ts` with their results.
 *
 *   node test/support/reliability-table.ts   runs them and writes it
 *
 * `make test` fails when what stands there is not what the tests gave.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import * as v from "valibot";
import { repoRoot, run } from "./tools.ts";

const DOCUMENT = path.join(repoRoot, "docs", "reliability.md");
const MATRIX = ["test/faults/matrix.test.ts", "test/faults/repeats.test.ts"];
const BLOCK = /(<!-- BEGIN FAULTS[^>]*-->\n)[\s\S]*?(\n<!-- END FAULTS -->)/;
const RUN_TIMEOUT_MS = 5 * 60_000;

/** A test and how it ended, such as `passed`. */
export interface TestResult {
  readonly file: string;
  readonly name: string;
  readonly status: string;
}

/**
 * The document with the matrix that these results give; other tests than the matrix's do not matter.
 * @throws when a test of the matrix is not named `fault → what is seen`, or there is none
 */
function withMatrix(document: string, results: readonly TestResult[]): string {
  const rows = MATRIX.flatMap((test) => results.filter(({ file }) => file.endsWith(test))).map(({ name, status }) => {
    const [fault, seen, ...rest] = name.split(" → ");
    if (fault === undefined || seen === undefined || rest.length > 0) {
      throw new Error(
        `a test of ${MATRIX.join(" or ")} is to be named "fault → what is seen", and this is not: ${name}`,
      );
    }
    return `| ${fault} | ${seen} | ${status === "passed" ? "holds" : status} |`;
  });
  if (rows.length === 0) throw new Error(`no test of ${MATRIX.join(" or ")} ran`);
  const table = ["| fault | what is seen | result |", "|---|---|---|", ...rows].join("\n");
  if (!BLOCK.test(document)) throw new Error("docs/reliability.md has no place for the fault matrix");
  return document.replace(BLOCK, (_all, begin: string, end: string) => `${begin}\n${table}\n${end}`);
}

/** @throws when docs/reliability.md is not what these results give */
export async function checkReliabilityTable(results: readonly TestResult[]): Promise<void> {
  const document = await readFile(DOCUMENT, "utf8");
  if (withMatrix(document, results) !== document) {
    throw new Error("docs/reliability.md does not say what the tests gave: run `npm run reliability` and commit it");
  }
}

const Report = v.object({
  testResults: v.array(
    v.object({
      name: v.string(),
      assertionResults: v.array(v.object({ status: v.string(), fullName: v.string() })),
    }),
  ),
});

async function main(): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), "faults-"));
  try {
    const report = path.join(folder, "report.json");
    const vitest = path.join(repoRoot, "node_modules", "vitest", "vitest.mjs");
    const args = [vitest, "run", "--project", "unit", ...MATRIX, "--reporter=json", `--outputFile=${report}`];
    await run(process.execPath, args, { cwd: repoRoot, timeoutMs: RUN_TIMEOUT_MS, acceptedExitCodes: [0, 1] });
    const { testResults } = v.parse(Report, JSON.parse(await readFile(report, "utf8")));
    const results = testResults.flatMap(({ name: file, assertionResults }) =>
      assertionResults.map(({ status, fullName: name }) => ({ file, name, status })),
    );
    await writeFile(DOCUMENT, withMatrix(await readFile(DOCUMENT, "utf8"), results));
    console.log(`docs/reliability.md: ${results.length} faults`);
    process.exitCode = results.every(({ status }) => status === "passed") ? 0 : 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] === import.meta.filename) await main();
