import { readFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { runProgram } from "#cli/program.ts";
import { addReconcile, addReconcileWith } from "#cli/reconcile.ts";
import { CommandError } from "#cli/shared/command-error.ts";
import type { Submit } from "#cli/shared/live-function.ts";
import { LogFileError } from "#model/errors.ts";
import { fakeTerminal } from "#test/support/dead-letters.ts";
import { digest, digestFile, digestKeyOf, follows, sealOf } from "#test/support/digests.ts";
import { blocks } from "#test/support/documents.ts";
import { type FakeObjects, fakeClock, fakeLedger, fakeObjects } from "#test/support/fakes.ts";
import { BUCKET, logFile, type RawRecord, record, trailStopped } from "#test/support/records.ts";
import { simulate } from "#test/support/simulation.ts";
import { headlineOf } from "#test/support/told.ts";
import { repoRoot } from "#test/support/tools.ts";

const DAY_MS = 24 * 3_600_000;

const keyOf = (name: string) =>
  `AWSLogs/111111111111/CloudTrail/eu-central-1/2025/06/11/111111111111_CloudTrail_eu-central-1_20250611T0815Z_${name}.json.gz`;
const uri = (key: string) => `s3://${BUCKET}/${key}`;
/** The digest file of the hour until a time of the 11th, such as `9`. */
const digestAt = (hour: number) => digestKeyOf(`20250611T${String(hour).padStart(2, "0")}0000Z`);
const endOf = (hour: number) => ({ digestEndTime: `2025-06-11T${String(hour).padStart(2, "0")}:00:00Z` });

/** A deployment whose trail delivered some hours, everything processed; tests then take something away. */
function delivered(hours: Readonly<Record<number, readonly string[]>>) {
  const clock = fakeClock();
  const ledger = fakeLedger(clock);
  const objects = fakeObjects({});
  let before: RawRecord = {};
  for (const [hour, names] of Object.entries(hours)) {
    const files = new Map(names.map((name) => [keyOf(name), logFile(record({ eventID: name }))]));
    const seals = Object.fromEntries(Array.from(files, ([key, bytes]) => [key, sealOf(bytes)]));
    const packed = digestFile(digest(seals, { ...endOf(Number(hour)), ...before }));
    for (const [key, bytes] of files) {
      objects.files.set(key, bytes);
      ledger.objects.set(uri(key), sealOf(bytes));
    }
    objects.files.set(digestAt(Number(hour)), packed);
    before = follows(digestAt(Number(hour)), packed);
  }
  const notProcessed = (...names: readonly string[]) => {
    for (const name of names) ledger.objects.delete(uri(keyOf(name)));
  };
  const put = (name: string, bytes: Uint8Array | Error) => void objects.files.set(keyOf(name), bytes);
  const remove = (name: string) => void objects.files.delete(keyOf(name));
  return { clock, ledger, objects, notProcessed, put, remove };
}

interface Deployed {
  readonly clock: Pick<ReturnType<typeof fakeClock>, "nowMs" | "advance">;
  readonly ledger: ReturnType<typeof fakeLedger>;
  readonly objects: FakeObjects;
}

/** Runs `reconcile` on it. */
async function reconcile(
  { clock, ledger, objects }: Deployed,
  {
    args = [],
    submit = async () => {},
    terminal = fakeTerminal(),
    createdMs = async () => 0,
    keptMs = 30 * DAY_MS,
  }: {
    readonly args?: readonly string[];
    readonly submit?: Submit;
    readonly terminal?: ReturnType<typeof fakeTerminal>;
    readonly createdMs?: () => Promise<number>;
    readonly keptMs?: number | undefined;
  } = {},
) {
  const submitted: unknown[] = [];
  const connected: unknown[] = [];
  const add = addReconcileWith(async (names) => {
    connected.push(names);
    return {
      objects,
      ledger: { processed: ledger.processed, createdMs, keptMs: async () => keptMs },
      submit: async (payload) => {
        await submit(payload);
        submitted.push(JSON.parse(payload));
      },
      nowMs: clock.nowMs,
    };
  });
  const exitCode = await runProgram(["reconcile", "--bucket", BUCKET, ...args], terminal, [add]);
  const output = terminal.written.join("\n");
  return { exitCode, output, said: terminal.said, shown: terminal.shown, submitted, connected };
}

const json = (text: string) => JSON.parse(text);
const payload = (...keys: readonly string[]) => ({ s3Bucket: BUCKET, s3ObjectKey: keys });

describe("reconcile", () => {
  test("says that everything was processed", async () => {
    const { exitCode, output, said, submitted } = await reconcile(delivered({ 7: ["a"], 8: ["b", "c"], 9: [] }));
    expect([exitCode, said, submitted]).toEqual([0, [], []]);
    expect(output).toBe(`Every log file was processed, and was what CloudTrail wrote.

digest files  3, of the hours that ended 2025-06-11 07:00 UTC to 2025-06-11 09:00 UTC
log files     3
processed     3
missing       0
altered       0
removed       0
chain breaks  0`);
  });

  test("hands in what was not processed", async () => {
    const deployed = delivered({ 8: ["a", "b"], 9: ["c"] });
    deployed.notProcessed("b", "c");
    const { exitCode, output, submitted } = await reconcile(deployed);
    expect([exitCode, submitted]).toEqual([0, [payload(keyOf("b"), keyOf("c"))]]);
    expect(output).toBe(`2 of 3 log files were not processed, and were handed in.

digest files  2, of the hours that ended 2025-06-11 08:00 UTC to 2025-06-11 09:00 UTC
log files     3
processed     1
missing       2
altered       0
removed       0
chain breaks  0
handed in     2 log files

Missing:
${uri(keyOf("b"))}
${uri(keyOf("c"))}`);
  });

  test("hands in ten files in a payload, those of a bucket together", async () => {
    const names = Array.from({ length: 23 }, (_, index) => `f${index}`);
    const deployed = delivered({ 9: names });
    deployed.notProcessed(...names);
    // Such as a trail that changed its bucket within the hour.
    const content = digest(Object.fromEntries(names.map((name) => [keyOf(name), "0".repeat(64)])));
    const logFiles = [
      { s3Bucket: "old-logs", s3Object: "x", hashValue: "0".repeat(64) },
      ...(content.logFiles as unknown[]),
    ];
    deployed.objects.files.set(digestAt(9), digestFile({ ...content, logFiles }));
    const objects = { ...deployed.objects };
    objects.read = (object) =>
      deployed.objects.read(object.bucket === "old-logs" ? { bucket: BUCKET, key: keyOf("f0") } : object);
    const { submitted, output } = await reconcile({ ...deployed, objects }, { args: ["--concurrency", "1"] });
    expect(submitted).toEqual([
      { s3Bucket: "old-logs", s3ObjectKey: ["x"] },
      payload(...names.slice(0, 10).map(keyOf)),
      payload(...names.slice(10, 20).map(keyOf)),
      payload(...names.slice(20).map(keyOf)),
      payload(digestAt(9)),
    ]);
    expect(output.match(/^s3:.*CloudTrail_/gm)?.length).toBe(38);
    expect(output).toContain("and 4 more; --json lists them all");
  });

  test("with --dry-run hands nothing in, and exits with 1 when something is missing", async () => {
    const deployed = delivered({ 9: ["a"] });
    const whole = await reconcile(deployed, { args: ["--dry-run"] });
    deployed.notProcessed("a");
    const { exitCode, output, submitted } = await reconcile(deployed, { args: ["--dry-run"] });
    expect([whole.exitCode, exitCode, submitted, output.split("\n")[0]]).toEqual([
      0,
      1,
      [],
      "1 of 1 log file was not processed; nothing was handed in.",
    ]);
  });

  test("hands in the digest file of what was altered before it was processed", async () => {
    const deployed = delivered({ 8: ["a"], 9: ["b"] });
    deployed.ledger.objects.set(uri(keyOf("a")), "f".repeat(64));
    const { exitCode, output, submitted } = await reconcile(deployed);
    expect([exitCode, submitted]).toEqual([1, [payload(digestAt(8))]]);
    expect(output).toBe(`1 log file is not what CloudTrail wrote.

digest files  2, of the hours that ended 2025-06-11 08:00 UTC to 2025-06-11 09:00 UTC
log files     2
processed     2
missing       0
altered       1
removed       0
chain breaks  0
handed in     1 digest file

Altered:
${uri(keyOf("a"))}
  before it was processed

See who wrote to the bucket, and compare with \`aws cloudtrail validate-logs\`.`);
  });

  test("reads what was not processed: removed files go to the function only by their digest file", async () => {
    const deployed = delivered({ 9: ["a", "gone", "changed", "broken", "closed"] });
    deployed.notProcessed("gone", "changed", "broken", "closed");
    deployed.remove("gone");
    deployed.put("changed", logFile(record({ eventID: "other" })));
    deployed.put("broken", gzipSync("x".repeat(1_000)).subarray(0, 20));
    deployed.put("closed", new LogFileError(`${uri(keyOf("closed"))} could not be read: AccessDenied`));
    const { exitCode, output, submitted } = await reconcile(deployed, { args: ["--json"] });
    expect([exitCode, submitted]).toEqual([
      1,
      [payload(keyOf("changed"), keyOf("broken"), keyOf("closed")), payload(digestAt(9))],
    ]);
    const at = { digest: uri(digestAt(9)) };
    expect(json(output)).toMatchObject({
      listed: 5,
      processed: 1,
      missing: ["changed", "broken", "closed"].map((name) => uri(keyOf(name))),
      altered: [
        { ...at, object: uri(keyOf("changed")), when: "not processed yet", found: expect.stringMatching(/^\w{64}$/) },
        { ...at, object: uri(keyOf("broken")), when: "not processed yet" },
      ],
      removed: [{ ...at, object: uri(keyOf("gone")), processed: false }],
      unreadable: [{ object: uri(keyOf("closed")), reason: `${uri(keyOf("closed"))} could not be read: AccessDenied` }],
      handedIn: { logFiles: 3, digests: 1 },
    });
  });

  test("does not read what was processed, unless it is told to", async () => {
    const deployed = delivered({ 9: ["same", "gone", "changed"] });
    deployed.remove("gone");
    deployed.put("changed", logFile(record({ eventID: "other" })));
    const first = await reconcile(deployed);
    expect([first.exitCode, deployed.objects.asked]).toEqual([0, [digestAt(9)]]);
    const { exitCode, output, submitted } = await reconcile(deployed, { args: ["--read-all"] });
    expect([exitCode, submitted]).toEqual([1, []]);
    expect(output).toBe(`1 log file is not what CloudTrail wrote; 1 log file is gone.

digest files  1, of the hours that ended 2025-06-11 09:00 UTC
log files     3
processed     3
missing       0
altered       1
removed       1
chain breaks  0

Altered:
${uri(keyOf("changed"))}
  after it was processed

Removed:
${uri(keyOf("gone"))}
  after it was processed

See who wrote to the bucket, and compare with \`aws cloudtrail validate-logs\`.`);
  });

  test("with --read-all says that everything is still whole", async () => {
    const { exitCode, output, shown } = await reconcile(delivered({ 8: ["a"], 9: ["b"] }), { args: ["--read-all"] });
    expect([exitCode, output.split("\n")[0], shown.at(-1)]).toEqual([
      0,
      "Every log file was processed, and is still what CloudTrail wrote.",
      `reconciling s3://${BUCKET}/AWSLogs/: reading log files: 2 of 2`,
    ]);
  });

  test("counts a file once that two digest files list", async () => {
    const deployed = delivered({ 8: ["a"], 9: ["a"] });
    deployed.notProcessed("a");
    const { submitted, output } = await reconcile(deployed, { args: ["--json"] });
    expect([submitted, json(output).listed]).toEqual([[payload(keyOf("a"))], 1]);
  });

  test("asks for the names that the options give", async () => {
    const names = async (...args: readonly string[]) => (await reconcile(delivered({ 9: [] }), { args })).connected;
    expect([
      await names(),
      await names("--function-name", "audit", "--region", "eu-west-1"),
      await names("--table", "t"),
    ]).toEqual([
      [{ bucket: BUCKET, functionName: "cloudtrail-to-slack", table: "cloudtrail-to-slack-ledger", region: undefined }],
      [{ bucket: BUCKET, functionName: "audit", table: "audit-ledger", region: "eu-west-1" }],
      [{ bucket: BUCKET, functionName: "cloudtrail-to-slack", table: "t", region: undefined }],
    ]);
  });

  test.each([
    [["--hours", "0"], "option '--hours <n>' argument '0' is invalid: it must be a whole number from 1 to 2160"],
    [["--hours", "2161"], "option '--hours <n>' argument '2161' is invalid: it must be a whole number from 1 to 2160"],
    [
      ["--concurrency", "51"],
      "option '--concurrency <n>' argument '51' is invalid: it must be a whole number from 1 to 50",
    ],
  ])("does not understand %j", async (args, problem) => {
    const { exitCode, said } = await reconcile(delivered({}), { args });
    expect([exitCode, said[0]?.startsWith(`cloudtrail-to-slack: ${problem};`)]).toEqual([2, true]);
  });

  test("does not work without a bucket", async () => {
    const terminal = fakeTerminal();
    expect([await runProgram(["reconcile"], terminal, [addReconcile]), terminal.said]).toEqual([
      2,
      [
        "cloudtrail-to-slack: required option '--bucket <name>' not specified; `cloudtrail-to-slack reconcile --help` shows what there is",
      ],
    ]);
  });

  test("shows how far it is", async () => {
    const deployed = delivered({ 8: ["a"], 9: ["b"] });
    deployed.notProcessed("a");
    const { shown } = await reconcile(deployed, { args: ["--concurrency", "1"] });
    const title = `reconciling s3://${BUCKET}/AWSLogs/`;
    expect(shown).toEqual([
      title,
      ...[1, 2, 3, 4, 5].map((folder) => `${title}: looking for digest files: folder ${folder}`),
      `${title}: reading digest files: 1 of 2`,
      `${title}: reading digest files: 2 of 2`,
      `${title}: reading log files: 1 of 1`,
      `${title}: handing in: 1 of 1`,
    ]);
  });

  test("prints one JSON object, and nothing else", async () => {
    const deployed = delivered({ 9: ["a", "b"] });
    deployed.notProcessed("a");
    const { output, said } = await reconcile(deployed, {
      args: ["--json", "--hours", "3", "--function-name", "audit"],
    });
    expect([json(output), output.includes("\n"), said]).toEqual([
      {
        bucket: BUCKET,
        prefix: "AWSLogs/",
        hours: 3,
        function: "audit",
        table: "audit-ledger",
        digests: 1,
        span: ["2025-06-11T09:00:00.000Z", "2025-06-11T09:00:00.000Z"],
        listed: 2,
        processed: 1,
        missing: [uri(keyOf("a"))],
        unknown: 0,
        knownSince: "2025-05-27T10:20:00.000Z",
        altered: [],
        removed: [],
        breaks: [],
        unreadable: [],
        toTell: [],
        interrupted: false,
        handedIn: { logFiles: 1, digests: 0 },
        dryRun: false,
      },
      false,
      [],
    ]);
  });

  test("prints no control characters", async () => {
    const deployed = delivered({});
    deployed.objects.files.set(digestAt(9), digestFile(digest({ "a\u001b]0;owned\u0007": "0".repeat(64) })));
    const { output } = await reconcile(deployed);
    expect([/[^\P{C}\n]/u.test(output), output.includes("owned")]).toEqual([false, true]);
  });
});

describe("reconcile: the chain of digest files", () => {
  test("finds a digest file that was removed, and one that was altered", async () => {
    const deployed = delivered({ 5: [], 6: [], 7: [], 8: [], 9: [] });
    deployed.objects.files.delete(digestAt(6));
    deployed.objects.files.set(
      digestAt(8),
      digestFile(
        digest(
          {},
          {
            ...endOf(8),
            ...follows(digestAt(7), deployed.objects.files.get(digestAt(7)) as Uint8Array),
            awsAccountId: "0",
          },
        ),
      ),
    );
    const { exitCode, output, submitted } = await reconcile(deployed);
    expect([exitCode, submitted]).toEqual([1, [payload(digestAt(7)), payload(digestAt(9))]]);
    expect(output).toContain("The chain of digest files is broken in 2 places.\n");
    expect(output).toContain(`
Chain breaks:
${uri(digestAt(7))}
  the one before it was removed: ${uri(digestAt(6))}
${uri(digestAt(9))}
  the one before it was altered: ${uri(digestAt(8))}

See who`);
  });

  test("finds where it began anew; the function is not asked to tell that", async () => {
    const deployed = delivered({ 7: [], 8: [] });
    deployed.objects.files.set(digestAt(9), digestFile(digest({})));
    const { exitCode, output, submitted } = await reconcile(deployed);
    expect([exitCode, submitted]).toEqual([1, []]);
    expect(output).toContain(`
Chain breaks:
${uri(digestAt(9))}
  names none before it: log file validation was off in between
`);
  });

  test("takes the first one of each account and trail for a beginning", async () => {
    const deployed = delivered({ 8: [], 9: [] });
    const key = digestKeyOf("20250611T090000Z", { account: "222222222222" });
    deployed.objects.files.set(key, digestFile(digest({})));
    deployed.objects.files.set(key.replace("_trail_", "_other_"), digestFile(digest({})));
    const { exitCode, output } = await reconcile(deployed, { args: ["--json"] });
    expect([exitCode, json(output)]).toMatchObject([0, { digests: 4, breaks: [] }]);
  });

  test("reads the one before the first once, and no other twice", async () => {
    const deployed = delivered({ 6: [], 7: [], 8: [], 9: [] });
    const whole = await reconcile(deployed, { args: ["--hours", "2"] });
    expect([whole.exitCode, deployed.objects.asked]).toEqual([0, [digestAt(8), digestAt(9), digestAt(7)]]);
    deployed.objects.files.delete(digestAt(7));
    const { output } = await reconcile(deployed, { args: ["--hours", "2", "--json"] });
    expect(json(output).breaks).toEqual([
      { digest: uri(digestAt(8)), what: "previous removed", previous: uri(digestAt(7)) },
    ]);
  });

  test("says which digest file it could not read, once, and goes on", async () => {
    const deployed = delivered({ 7: ["a"], 8: ["b"], 9: ["c"] });
    deployed.objects.files.set(digestAt(8), new TextEncoder().encode("?"));
    const { exitCode, output, submitted } = await reconcile(deployed, { args: ["--json"] });
    expect([exitCode, submitted, json(output)]).toMatchObject([
      1,
      [],
      {
        digests: 2,
        listed: 2,
        breaks: [],
        unreadable: [{ object: uri(digestAt(8)), reason: `${uri(digestAt(8))} is not JSON` }],
      },
    ]);
  });
});

describe("reconcile: what the ledger can know", () => {
  test("does not hand in what is from before there was a ledger", async () => {
    const deployed = delivered({ 7: ["a"], 8: ["b"], 9: ["c"] });
    deployed.notProcessed("a", "b", "c");
    const createdMs = async () => Date.parse("2025-06-11T07:30:00Z");
    const { exitCode, output, submitted } = await reconcile(deployed, { createdMs, keptMs: undefined });
    expect([exitCode, submitted]).toEqual([0, [payload(keyOf("b"), keyOf("c"))]]);
    expect(output).toContain(`
processed     0
not known     1, of hours that ended before 2025-06-11 07:30 UTC: the ledger knows nothing of them
missing       2
`);
  });

  test("does not hand in what the ledger forgot", async () => {
    const deployed = delivered({ 6: ["a"], 7: ["b"], 8: ["c"], 9: ["d"] });
    deployed.notProcessed("a", "b", "d");
    // A note of 08:00 is kept until now, so all of the hour that ended 08:00 may be forgotten.
    const { submitted, output } = await reconcile(deployed, { keptMs: 80 * 60_000, args: ["--json"] });
    expect([submitted, json(output)]).toMatchObject([
      [payload(keyOf("d"))],
      { unknown: 2, missing: [uri(keyOf("d"))], knownSince: "2025-06-11T09:00:00.000Z" },
    ]);
  });

  /** A day's digest file at 09:00 UTC, with one log file. */
  function days(...before: readonly number[]) {
    const deployed = delivered({});
    for (const age of before) {
      const end = new Date(Date.parse("2025-06-11T09:00:00Z") - age * DAY_MS).toISOString();
      const content = digest({ [keyOf(`${age}`)]: sealOf(logFile()) }, { digestEndTime: end });
      deployed.objects.files.set(digestKeyOf(end.replace(/\.\d+|[-:]/g, "")), digestFile(content));
      deployed.objects.files.set(keyOf(`${age}`), logFile());
      deployed.ledger.objects.set(uri(keyOf(`${age}`)), sealOf(logFile()));
    }
    return deployed;
  }

  test.each([
    ["it keeps for 30 days", 30, [40, 31, 20], [29, 20, 10, 1], "20"],
    ["it kept longer before", 30, [20], [40, 31, 29, 20, 10], "20"],
    ["it kept shorter before", 90, [40, 31, 29, 20, 18, 10], [17, 16, 1], "10"],
    ["it has no note", 30, [40, 20, 16, 14, 1], [], "14 1"],
    ["it has no old note", 30, [40, 20, 14, 10], [2, 1], "14 10"],
  ])("when %s, hands in what it would know", async (_what, keptDays, unprocessed, processed, handedIn) => {
    const deployed = days(...new Set([...unprocessed, ...processed].toSorted((a, b) => b - a)));
    deployed.notProcessed(...unprocessed.map(String));
    const { submitted } = await reconcile(deployed, { keptMs: keptDays * DAY_MS, args: ["--hours", "2160"] });
    expect(submitted).toEqual([payload(...handedIn.split(" ").map(keyOf))]);
  });

  test("does not hand in a digest file from before: the function would tell all of that hour anew", async () => {
    const deployed = delivered({ 6: ["a"], 7: ["b"], 8: [], 9: ["c"] });
    deployed.notProcessed("a", "b");
    deployed.put("b", logFile(record({ eventID: "other" })));
    deployed.remove("a");
    deployed.objects.files.delete(digestAt(8));
    const createdMs = async () => Date.parse("2025-06-11T08:30:00Z");
    const { exitCode, submitted, output } = await reconcile(deployed, { createdMs, args: ["--read-all", "--json"] });
    expect([exitCode, submitted, json(output)]).toMatchObject([
      1,
      [payload(digestAt(9))],
      { listed: 3, processed: 1, missing: [], unknown: 1, altered: [{}], removed: [{}], breaks: [{}] },
    ]);
  });

  test.each([
    ["nothing is known", { 7: ["a"] }, "The ledger knows nothing of these hours."],
    [
      "some is known",
      { 7: ["a"], 9: ["b"] },
      "Every log file of which the ledger can know was processed, and was what CloudTrail wrote.",
    ],
    ["nothing was delivered", { 9: [] }, "CloudTrail delivered no log files."],
  ])("says it when %s", async (_what, hours, sentence) => {
    const deployed = delivered(hours);
    deployed.notProcessed("a");
    const createdMs = async () => Date.parse("2025-06-11T08:30:00Z");
    const { exitCode, output, submitted } = await reconcile(deployed, { createdMs });
    expect([exitCode, submitted, output.split("\n")[0]]).toEqual([0, [], sentence]);
  });
});

describe("reconcile: what keeps it from working", () => {
  test("says that there are no digest files, and where it looked", async () => {
    const { exitCode, output, said } = await reconcile(delivered({}), {
      args: ["--prefix", "logs/AWSLogs/", "--json"],
    });
    const problem = `no digest file of the last 24 hours lies below s3://${BUCKET}/logs/AWSLogs/; log file validation must be on for the trail (enable_log_file_validation = true; the first one comes within two hours), and --prefix must end with AWSLogs/`;
    expect([exitCode, json(output), said]).toEqual([1, { problem }, [`cloudtrail-to-slack: ${problem}`]]);
  });

  test("says that there is no table, before it looks for anything", async () => {
    const deployed = delivered({ 9: ["a"] });
    const createdMs = async () => {
      throw new CommandError('the ledger\'s table "t" does not exist; name it with --table');
    };
    const { exitCode, output, said, shown } = await reconcile(deployed, { createdMs });
    expect([exitCode, output, said, shown.length]).toEqual([
      1,
      "",
      ['cloudtrail-to-slack: the ledger\'s table "t" does not exist; name it with --table'],
      1,
    ]);
  });

  test("says that no digest file can be read", async () => {
    const deployed = delivered({ 9: ["a"] });
    deployed.objects.files.set(digestAt(9), new LogFileError(`${uri(digestAt(9))} could not be read: AccessDenied`));
    const { exitCode, said } = await reconcile(deployed);
    expect([exitCode, said]).toEqual([
      1,
      [
        `cloudtrail-to-slack: none of the digest files could be read (${uri(digestAt(9))} could not be read: AccessDenied); allow s3:GetObject, and kms:Decrypt where a key of yours encrypts them`,
      ],
    ]);
  });

  test("ends when the ledger cannot be asked any more", async () => {
    const deployed = delivered({ 8: ["a"], 9: ["b"] });
    deployed.ledger.failure = new CommandError("the table is gone");
    const { exitCode, said, submitted } = await reconcile(deployed);
    expect([exitCode, said, submitted]).toEqual([1, ["cloudtrail-to-slack: the table is gone"], []]);
  });

  test("tells what it found when the function cannot be asked", async () => {
    const names = Array.from({ length: 15 }, (_, index) => `f${index}`);
    const deployed = delivered({ 9: names });
    deployed.notProcessed(...names);
    let calls = 0;
    const submit: Submit = async () => {
      calls += 1;
      if (calls === 2) throw new CommandError("the function is gone; name it");
    };
    const { exitCode, output, said } = await reconcile(deployed, { submit, args: ["--concurrency", "1"] });
    expect([exitCode, output.split("\n")[0], said]).toEqual([
      1,
      "15 of 15 log files were not processed; 10 of them were handed in.",
      ["cloudtrail-to-slack: the function is gone; name it"],
    ]);
    const asJson = await reconcile(deployed, {
      args: ["--json"],
      submit: async () => {
        throw new CommandError("gone");
      },
    });
    expect([asJson.exitCode, json(asJson.output)]).toMatchObject([
      1,
      { problem: "gone", handedIn: { logFiles: 0, digests: 0 } },
    ]);
  });

  test("does not hide a defect of its own", async () => {
    const deployed = delivered({ 9: ["a"] });
    deployed.notProcessed("a");
    const submit = async () => {
      throw new TypeError("x is not a function");
    };
    const { exitCode, said } = await reconcile(deployed, { submit });
    expect([exitCode, said]).toEqual([
      1,
      [
        "cloudtrail-to-slack: unexpected error: x is not a function; run it again with DEBUG=1 to see where, and report it",
      ],
    ]);
  });

  test.each([
    ["looking for digest files", "list"],
    ["reading digest files", "read"],
  ] as const)("at Ctrl-C while %s hands nothing in", async (_what, method) => {
    const deployed = delivered({ 7: ["a"], 8: ["b"], 9: ["c"] });
    deployed.notProcessed("a", "b", "c");
    const terminal = fakeTerminal();
    const { list, read } = deployed.objects;
    const objects = { ...deployed.objects };
    if (method === "list") {
      objects.list = (bucket, prefix) => {
        terminal.interrupt();
        return list(bucket, prefix);
      };
    } else {
      objects.read = (object) => {
        terminal.interrupt();
        return read(object);
      };
    }
    const { exitCode, output, submitted } = await reconcile(
      { ...deployed, objects },
      { terminal, args: ["--concurrency", "1"] },
    );
    expect([exitCode, submitted, output.split("\n")[0]]).toEqual([
      130,
      [],
      "Ended before all was compared; nothing was handed in.",
    ]);
  });

  test("at Ctrl-C stops in the midst of a log file", async () => {
    const deployed = delivered({ 9: ["a"] });
    const terminal = fakeTerminal();
    const { read } = deployed.objects;
    let pieces = 0;
    const objects = { ...deployed.objects };
    objects.read = async function* (object) {
      if (object.key === digestAt(9)) yield* read(object);
      else {
        terminal.interrupt();
        for (; pieces < 1_000; pieces++) yield new Uint8Array(1_000);
      }
    };
    const { exitCode } = await reconcile({ ...deployed, objects }, { terminal, args: ["--read-all"] });
    expect([exitCode, pieces]).toEqual([130, 0]);
  });

  test("at Ctrl-C while handing in says how far it came", async () => {
    const names = Array.from({ length: 15 }, (_, index) => `f${index}`);
    const deployed = delivered({ 9: names });
    deployed.notProcessed(...names);
    const terminal = fakeTerminal();
    const submit = async () => terminal.interrupt();
    const { exitCode, output, submitted } = await reconcile(deployed, {
      terminal,
      submit,
      args: ["--concurrency", "1"],
    });
    expect([exitCode, submitted.length, output.split("\n")[0]]).toEqual([
      130,
      1,
      "Ended early: 15 of 15 log files were not processed; 10 of them were handed in.",
    ]);
  });
});

test("what reconcile hands in, the function processes and tells, once", async () => {
  const simulation = await simulate();
  try {
    const files = ["a", "b", "gone"].map(
      (id) => [keyOf(id), logFile(trailStopped("111111111111", { eventID: id }))] as const,
    );
    const seals = Object.fromEntries(files.map(([key, bytes]) => [key, sealOf(bytes)]));
    const deployed = { clock: simulation.clock, ledger: simulation.table, objects: simulation.objects };
    const lost = digestFile(digest({}, endOf(8)));
    deployed.objects.files.set(digestAt(9), digestFile(digest(seals, follows(digestAt(8), lost))));
    for (const [key, bytes] of files) if (key !== keyOf("gone")) deployed.objects.files.set(key, bytes);
    await simulation.notify(keyOf("a"));
    const once = async () => {
      const payloads: string[] = [];
      const { exitCode } = await reconcile(deployed, { submit: async (text) => void payloads.push(text) });
      for (const text of payloads) await simulation.send(JSON.parse(text));
      return [exitCode, payloads.map((text) => JSON.parse(text))];
    };
    expect(await once()).toEqual([1, [payload(keyOf("b")), payload(digestAt(9))]]);
    expect(await once()).toEqual([1, [payload(digestAt(9))]]);
    expect(simulation.slack.received().map(headlineOf)).toEqual([
      ...simulation.told().map(() => expect.stringContaining("CloudTrail")),
      "🔴 CRITICAL · 2 CloudTrail files are not what CloudTrail wrote",
    ]);
    expect([simulation.told(), simulation.deadLetters]).toEqual([["default a", "default b"], []]);
  } finally {
    await simulation.close();
  }
});

describe("docs/cli.md", () => {
  const commands = blocks("docs/cli.md", "console").filter((block) =>
    block.startsWith("$ cloudtrail-to-slack reconcile "),
  );

  test("shows commands", () => expect(commands.length).toBe(2));

  test.each(commands)("shows what the command prints: %s", async (block) => {
    const [, line = "", expected] = /^\$ cloudtrail-to-slack (.*)\n([\s\S]*)$/.exec(block) ?? [];
    const deployed = delivered({ 7: ["a"], 8: ["b", "c"], 9: ["d"] });
    deployed.notProcessed("c");
    deployed.put("b", logFile(record({ eventID: "other" })));
    const [, bucket, ...args] = line.split(" ").slice(1);
    const { output } = await reconcile(deployed, { args });
    expect([bucket, `${output}\n`]).toEqual([BUCKET, expected]);
  });

  test("names every option", async () => {
    const terminal = fakeTerminal();
    await runProgram(["reconcile", "--help"], terminal);
    const options = Array.from(terminal.written.join("\n").matchAll(/^ {2}(--[a-z-]+)/gm), ([, option = ""]) => option);
    const section =
      readFileSync(path.join(repoRoot, "docs/cli.md"), "utf8")
        .split(/^## /m)
        .find((part) => part.startsWith("reconcile\n")) ?? "";
    expect(options.length).toBeGreaterThan(9);
    expect(options.filter((option) => !section.includes(`| \`${option}\` |`))).toEqual([]);
  });
});
