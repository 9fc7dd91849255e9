import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { parseConfiguration } from "#config/read-settings.ts";
import { terraformEnvironment } from "#test/support/provider-mirror.ts";
import { openRoot } from "#test/support/terraform.ts";
import { repoRoot, requireTool, run } from "#test/support/tools.ts";
import { documentOf, isRecord, list, only, type PlannedResource, resourcesOf } from "./plan.ts";

const folder = "test/terraform";
const files = readdirSync(join(repoRoot, folder)).filter((name) => name.endsWith(".tftest.hcl"));
/** Every `run` block that is written down, by file. */
const declared = files.map((file) => {
  const text = readFileSync(join(repoRoot, folder, file), "utf8");
  return { file, names: [...text.matchAll(/^run "([^"]+)" \{$/gm)].map(([, name = ""]) => name) };
});

/** What Terraform told about one run. */
interface RunReport {
  status: string;
  readonly problems: string[];
  /** What it planned; undefined where the plan was refused. */
  resources?: readonly PlannedResource[];
}

const reports = new Map<string, RunReport>();

function reportOf(file: unknown, name: unknown): RunReport {
  const key = `${file} ${name}`;
  const known = reports.get(key);
  if (known !== undefined) return known;
  const report: RunReport = { status: "not executed", problems: [] };
  reports.set(key, report);
  return report;
}

/** Drops the provider's schemas, 13 MB of text in the line of every plan, before anybody parses them. */
function withoutSchemas(line: string): string {
  const end = line.indexOf(',"provider_format_version":');
  return end === -1 ? line : `${line.slice(0, end)}}}`;
}

function take(line: string): void {
  if (!line.startsWith("{")) return;
  const message: unknown = JSON.parse(withoutSchemas(line));
  if (!isRecord(message)) return;
  const report = reportOf(message["@testfile"], message["@testrun"]);
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

beforeAll(async () => {
  const root = await openRoot(repoRoot);
  try {
    await root.init();
    const { path } = await requireTool("terraform");
    const own = Object.entries(process.env).filter(([name]) => !/^(AWS|TF)_/.test(name));
    await run(path, ["test", "-json", "-verbose", `-test-directory=${folder}`], {
      cwd: root.directory,
      env: { ...Object.fromEntries(own), ...(await terraformEnvironment()) },
      timeoutMs: 290_000,
      maxBytes: 64 * 1024,
      acceptedExitCodes: [0, 1],
      onLine: (line, stream) => {
        if (stream === "stdout") take(line);
      },
    });
  } finally {
    await root.close();
  }
});

it("finds test files, and runs in each", () => {
  expect(declared.filter(({ names }) => names.length === 0)).toEqual([]);
  expect(declared.length).toBeGreaterThan(0);
});

it("executes every run that is written down, and no other", () => {
  const written = declared.flatMap(({ file, names }) => names.map((name) => `${folder}/${file} ${name}`));
  const executed = [...reports].filter(([, { status }]) => /^(pass|fail|error|skip)$/.test(status)).map(([key]) => key);
  expect(executed.toSorted()).toEqual(written.toSorted());
});

describe.each(declared)("$file", ({ file, names }) => {
  it.each(names)("%s", (name) => {
    const { status, problems } = reportOf(`${folder}/${file}`, name);
    expect({ status, problems }).toEqual({ status: "pass", problems: [] });
  });
});

describe("whatever is planned", () => {
  // A plan that is refused holds what Terraform came to before.
  const begun = () => [...reports].flatMap(([key, { resources = [] }]) => (resources[0] ? [{ key, resources }] : []));
  const complete = () => begun().filter(({ key }) => !key.includes(" refuses_"));

  it("is looked at", () => {
    expect(complete().length).toBeGreaterThan(50);
  });

  it("holds no hook and no token in clear text, neither plain nor packed", () => {
    const plain = begun().map(({ key, resources }) => ({ key, text: JSON.stringify(resources) }));
    const packed = complete().map(({ key, resources }) => ({ key, text: JSON.stringify(documentOf(resources)) }));
    expect([...plain, ...packed].filter(({ text }) => text.includes("confidential")).map(({ key }) => key)).toEqual([]);
  });

  it("is a configuration that the function understands", () => {
    const refused = complete().flatMap(({ key, resources }) => {
      try {
        parseConfiguration(documentOf(resources));
        return [];
      } catch (error) {
        return [`${key}: ${error}`];
      }
    });
    expect(refused).toEqual([]);
  });

  it("tells the environment only where the configuration is", () => {
    const others = complete().flatMap(({ key, resources }) => {
      const [environment] = list(only(resources, "aws_lambda_function.this").environment);
      const names = isRecord(environment) && isRecord(environment.variables) ? Object.keys(environment.variables) : [];
      const told = names.toSorted().join(" ");
      return told === "CONFIGURATION_PARAMETERS CONFIGURATION_SHA256 LOG_LEVEL" ? [] : [`${key}: ${told}`];
    });
    expect(others).toEqual([]);
  });
});
