import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { onTestFinished } from "vitest";
import { runProgram } from "#cli/program.ts";
import type { OpenBucket } from "#cli/scan/candidates.ts";
import { addScanWith } from "#cli/scan.ts";
import type { AddCommand } from "#cli/shared/command.ts";
import { type FakeTerminal, fakeTerminal } from "#test/support/dead-letters.ts";

/** A folder of this test with these files in it; gone when the test is over. */
export function folderOf(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = mkdtempSync(path.join(tmpdir(), "cloudtrail-to-slack-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), content);
  }
  return folder;
}

/** What a command came to. */
export interface Ran {
  readonly exitCode: number;
  readonly output: string;
  readonly said: readonly string[];
  readonly shown: readonly string[];
}

/** Runs a command of the program in this process. */
export async function runCommand(
  args: readonly string[],
  commands?: readonly AddCommand[],
  terminal: FakeTerminal = fakeTerminal(),
): Promise<Ran> {
  const exitCode = await runProgram(args, terminal, commands);
  return { exitCode, output: terminal.written.join("\n"), said: terminal.said, shown: terminal.shown };
}

const noBucket: OpenBucket = () => {
  throw new Error("this test has no bucket");
};

/** Runs `scan` at 2025-06-11T12:00Z. */
export function scanning(
  args: readonly string[],
  {
    openBucket = noBucket,
    terminal = fakeTerminal(),
  }: { readonly openBucket?: OpenBucket; readonly terminal?: FakeTerminal } = {},
): Promise<Ran> {
  return runCommand(["scan", ...args], [addScanWith(openBucket, () => Date.parse("2025-06-11T12:00Z"))], terminal);
}

/** The objects of an output of one JSON object per line. */
export function jsonLines(output: string): readonly Readonly<Record<string, unknown>>[] {
  return output === "" ? [] : output.split("\n").map((line) => JSON.parse(line));
}
