import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { logFile, record } from "#test/support/records.ts";
import { folderOf, jsonLines } from "#test/support/scanning.ts";
import { repoRoot, run } from "#test/support/tools.ts";

const MAIN = path.join(repoRoot, "cli/main.ts");
const ONE_RULE = ["--no-default-rules", "--rule", "eventName == 'StopLogging'"];

/** Neither credentials nor a region, whatever this machine has. */
const bare = {
  PATH: process.env.PATH,
  AWS_CONFIG_FILE: "/dev/null",
  AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
  AWS_EC2_METADATA_DISABLED: "true",
};

/** The program in a process of its own. */
const scan = (args: readonly string[], node: readonly string[] = []) =>
  run(process.execPath, [...node, MAIN, "scan", ...args], { env: bare, acceptedExitCodes: [0, 1, 2, 130] });

/** A log file of thousands of records, packed member by member, so that making it takes no memory either. */
function largeFile(thousands: number): Uint8Array {
  const records = Array.from({ length: 1_000 }, (_, index) =>
    JSON.stringify(
      record({ eventID: `r${index}`, requestParameters: { padding: String(Math.sin(index)).repeat(60) } }),
    ),
  );
  const member = gzipSync(`${records.join(",")},`);
  const [begin, end] = [
    gzipSync('{"Records":['),
    gzipSync(`${JSON.stringify(record({ eventName: "StopLogging" }))}]}`),
  ];
  return Buffer.concat([begin, ...Array.from({ length: thousands }, () => member), end]);
}

/** Makes the process believe that its standard error is a terminal. */
const TERMINAL = `data:text/javascript,${encodeURIComponent(`
  import readline from "node:readline";
  const terminal = process.stderr;
  Object.assign(terminal, { isTTY: true, columns: 100, rows: 40, getWindowSize: () => [100, 40] });
  for (const name of ["cursorTo", "moveCursor", "clearLine"]) terminal[name] = (...args) => readline[name](terminal, ...args);
`)}`;

/** Processes start slowly where many do at once. */
const PATIENTLY = { timeout: 120_000 };

describe("scan in a process", PATIENTLY, () => {
  test("reads 200,000 records, 325 MB, in little memory", async () => {
    const folder = folderOf({ "large.json.gz": largeFile(200) });
    const { stdout, exitCode } = await scan([folder, ...ONE_RULE], ["--max-old-space-size=128"]);
    expect([exitCode, stdout.split("\n")[0]]).toEqual([0, "1 alert in 200001 records of 1 file."]);
  });

  test("ends on Ctrl-C with what it found", async () => {
    const folder = folderOf({
      "a.json.gz": logFile(record({ eventName: "StopLogging" })),
      "b.json.gz": largeFile(300),
    });
    const child = spawn(process.execPath, [MAIN, "scan", folder, ...ONE_RULE, "--json"], { env: bare });
    let [out, said] = ["", ""];
    child.stdout.on("data", (text) => {
      out += text;
      child.kill("SIGINT");
    });
    child.stderr.on("data", (text) => (said += text));
    const [code] = await once(child, "close");
    expect([code, jsonLines(out.trimEnd()).length]).toEqual([130, 1]);
    expect(said).toMatch(/^Ended before all was read\. 1 alert in \d+ records? of \d files?\.\n$/);
  });

  test("ends when nobody reads on, and calls that no interruption", async () => {
    const folder = folderOf({
      "a.json.gz": logFile(record({ eventName: "StopLogging" })),
      "b.json.gz": largeFile(300),
    });
    const child = spawn(process.execPath, [MAIN, "scan", folder, "--no-default-rules", "--rule", "true", "--json"], {
      env: bare,
    });
    let said = "";
    child.stdout.once("data", () => child.stdout.destroy());
    child.stderr.on("data", (text) => (said += text));
    const [code] = await once(child, "close");
    expect(code).toBe(0);
    // How far it got until then, nobody knows: the large file says the same again and again.
    expect(said).toMatch(/^Ended before all was read\. \d+ alerts? in \d+ records? of \d files?(; [^\n]+)?\.\n$/);
  });

  test("shows a bar on a terminal, on standard error alone, and clears it away", async () => {
    const folder = folderOf({ "a.json.gz": largeFile(5) });
    const { stdout, stderr } = await scan([folder, ...ONE_RULE, "--json"], ["--import", TERMINAL]);
    expect(jsonLines(stdout.trimEnd())).toHaveLength(1);
    expect(stderr).toMatch(/█+ 100 % {2}scanning: \d files?, \d+ records?, \d alerts?/);
    // The last that is drawn is nothing; the summary follows on a line of its own.
    expect(stderr).toContain("\u001b[2K1 alert in 5001 records of 1 file.\n");
  });

  test("needs no credentials for files, and says so where it does need them", async () => {
    const files = await scan([folderOf({ "a.json.gz": logFile(record()) }), "--json"]);
    const bucket = await scan(["s3://example-cloudtrail-logs/AWSLogs/", "--json"]);
    expect([files.exitCode, bucket.exitCode, bucket.stdout]).toEqual([0, 1, ""]);
    expect(bucket.stderr).toMatch(
      /^cloudtrail-to-slack: there are no AWS credentials \(.*\); sign in, or set AWS_PROFILE\n$/,
    );
  });
});
