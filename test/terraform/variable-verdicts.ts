import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "@cdktf/hcl2json";
import { terraformEnvironment } from "#test/support/provider-mirror.ts";
import { requireTool, run } from "#test/support/tools.ts";
import { isRecord, list } from "./plan.ts";

/** Values of variables. */
export type Settings = Readonly<Record<string, unknown>>;

/** What Terraform says of settings: `pass`, or `error` with its sentences. */
export interface Verdict {
  status: string;
  readonly problems: string[];
}

function take(line: string, verdicts: Map<string, Verdict>): void {
  if (!line.startsWith("{")) return;
  const message: unknown = JSON.parse(line);
  if (!isRecord(message) || typeof message["@testfile"] !== "string") return;
  const verdict = verdicts.get(message["@testfile"]) ?? { status: "not executed", problems: [] };
  verdicts.set(message["@testfile"], verdict);
  if (isRecord(message.test_run) && message.test_run.progress === "complete") {
    verdict.status = String(message.test_run.status);
  }
  if (isRecord(message.diagnostic) && message.diagnostic.severity === "error") {
    const { summary, detail } = message.diagnostic;
    verdict.problems.push(`${summary}: ${String(detail).split("\n\nThis was checked by the validation rule")[0]}`);
  }
}

/**
 * Asks the validations of a module's variables, which stand alone in a folder, about several settings. `expect_failures` of
 * `terraform test` names the variable only, of which some have a score of validations, and each such run takes a second
 * for the provider's schemas.
 * @param files absolute paths of what the validations need: variables.tf, and what that refers to
 * @returns the verdicts in the order of the settings
 */
export async function verdictsOf(
  files: readonly string[],
  settings: readonly Settings[],
): Promise<readonly (Verdict | undefined)[]> {
  const folder = await mkdtemp(join(tmpdir(), "variable-validations-"));
  const fileOf = (index: number) => `test/case-${index}.tftest.json`;
  const verdicts = new Map<string, Verdict>();
  try {
    for (const file of files) await symlink(file, join(folder, file.slice(file.lastIndexOf("/") + 1)));
    await mkdir(join(folder, "test"));
    // A file for each: after an error Terraform skips the rest of a file.
    for (const [index, variables] of settings.entries()) {
      // In JSON of Terraform, text is a template.
      const text = JSON.stringify({ run: { case: { command: "plan", variables } } }).replaceAll("${", "$${");
      await writeFile(join(folder, fileOf(index)), text);
    }
    const { path } = await requireTool("terraform");
    const own = Object.entries(process.env).filter(([name]) => !/^(AWS|TF)_/.test(name));
    await run(path, ["test", "-json", "-test-directory=test"], {
      cwd: folder,
      env: { ...Object.fromEntries(own), ...(await terraformEnvironment()) },
      acceptedExitCodes: [0, 1],
      onLine: (line, stream) => {
        if (stream === "stdout") take(line, verdicts);
      },
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return settings.map((_, index) => verdicts.get(fileOf(index)));
}

/**
 * The sentences of the validations in a file that none of the verdicts told.
 * @param names of the variables that count; all when absent
 */
export async function untoldSentences(
  file: string,
  verdicts: readonly (Verdict | undefined)[],
  names?: readonly string[],
): Promise<{ readonly sentences: number; readonly untold: readonly string[] }> {
  const parsed: unknown = await parse("variables.tf", await readFile(file, "utf8"));
  const variables = isRecord(parsed) && isRecord(parsed.variable) ? parsed.variable : {};
  const sentences = (names ?? Object.keys(variables))
    .flatMap((name) => list(variables[name]))
    .flatMap((variable) => (isRecord(variable) ? list(variable.validation) : []))
    .map((validation) => (isRecord(validation) ? String(validation.error_message) : ""));
  const told = verdicts.flatMap((verdict) => verdict?.problems ?? []).join("\n");
  /** Without what a sentence quotes of the settings. */
  const pieces = (sentence: string) => sentence.replaceAll('\\"', '"').split(/\$\{.*?\)\}/);
  return {
    sentences: sentences.length,
    untold: sentences.filter((sentence) => !pieces(sentence).every((piece) => told.includes(piece))),
  };
}
