import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { runProgram } from "#cli/program.ts";
import { addRedriveWith } from "#cli/redrive.ts";
import type { AddCommand } from "#cli/shared/command.ts";
import { fakeDeadLetters, fakeTerminal } from "#test/support/dead-letters.ts";
import { blocks } from "#test/support/documents.ts";
import { repoRoot, run } from "#test/support/tools.ts";

const bundle = path.join(repoRoot, "cli/dist/cloudtrail-to-slack.js");
const manifest = JSON.parse(readFileSync(path.join(repoRoot, "package.json"), "utf8"));

/** Neither credentials nor a region, whatever this machine has. */
const bare = {
  PATH: process.env.PATH,
  AWS_CONFIG_FILE: "/dev/null",
  AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
  AWS_EC2_METADATA_DISABLED: "true",
};

/** The built program, in a process of its own, as users run it. */
async function built(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const options = { env: { ...bare, ...env }, acceptedExitCodes: [0, 1, 2] };
  const { stdout, stderr, exitCode } = await run(process.execPath, [bundle, ...args], options);
  return { exitCode, stdout, stderr };
}

describe("the built program", () => {
  test("tells its version", async () => {
    expect(await built(["--version"])).toEqual({ exitCode: 0, stdout: `${manifest.version}\n`, stderr: "" });
  });

  test("is what package.json names, and starts itself with node", () => {
    expect(manifest.bin).toEqual({ "cloudtrail-to-slack": "cli/dist/cloudtrail-to-slack.js" });
    expect(readFileSync(bundle, "utf8").split("\n", 1)).toEqual(["#!/usr/bin/env node"]);
  });

  test("shows its commands, and the options of each", async () => {
    const [all, one] = await Promise.all([built(["--help"]), built(["redrive", "--help"])]);
    expect([all.exitCode, one.exitCode, all.stderr + one.stderr]).toEqual([0, 0, ""]);
    expect(all.stdout).toMatch(/redrive \[options\] +hands dead letters to the function again/);
    expect(one.stdout).toContain("--dry-run");
  });

  test.each([
    [["redrv"], "unknown command 'redrv' (did you mean redrive?); `cloudtrail-to-slack --help` shows what there is"],
    [["--verbose"], "unknown option '--verbose'; `cloudtrail-to-slack --help` shows what there is"],
    [
      ["redrive", "--regio", "x"],
      "unknown option '--regio' (did you mean --region?); `cloudtrail-to-slack redrive --help` shows what there is",
    ],
    [
      ["redrive", "now"],
      "too many arguments for 'redrive'. Expected 0 arguments but got 1; `cloudtrail-to-slack redrive --help` shows what there is",
    ],
    [
      ["redrive", "--max", "0"],
      "option '--max <n>' argument '0' is invalid: it must be a whole number from 1; `cloudtrail-to-slack redrive --help` shows what there is",
    ],
    [
      ["redrive", "--concurrency", "1e9"],
      "option '--concurrency <n>' argument '1e9' is invalid: it must be a whole number from 1 to 20; `cloudtrail-to-slack redrive --help` shows what there is",
    ],
    [
      ["redrive", "--dry-run", "--discard", "x"],
      "option '--dry-run' cannot be used with option '--discard <ids...>'; `cloudtrail-to-slack redrive --help` shows what there is",
    ],
  ])("does not understand %j and says so in one sentence", async (args, sentence) => {
    expect(await built(args)).toEqual({ exitCode: 2, stdout: "", stderr: `cloudtrail-to-slack: ${sentence}\n` });
  });

  test.each(["scan", "rules", "validate", "test", "convert", "reconcile", "redrive"])(
    "the help of %s has no default that only a program reads, and no line that ends too early",
    async (command) => {
      const terminal = fakeTerminal();
      expect(await runProgram([command, "--help"], terminal)).toBe(0);
      const help = terminal.written.join("\n");
      expect(help).toContain(`Usage: cloudtrail-to-slack ${command}`);
      expect(help).not.toContain("[])");
      expect(help).not.toMatch(/\n[^\n]{1,50}[a-z]\n[a-z]/);
    },
  );

  test("without a command shows what there is", async () => {
    const { exitCode, stdout, stderr } = await built([]);
    expect([exitCode, stdout, stderr.startsWith("Usage: cloudtrail-to-slack")]).toEqual([2, "", true]);
  });

  test.each([
    ["a region", [], {}, /^there is no AWS region; give --region or set AWS_REGION$/],
    [
      "credentials",
      ["--region", "eu-west-1"],
      {},
      /^there are no AWS credentials \(.*\); sign in, or set AWS_PROFILE$/,
    ],
    [
      "a network",
      ["--region", "eu-west-1"],
      { AWS_ACCESS_KEY_ID: "x", AWS_SECRET_ACCESS_KEY: "x", AWS_ENDPOINT_URL: "http://127.0.0.1:1" },
      /^the queue "cloudtrail-to-slack-dead-letters" in eu-west-1 cannot be reached \(.*\); check the network and the region$/,
    ],
  ])("without %s says so in one sentence", async (_what, args, env, sentence) => {
    const { exitCode, stdout, stderr } = await built(["redrive", "--json", ...args], env);
    const said = stderr.replace(/^cloudtrail-to-slack: /, "").trimEnd();
    expect([exitCode, said, JSON.parse(stdout)]).toEqual([1, expect.stringMatching(sentence), { problem: said }]);
  });

  test("has no colours where nobody sees them", async () => {
    const { stdout, stderr } = await built(["redrive", "--region", "eu-west-1"]);
    expect((stdout + stderr).includes("\u001b")).toBe(false);
  });

  test("does not mind that nobody reads on", async () => {
    const child = spawn(process.execPath, [bundle, "--help"], { env: bare, stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.destroy();
    let said = "";
    child.stderr.on("data", (chunk) => (said += chunk));
    const exitCode = await new Promise((resolve) => child.on("close", resolve));
    expect([exitCode, said]).toEqual([0, ""]);
  });
});

describe("runProgram", () => {
  const failing: AddCommand = (program) => {
    program
      .command("fail")
      .option("--json")
      .action(() => {
        throw new Error("boom");
      });
  };

  test.each([
    ["without its stack", false, false],
    ["with DEBUG with its stack", true, true],
  ])("tells an unexpected error as a sentence, %s", async (_what, debug, stack) => {
    const terminal = fakeTerminal({ debug });
    const exitCode = await runProgram(["fail"], terminal, [failing]);
    expect([exitCode, terminal.written, terminal.said[0], terminal.said.join().includes("    at ")]).toEqual([
      1,
      [],
      "cloudtrail-to-slack: unexpected error: boom; run it again with DEBUG=1 to see where, and report it",
      stack,
    ]);
  });
});

describe("docs/cli.md", () => {
  const reason = "not finished: s3://example-cloudtrail-logs/AWSLogs/2.json.gz could not be read: NoSuchKey";
  const body = (key: string) => JSON.stringify({ s3Bucket: "example-cloudtrail-logs", s3ObjectKey: [key] });
  const letters = [
    { id: "5fea7756-0ea4-451a-a703-a558b933e274", body: body("AWSLogs/1.json.gz") },
    { id: "9c1d3a52-6f0e-4b7a-8a44-0d3c1b2e7f10", body: body("AWSLogs/2.json.gz"), error: reason },
  ];
  const everything = blocks("docs/cli.md", "console");
  const commands = everything.filter((block) => block.startsWith("$ cloudtrail-to-slack redrive"));

  test("shows commands, each of which a test runs", () => {
    // Of the others: cli-reconcile.test.ts, cli-docs.test.ts, test/respond/contract.test.ts.
    expect([commands.length, everything.length]).toEqual([3, 15]);
  });

  test.each(commands)("shows what the command prints: %s", async (block) => {
    const [, line = "", output] = /^\$ cloudtrail-to-slack (.*)\n([\s\S]*)$/.exec(block) ?? [];
    const terminal = fakeTerminal();
    const queue = fakeDeadLetters(letters);
    const invoke = async (payload: string) =>
      payload.includes("2.json") ? ({ kind: "failed", reason } as const) : ({ kind: "answered", value: {} } as const);
    await runProgram(line.split(" "), terminal, [addRedriveWith(async () => ({ queue, invoke }))]);
    expect(`${terminal.written.join("\n")}\n`).toBe(output);
  });

  test("names every option", async () => {
    const { stdout } = await built(["redrive", "--help"]);
    const options = Array.from(stdout.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm), ([, option = ""]) => option);
    const page = readFileSync(path.join(repoRoot, "docs/cli.md"), "utf8");
    expect(options.length).toBeGreaterThan(7);
    expect(options.filter((option) => option !== "--help" && !page.includes(`| \`${option}\` |`))).toEqual([]);
  });
});
