/**
 * Everything that CI checks: `make test`. Independent steps run beside each other, two at a time. Ends with the line
 * `N passed, N failed, N skipped`, where a step that is not a test run counts as one.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import * as v from "valibot";
import { terraformEnvironment } from "./support/provider-mirror.ts";
import { checkReliabilityTable, type TestResult } from "./support/reliability-table.ts";
import { repoRoot, requireTool, run } from "./support/tools.ts";

/** The second runtime that AWS offers; `npm run` brings the first one. */
const OTHER_NODE = "24.21.0";
const STEP_TIMEOUT_MS = 25 * 60_000;
/** Enough of what a failed step printed. In characters. */
const SHOWN = 12_000;

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

interface Step {
  readonly name: string;
  /** @throws when it fails; the message is shown */
  readonly work: () => Promise<Counts>;
}

const one: Counts = { passed: 1, failed: 0, skipped: 0 };
const bin = (name: string) => path.join(repoRoot, "node_modules", ".bin", name);

/** A command that passes or fails as a whole. */
function check(name: string, command: string, ...args: readonly string[]): Step {
  return {
    name,
    work: async () => {
      const env = { ...process.env, ...(await terraformEnvironment()) };
      await run(command, args, { cwd: repoRoot, timeoutMs: STEP_TIMEOUT_MS, env }).catch(showOutput);
      return one;
    },
  };
}

/** One of the projects of `vitest.config.ts`, on a Node of choice. @param without a folder whose tests are left out */
function vitest(name: string, project: string, node: () => Promise<string>, without?: string): Step {
  return {
    name,
    work: async () => {
      const results = await runProject(project, await node(), without);
      const failures = results.flatMap((result) => result.failures);
      const sum = (count: (result: FileResult) => number) => results.reduce((total, file) => total + count(file), 0);
      if (project === "unit" && without === undefined) {
        const tests = results.flatMap((result) => result.tests);
        await checkReliabilityTable(tests).catch((error: Error) => void failures.push(error.message));
      }
      for (const name of results.flatMap((result) => result.skipped)) console.log(`skipped: ${name}`);
      const ended = sum(({ passed, skipped }) => passed + skipped.length) + failures.length;
      if (ended === 0) failures.push("no test ran");
      for (const failure of failures) console.log(`\n${failure.slice(0, SHOWN)}`);
      return {
        passed: sum(({ passed }) => passed),
        failed: failures.length,
        skipped: sum(({ skipped }) => skipped.length),
      };
    },
  };
}

/** What came of one test file. */
interface FileResult {
  readonly file: string;
  readonly passed: number;
  /** Their names, which say why. */
  readonly skipped: readonly string[];
  readonly failures: readonly string[];
  readonly tests: readonly TestResult[];
}

async function runProject(project: string, node: string, without: string | undefined): Promise<FileResult[]> {
  const folder = await mkdtemp(path.join(tmpdir(), "vitest-"));
  const report = path.join(folder, "report.json");
  const entry = path.join(repoRoot, "node_modules", "vitest", "vitest.mjs");
  const args = [entry, "run", "--project", project, "--reporter=json", `--outputFile=${report}`];
  if (without !== undefined) args.push(`--exclude=${without}/**`);
  try {
    const { stdout, stderr } = await run(node, args, {
      cwd: repoRoot,
      timeoutMs: STEP_TIMEOUT_MS,
      acceptedExitCodes: [0, 1],
      env: { ...process.env, NO_COLOR: "1" },
    });
    return await readReport(report).catch(() => {
      throw new Error(`vitest gave no report:\n${(stdout + stderr).slice(-SHOWN)}`);
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const Report = v.object({
  testResults: v.array(
    v.object({
      name: v.string(),
      status: v.string(),
      message: v.string(),
      assertionResults: v.array(
        v.object({ status: v.string(), fullName: v.string(), failureMessages: v.nullish(v.array(v.string()), []) }),
      ),
    }),
  ),
});

/** The counts of each file and what failed in it. A file that cannot be loaded counts as one failure. */
async function readReport(report: string): Promise<FileResult[]> {
  const { testResults } = v.parse(Report, JSON.parse(await readFile(report, "utf8")));
  return testResults.map(({ name: file, status, message, assertionResults }) => {
    const failed = assertionResults.filter((test) => test.status === "failed");
    const passed = assertionResults.filter((test) => test.status === "passed").length;
    const failures =
      failed.length === 0 && status === "failed"
        ? [`${file}\n${message}`]
        : failed.map(({ fullName, failureMessages }) => `${file}\n${fullName}\n${failureMessages?.join("\n")}`);
    const tests = assertionResults.map(({ fullName: name, status: ending }) => ({ file, name, status: ending }));
    const skipped = assertionResults.filter((test) => !["passed", "failed"].includes(test.status));
    return { file, passed, skipped: skipped.map(({ fullName }) => fullName), failures, tests };
  });
}

function showOutput(error: unknown): never {
  throw new Error(error instanceof Error ? error.message.slice(-SHOWN) : String(error));
}

const thisNode = async () => process.execPath;
/** Fetches the other Node by npm, once per machine. */
const otherNode = async () => {
  const args = ["exec", "--yes", `--package=node@${OTHER_NODE}`, "--", "node", "--print", "process.execPath"];
  const { stdout } = await run("npm", args, { cwd: tmpdir(), timeoutMs: 300_000 });
  return stdout.trim();
};

/** How many steps run at once: each keeps about one core busy. */
const AT_ONCE = 2;

/**
 * In the order in which they begin: the longest first, so that both ends come at about the same time. Between the two that
 * start Terraform and the emulator stand those that do not: at once, they take each other's time.
 */
const STEPS: readonly Step[] = [
  vitest("end to end", "e2e", thisNode),
  vitest(`unit tests, Node ${process.versions.node}`, "unit", thisNode),
  // The faults are played with a clock of our own, on which no Node has an influence.
  vitest(`unit tests without the faults, Node ${OTHER_NODE}`, "unit", otherNode, "test/faults"),
  vitest("terraform", "terraform", thisNode),
  vitest("incident response", "respond", thisNode),
  vitest("pages in Chromium", "page", thisNode),
  check("types", bin("tsc"), "--noEmit"),
  check("unused code and dependencies", bin("knip")),
  check("format and lint", bin("biome"), "ci", "--error-on-warnings", "."),
  check("committed zip equals a fresh build", process.execPath, "lambda/build.ts", "--check"),
  check("README tables equal the Terraform files", process.execPath, "test/support/readme-tables.ts", "--check"),
  check("terraform fmt", "terraform", "fmt", "-check", "-recursive", "-diff", "."),
];

async function main(): Promise<void> {
  const total = { passed: 0, failed: 0, skipped: 0 };
  try {
    await requireTool("terraform");
    await requireTool("python3");
    const waiting = [...STEPS];
    const work = async () => {
      for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
        const started = Date.now();
        const counts = await step.work().catch((error: unknown) => {
          console.log(`\n${error instanceof Error ? error.message : error}`);
          return { passed: 0, failed: 1, skipped: 0 };
        });
        total.passed += counts.passed;
        total.failed += counts.failed;
        total.skipped += counts.skipped;
        const seconds = ((Date.now() - started) / 1000).toFixed(0).padStart(4);
        const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : "";
        const result = counts.failed > 0 ? `${counts.failed} FAILED, ` : "";
        console.log(`${seconds} s  ${step.name}: ${result}${counts.passed} passed${skipped}`);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    total.failed += 1;
  }
  console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  process.exitCode = total.failed > 0 ? 1 : 0;
}

await main();
