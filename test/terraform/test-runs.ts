import { terraformEnvironment } from "#test/support/provider-mirror.ts";
import { shareProvider } from "#test/support/shared-provider.ts";
import { requireTool, run } from "#test/support/tools.ts";
import { isRecord, type PlannedResource, resourcesOf } from "./plan.ts";

/** What Terraform told about one `run` of a test file. */
export interface RunReport {
  /** `pass`, `fail`, `error` or `skip`; `not executed` when Terraform did not come to it. */
  status: string;
  readonly problems: string[];
  /** What it planned; undefined where the plan was refused. */
  resources?: readonly PlannedResource[];
}

/** Drops the provider's schemas, 13 MB of text in the line of every plan, before anybody parses them. */
function withoutSchemas(line: string): string {
  const end = line.indexOf(',"provider_format_version":');
  return end === -1 ? line : `${line.slice(0, end)}}}`;
}

/** Adds a line of `terraform test -json` to the reports, which are kept by "<file> <run>". */
function take(line: string, reports: Map<string, RunReport>): void {
  if (!line.startsWith("{")) return;
  const message: unknown = JSON.parse(withoutSchemas(line));
  if (!isRecord(message)) return;
  const key = `${message["@testfile"]} ${message["@testrun"]}`;
  const report = reports.get(key) ?? { status: "not executed", problems: [] };
  reports.set(key, report);
  if (isRecord(message.test_run) && message.test_run.progress === "complete") {
    report.status = String(message.test_run.status);
  }
  if (isRecord(message.test_plan)) report.resources = resourcesOf(message.test_plan);
  if (isRecord(message.diagnostic) && message.diagnostic.severity === "error") {
    const { range, summary, detail } = message.diagnostic;
    const place = isRecord(range) && isRecord(range.start) ? `${range.filename}:${range.start.line}: ` : "";
    report.problems.push(`${place}${summary}${detail ? `: ${detail}` : ""}`);
  }
}

/**
 * Runs `terraform test` in a folder that was initialized, and resolves with a report of each run, by "<file> <run>".
 * @param testDirectory where the test files are, below the folder
 */
export async function runTests(cwd: string, testDirectory: string): Promise<ReadonlyMap<string, RunReport>> {
  const reports = new Map<string, RunReport>();
  const { path } = await requireTool("terraform");
  const own = Object.entries(process.env).filter(([name]) => !/^(AWS|TF)_/.test(name));
  const provider = await shareProvider(cwd);
  try {
    await run(path, ["test", "-json", "-verbose", `-test-directory=${testDirectory}`], {
      cwd,
      env: { ...Object.fromEntries(own), ...(await terraformEnvironment()), ...provider.env },
      timeoutMs: 890_000,
      maxBytes: 64 * 1024,
      acceptedExitCodes: [0, 1],
      onLine: (line, stream) => {
        if (stream === "stdout") take(line, reports);
      },
    });
  } finally {
    provider.stop();
  }
  return reports;
}
