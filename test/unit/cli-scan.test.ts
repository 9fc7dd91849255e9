import { chmodSync, writeFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { strToU8, zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import type { Candidate } from "#cli/scan/candidate.ts";
import { candidatesAt, type OpenBucket } from "#cli/scan/candidates.ts";
import { repeats } from "#cli/scan/repeats.ts";
import { scan } from "#cli/scan/scan.ts";
import { CommandError } from "#cli/shared/command-error.ts";
import { LogFileError } from "#model/errors.ts";
import { DEFAULT_LIMITS } from "#model/log-file.ts";
import { createRuleSet } from "#rules/rule-set.ts";
import { fakeTerminal } from "#test/support/dead-letters.ts";
import { aggregated, insight, logFile, type RawRecord, ROOT, record, trailStopped } from "#test/support/records.ts";
import { folderOf, jsonLines, scanning } from "#test/support/scanning.ts";

/** Only the rules of a test: what the default rules say is for their own tests. */
const ALL = ["--no-default-rules", "--rule", "true"];

const at = (time: string, overrides: RawRecord = {}) =>
  record({ eventID: `id-${time}`, eventTime: `2025-06-11T${time}:00Z`, ...overrides });
const idsOf = (output: string) => jsonLines(output).map(({ eventID }) => eventID);

/** Scans one folder for ids. */
async function idsIn(files: Readonly<Record<string, string | Uint8Array>>, ...args: readonly string[]) {
  const { exitCode, output, said } = await scanning([folderOf(files), ...ALL, "--json", ...args]);
  return { exitCode, ids: idsOf(output), said };
}

/** Root may read everything: then the work is done as a user who may not. */
async function asNobody<T>(work: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return await work();
  process.seteuid?.(65_534);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}

describe("scan", () => {
  test("shows what each rule found, the most severe first", async () => {
    const folder = folderOf({
      "a.json.gz": logFile(
        at("09:15"),
        trailStopped("111111111111", { eventID: "s", eventTime: "2025-06-11T09:00:00Z" }),
      ),
      "b.json": JSON.stringify({ Records: [at("08:30", { userIdentity: ROOT }), at("09:30")] }),
    });
    const config = path.join(folder, "rules.yaml");
    writeFileSync(
      config,
      "rules: [{ id: stopped, severity: high, expression: eventName == 'StopLogging' }, eventName != '']",
    );
    const { exitCode, output, said } = await scanning([folder, "--no-default-rules", "--config", config]);
    expect([exitCode, said]).toEqual([0, []]);
    expect(output).toBe(`4 alerts in 4 records of 2 files; 1 file holds no records.

severity  rule      alerts  first                 last                  top actors
high      stopped   1       2025-06-11 09:00 UTC  2025-06-11 09:00 UTC  user/alice (1)
medium    rules[1]  4       2025-06-11 08:30 UTC  2025-06-11 09:30 UTC  user/alice (3), root (1)`);
  });

  test("prints one line of JSON per alert, and nothing else", async () => {
    const folder = folderOf({
      "a.json.gz": logFile(trailStopped(), record({ eventID: "quiet" }), at("10:00", { eventName: "StopLogging" })),
    });
    const rules = ["--rule", "eventName == 'StopLogging'", "--rule", "readOnly == false && eventName == 'StopLogging'"];
    const { exitCode, output, said } = await scanning([folder, "--no-default-rules", ...rules, "--json"]);
    expect(exitCode).toBe(0);
    expect(said).toEqual(["2 alerts in 3 records of 1 file."]);
    expect(jsonLines(output)).toEqual([
      {
        eventID: "00000000-0000-4000-8000-000000000001",
        recipientAccountId: "111111111111",
        awsRegion: "eu-central-1",
        eventTime: "2025-06-11T09:15:00Z",
        eventName: "StopLogging",
        severity: "medium",
        rules: ["rules[0]", "rules[1]"],
        title: "StopLogging was called",
        eventSource: "cloudtrail.amazonaws.com",
        actor: "arn:aws:iam::111111111111:user/alice",
        sourceIPAddress: "198.51.100.7",
        errorCode: null,
        file: path.join(folder, "a.json.gz"),
      },
      expect.objectContaining({ eventID: "id-10:00" }),
    ]);
  });

  test("asks the default rules unless told otherwise; those of one alert come with the most severe first", async () => {
    const folder = folderOf({ "a.json.gz": logFile(trailStopped("111111111111", { userIdentity: ROOT })) });
    const [line] = jsonLines((await scanning([folder, "--json", "--rule", "true"])).output);
    expect(line).toMatchObject({ severity: "critical" });
    expect(line?.rules).toEqual(["trail-stopped", "root-activity", "rules[0]"]);
  });

  test("the rules for refused calls are called access-denied…", async () => {
    const refused = { errorCode: "AccessDenied", errorMessage: "User is not authorized" };
    const folder = folderOf({
      "a.json.gz": logFile(record(refused), trailStopped("111111111111", { ...refused, eventID: "b" })),
    });
    const lines = jsonLines((await scanning([folder, "--json"])).output);
    expect(lines).toHaveLength(2);
    expect(lines.flatMap(({ rules }) => rules).filter((id) => !String(id).startsWith("access-denied"))).toEqual([]);
  });

  test.each([
    ["exits with 0 whether it alerts or not", [], 0],
    ["exits with 1 with --fail-on-alert", ["--fail-on-alert"], 1],
    ["exits with 0 with --fail-on-alert when nothing alerts", ["--fail-on-alert", "--account", "222222222222"], 0],
  ])("%s", async (_what, args, exitCode) => {
    const folder = folderOf({ "a.json.gz": logFile(record()) });
    expect((await scanning([folder, ...ALL, ...args])).exitCode).toBe(exitCode);
    expect((await scanning([folder, ...ALL, ...args, "--json"])).exitCode).toBe(exitCode);
  });

  test("does not change an id, whatever stands in it", async () => {
    const eventID = 'a"\\\n\u001b[31m\u202e\u{e0041}é';
    const { output } = await scanning([folderOf({ "a.json.gz": logFile(record({ eventID })) }), ...ALL, "--json"]);
    expect([idsOf(output), /[^\x20-\x7eé]/u.test(output)]).toEqual([[eventID], false]);
  });

  test("gives null for what a record does not have", async () => {
    const bare = { eventName: "X", userIdentity: { accountId: "222222222222" } };
    const { output } = await scanning([folderOf({ "a.json.gz": logFile(bare) }), ...ALL, "--json"]);
    expect(jsonLines(output)).toEqual([
      expect.objectContaining({ eventID: null, recipientAccountId: "222222222222", awsRegion: null, eventTime: null }),
    ]);
  });

  test("shows nothing of a name that moves a cursor or turns text around", async () => {
    const userIdentity = { type: "IAMUser", userName: "\u001b[2J\u202eevil\nrow" };
    const folder = folderOf({ "a.json.gz": logFile(record({ userIdentity })) });
    const { output } = await scanning([folder, ...ALL]);
    expect(output).toContain("[2Jevil row (1)");
    expect([output.includes("\u001b"), output.includes("\u202e")]).toEqual([false, false]);
  });
});

describe("scan reads", () => {
  const one = at("09:00");
  const two = at("09:01");
  const [a, b] = ["id-09:00", "id-09:01"];
  const lines = (...records: readonly unknown[]) => records.map((each) => JSON.stringify(each)).join("\n");

  test.each<[string, string, string | Uint8Array, readonly unknown[]]>([
    ["a log file", "a.json", JSON.stringify({ Records: [one, two] }), [a, b]],
    ["a packed log file", "a.json.gz", logFile(one, two), [a, b]],
    ["a log file with line breaks", "a.json", JSON.stringify({ Records: [one, two] }, null, 2), [a, b]],
    ["a log file with a byte order mark", "a.json", `\ufeff${JSON.stringify({ Records: [one] })}`, [a]],
    ["a log file whose list is not the first", "a.json", JSON.stringify({ version: 1, Records: [one] }), [a]],
    ["a list", "a.json", JSON.stringify([one, two]), [a, b]],
    ["one record", "a.json", JSON.stringify(one), [a]],
    ["one record with a byte order mark", "a.json", `\ufeff${JSON.stringify(one)}`, [a]],
    ["one record with line breaks", "a.json", JSON.stringify(one, null, 2), [a]],
    ["a record in each line", "a.jsonl", lines(one, two), [a, b]],
    ["a record in each line, with empty ones", "a.ndjson", `\n${lines(one)}\r\n\r\n\n${lines(two)}\r\n`, [a, b]],
    ["a record in each line, packed", "a.jsonl.gz", gzipSync(lines(one, two)), [a, b]],
    [
      "a line longer than what is looked at ahead",
      "a.jsonl",
      lines(one, at("09:02", { x: "x".repeat(900_000) }), two),
      [a, "id-09:02", b],
    ],
    ["an aggregated event", "a.json.gz", logFile(aggregated()), ["00000000-0000-4000-8000-0000000000b1"]],
    ["no records", "a.json.gz", logFile(), []],
  ])("%s", async (_what, name, content, ids) => {
    expect(await idsIn({ [name]: content })).toEqual({ exitCode: 0, ids, said: [expect.any(String)] });
  });

  test("folders below folders, sorted by name, and what is named by itself whatever its name", async () => {
    const folder = folderOf({
      "b/z.json": JSON.stringify([at("09:03")]),
      "b/a/x.json.gz": logFile(at("09:02")),
      "a.json": JSON.stringify([at("09:01")]),
      "log.txt": JSON.stringify([at("09:04")]),
    });
    const all = await scanning([folder, ...ALL, "--json"]);
    const named = await scanning([path.join(folder, "log.txt"), path.join(folder, "b"), ...ALL, "--json"]);
    expect([idsOf(all.output), idsOf(named.output)]).toEqual([
      ["id-09:01", "id-09:02", "id-09:03"],
      ["id-09:04", "id-09:02", "id-09:03"],
    ]);
  });

  test.each<[string, string, string | Uint8Array]>([
    ["a digest file", "d.json.gz", gzipSync(JSON.stringify({ awsAccountId: "111111111111", logFiles: [] }))],
    ["JSON of another tool", "package.json", '{\n  "name": "x"\n}\n'],
    ["a large JSON of another tool", "large.json", `{"name": "${"x".repeat(2 ** 21)}"}`],
    ["a list of another tool", "list.json", '[{"a":1},2,null]'],
    ["lines of another tool", "log.jsonl", '{"level":"info"}\n{"level":"warn"}\n'],
    ["a digest file by its folder", "AWSLogs/111111111111/CloudTrail-Digest/eu-west-1/d.json.gz", "not even gzip"],
    ["a document", "README.md", "# x"],
    ["a hidden file", ".state/x.json", "{"],
    ["what an Apple packs", "__MACOSX/._a.json", "\u0000"],
  ])("counts %s as skipped", async (_what, name, content) => {
    const { exitCode, ids, said } = await idsIn({ [name]: content, "a.json.gz": logFile(one) });
    expect([exitCode, ids, said]).toEqual([0, [a], ["1 alert in 1 record of 1 file; 1 file holds no records."]]);
  });

  test("asks rules about Insights as about any record", async () => {
    const { exitCode, ids } = await idsIn({ "a.json": JSON.stringify(insight()) });
    expect([exitCode, ids]).toEqual([0, ["00000000-0000-4000-8000-0000000000a1"]]);
  });

  test("counts Insights that no rule matches, because the function tells them; not those that are ignored", async () => {
    const folder = folderOf({ "a.json": JSON.stringify([insight(), record({ eventID: "x" })]) });
    const { exitCode, output } = await scanning([folder, "--no-default-rules"]);
    expect([exitCode, output]).toEqual([0, "No alert in 2 records of 1 file; of the records: told as Insights 1."]);
    const config = path.join(folderOf({ "c.yaml": "ignore_rules: [insightDetails.state == 'Start']" }), "c.yaml");
    const ignoring = await scanning([folder, "--no-default-rules", "--config", config]);
    expect(ignoring.output).toBe("No alert in 2 records of 1 file; of the records: ignored 1.");
  });
});

describe("scan reads zips", () => {
  const zip = (files: Readonly<Record<string, string | Uint8Array>>, level: 0 | 6 = 6) =>
    zipSync(
      Object.fromEntries(
        Object.entries(files).map(([name, content]) => [
          name,
          typeof content === "string" ? strToU8(content) : content,
        ]),
      ),
      { level },
    );

  test.each([0, 6] as const)("entry by entry, packed or not (level %i)", async (level) => {
    const files = { "x/a.json": JSON.stringify([at("09:01")]), "b.json.gz": logFile(at("09:02")), "readme.txt": "x" };
    const { exitCode, ids, said } = await idsIn({ "logs.zip": zip(files, level) });
    expect({ exitCode, ids, said }).toEqual({
      exitCode: 0,
      ids: ["id-09:01", "id-09:02"],
      said: ["2 alerts in 2 records of 2 files; 1 file holds no records."],
    });
  });

  test("names that would lead out of the zip, or to a prototype, lead nowhere", async () => {
    const names = ["../a.json", "/etc/a.json", "c:\\a.json", "__proto__.json", "constructor.json"];
    const entries = Object.fromEntries(names.map((name, index) => [name, JSON.stringify([at(`09:0${index}`)])]));
    const { exitCode, ids } = await idsIn({ "logs.zip": zip(entries) });
    expect([exitCode, ids.toSorted()]).toEqual([0, names.map((_, index) => `id-09:0${index}`)]);
  });

  test.each<[string, Uint8Array, RegExp]>([
    ["no zip", strToU8("PK\u0003\u0004 nothing"), /logs\.zip is not a zip that can be read: /],
    ["nothing", new Uint8Array(), /logs\.zip is not a zip that can be read: /],
    ["half a zip", zip({ "a.json": "[]" }).subarray(0, 40), /logs\.zip is not a zip that can be read: /],
    ["a zip that claims to be larger than it is", hostileEnd(), /logs\.zip is not a zip that can be read: /],
  ])("reports %s, and reads the others", async (_what, content, sentence) => {
    const { exitCode, ids, said } = await idsIn({ "logs.zip": content, "m.json.gz": logFile(at("09:01")) });
    expect([exitCode, ids]).toEqual([1, ["id-09:01"]]);
    expect(said[0]).toMatch(sentence);
  });

  test("reports an entry that is damaged, and reads the others", async () => {
    const bytes = zip({ "a.json": JSON.stringify([at("09:01")]), "b.json": JSON.stringify([at("09:02")]) });
    // In the midst of the packed bytes of the first entry.
    bytes.fill(0xff, 60, 90);
    const { exitCode, ids, said } = await idsIn({ "logs.zip": bytes });
    expect([exitCode, ids]).toEqual([1, ["id-09:02"]]);
    expect(said[0]).toMatch(/logs\.zip\/a\.json could not be read: /);
  });

  test("a bomb goes off within the limits, and the others are read", async () => {
    const bomb = `{"Records":[1,"${"x".repeat(20_000_000)}"]}`;
    const folder = folderOf({ "logs.zip": zip({ "a.json": bomb, "b.json": JSON.stringify([at("09:02")]) }) });
    const config = path.join(folderOf({ "limits.json": '{"limits":{"file_bytes":100000}}' }), "limits.json");
    const { exitCode, output, said } = await scanning([folder, "--config", config, ...ALL, "--json"]);
    expect([exitCode, idsOf(output)]).toEqual([1, ["id-09:02"]]);
    expect(said[0]).toMatch(/a\.json unpacks to more than 100000 bytes \(limits\.file_bytes\)$/);
  });

  /** The end of a zip that has its true numbers elsewhere, where they are not. */
  function hostileEnd(): Uint8Array {
    const bytes = Buffer.alloc(200);
    bytes.writeUInt32LE(0x06054b50, 178);
    bytes.fill(0xff, 186, 198);
    bytes.writeUInt32LE(0x07064b50, 158);
    bytes.writeUInt32LE(10, 166);
    bytes.writeUInt32LE(0x06064b50, 196 - 4);
    return bytes;
  }
});

describe("scan goes on when", () => {
  const good = { "m.json.gz": logFile(at("09:01")) };
  const long = logFile(
    ...Array.from({ length: 3_000 }, (_, index) => record({ eventID: `r${index}`, x: Math.sin(index) })),
  );

  test.each<[string, Readonly<Record<string, string | Uint8Array>>, RegExp]>([
    ["a file is not JSON", { "a.json": "no" }, /a\.json is not JSON$/],
    ["a file is empty", { "a.json": "" }, /a\.json is not JSON$/],
    ["a file ends too early", { "a.json": '{"Records":[' }, /a\.json is not JSON$/],
    ["a file is not gzip", { "a.json.gz": Buffer.from([0x1f, 0x8b, 1, 2, 3]) }, /a\.json\.gz is not gzip: /],
  ])("%s", async (_what, files, sentence) => {
    const { exitCode, ids, said } = await idsIn({ ...files, ...good });
    expect([exitCode, ids, said]).toEqual([
      1,
      ["id-09:01"],
      [expect.stringMatching(sentence), "1 alert in 1 record of 1 file; 1 file could not be read."],
    ]);
  });

  test("gzip is cut off: what stood before is judged", async () => {
    const { exitCode, ids, said } = await idsIn({ "a.json.gz": long.subarray(0, long.length / 2), ...good });
    expect([exitCode, ids.length > 500, ids.slice(0, 2), ids.at(-1)]).toEqual([1, true, ["r0", "r1"], "id-09:01"]);
    expect(said[0]).toMatch(/^cloudtrail-to-slack: .*a\.json\.gz is not gzip: unexpected end of file$/);
  });

  test("lines are cut off, or broken: each costs itself alone", async () => {
    const lines = [at("09:01"), at("09:02"), at("09:03")].map((each) => JSON.stringify(each));
    const broken = [lines[0], '{"eventName": "x', lines[1], "]", lines[2]?.slice(0, 100)].join("\n");
    const { exitCode, ids, said } = await idsIn({ "a.jsonl": broken });
    expect([exitCode, ids]).toEqual([1, ["id-09:01", "id-09:02"]]);
    expect(said.map((sentence) => sentence.replace(/.*a\.jsonl/, "a.jsonl"))).toEqual([
      "a.jsonl: record 2 is not JSON",
      "a.jsonl: record 4 is not JSON",
      "a.jsonl: record 5 is not JSON",
      "2 alerts in 5 records of 1 file; of the records: could not be judged 3.",
    ]);
  });

  test("records are none: the first ten are named, all are counted", async () => {
    const { exitCode, ids, said } = await idsIn({
      "a.json": JSON.stringify([at("09:01"), ...Array(40).fill({ a: 1 })]),
    });
    expect([exitCode, ids, said.length, said.at(-1)]).toEqual([
      1,
      ["id-09:01"],
      11,
      "1 alert in 41 records of 1 file; of the records: could not be judged 40.",
    ]);
  });

  test("a path is not there", async () => {
    const folder = folderOf(good);
    const { exitCode, output, said } = await scanning([path.join(folder, "x"), folder, ...ALL, "--json"]);
    expect([exitCode, idsOf(output), said[0]]).toEqual([
      1,
      ["id-09:01"],
      `cloudtrail-to-slack: ${folder}/x does not exist; name a file, a folder, a zip or s3://bucket/prefix`,
    ]);
  });

  test("a file and a folder are not for this user", async () => {
    const folder = folderOf({ ...good, "a.json": "[]", "b/c.json": "[]" });
    chmodSync(folder, 0o755);
    chmodSync(path.join(folder, "a.json"), 0);
    chmodSync(path.join(folder, "b"), 0);
    const { exitCode, output, said } = await asNobody(() => scanning([folder, ...ALL, "--json"]));
    chmodSync(path.join(folder, "b"), 0o700);
    expect([exitCode, idsOf(output), said.slice(0, 2)]).toEqual([
      1,
      ["id-09:01"],
      [
        expect.stringContaining("a.json could not be read: EACCES"),
        expect.stringContaining("b may not be read by this user"),
      ],
    ]);
  });

  test("a rule fails on a record: it says so once, and asks the others", async () => {
    const folder = folderOf({ "a.json.gz": logFile(at("09:01"), at("09:02")) });
    const { exitCode, output, said } = await scanning([
      folder,
      ...ALL,
      "--rule",
      "requestParameters.x && requestParameters.missing[0] == 1",
      "--rule",
      "requestParameters.missing[0] == 1",
      "--json",
    ]);
    expect([exitCode, idsOf(output)]).toEqual([1, ["id-09:01", "id-09:02"]]);
    expect(said.filter((sentence) => sentence.includes("failed on a record"))).toEqual([
      "cloudtrail-to-slack: the rule rules[2] failed on a record: it asks for a part of something that is not there (2 records)",
    ]);
  });

  test("there is nothing at all: then it says so, and fails", async () => {
    const { exitCode, output, said } = await scanning([folderOf({}), "--json"]);
    expect([exitCode, output, said]).toEqual([
      1,
      "",
      ["cloudtrail-to-slack: there is no file at these paths; name log files, or what lies above them"],
    ]);
  });
});

describe("scan loses no record", () => {
  test("every one is counted once, whatever becomes of it", async () => {
    const folder = folderOf({
      "a.json.gz": logFile(at("09:01"), at("09:01"), at("09:02", { eventName: "Ignored" }), 7, { a: 1 }),
      "b.jsonl": `${JSON.stringify(at("09:03", { eventName: "Quiet" }))}\n{\n${JSON.stringify(at("08:00"))}`,
      "c.json": '[{"other":"tool"}]',
      "d.json.gz": logFile(at("09:04")).subarray(0, 60),
    });
    const { ruleSet } = createRuleSet(
      [
        { id: "i", origin: "ignore", severity: "info", expression: "eventName == 'Ignored'" },
        { id: "a", origin: "custom", severity: "low", expression: "eventName != 'Quiet'" },
      ],
      {},
    );
    const { all } = await candidatesAt([folder], undefined, () => {
      throw new Error("no bucket");
    });
    const told: string[] = [];
    const { records, alerts, repeated, ignored, unmatched, outside, unjudged, ...rest } = await scan(all, ruleSet, {
      wanted: { sinceMs: Date.parse("2025-06-11T09:00Z"), untilMs: undefined, accounts: new Set(), regions: new Set() },
      limits: DEFAULT_LIMITS,
      wording: {},
      concurrency: 1,
      stop: new AbortController().signal,
      onAlert: ({ alert }) => told.push(alert.eventId),
      onProblem: (sentence) => told.push(sentence.replace(folder, "")),
      onProgress: () => {},
    });
    expect({ alerts, repeated, ignored, unmatched, outside, unjudged }).toEqual({
      alerts: 1,
      repeated: 1,
      ignored: 1,
      unmatched: 1,
      outside: 1,
      unjudged: 3,
    });
    expect(records).toBe(alerts + repeated + ignored + unmatched + outside + unjudged);
    expect([rest.files, rest.skipped, rest.unreadable]).toEqual([2, 1, 1]);
    expect(told).toEqual([
      "id-09:01",
      "/a.json.gz: record 4 is a number",
      "/a.json.gz: record 5 has no eventName",
      "/b.jsonl: record 2 is not JSON",
      expect.stringMatching(/^\/d\.json\.gz is not gzip: /),
    ]);
  });
});

describe("scan tells a record once", () => {
  test("that lies in two files", async () => {
    const files = {
      "a.json.gz": logFile(at("09:01"), at("09:02")),
      "b.json": JSON.stringify([at("09:02"), at("09:01")]),
    };
    const { exitCode, ids, said } = await idsIn(files);
    expect([exitCode, ids, said]).toEqual([
      0,
      ["id-09:01", "id-09:02"],
      ["2 alerts in 4 records of 2 files; of the records: not told twice 2."],
    ]);
  });

  test.each<[string, RawRecord, number]>([
    ["account", { recipientAccountId: "222222222222" }, 2],
    ["id", { eventID: "other" }, 2],
    ["time", { eventTime: "2025-06-11T09:01:01Z" }, 2],
    ["content", { eventName: "DeleteBucket" }, 2],
    ["nothing", {}, 1],
  ])("but two that differ in %s", async (_what, overrides, alerts) => {
    const { ids } = await idsIn({ "a.json": JSON.stringify([at("09:01"), at("09:01", overrides)]) });
    expect(ids).toHaveLength(alerts);
  });

  test("and each of those that have no id", async () => {
    const { ids } = await idsIn({
      "a.json": JSON.stringify([at("09:01", { eventID: undefined }), at("09:01", { eventID: undefined })]),
    });
    expect(ids).toHaveLength(2);
  });

  test("and forgets the oldest when it remembers too many", () => {
    const isRepeat = repeats(2);
    expect(["a", "b", "a", "c", "a"].map((eventID) => isRepeat(record({ eventID })))).toEqual([
      false,
      false,
      true,
      false,
      false,
    ]);
  });
});

describe("scan judges only records", () => {
  const files = {
    "a.json": JSON.stringify([
      at("08:00", { eventTime: "2025-06-10T23:59:59Z" }),
      at("09:00", { recipientAccountId: "222222222222" }),
      at("10:00", { awsRegion: "us-east-1" }),
      at("11:00", { recipientAccountId: undefined, userIdentity: { accountId: "333333333333" } }),
      at("11:30", { eventTime: undefined }),
    ]),
  };
  const [old, other, virginia, without, timeless] = ["id-08:00", "id-09:00", "id-10:00", "id-11:00", "id-11:30"];

  test.each<[readonly string[], readonly (string | undefined)[]]>([
    [
      ["--since", "2025-06-11"],
      [other, virginia, without, timeless],
    ],
    [
      ["--until", "2025-06-10"],
      [old, timeless],
    ],
    [
      ["--since", "2025-06-11T10:00"],
      [virginia, without, timeless],
    ],
    [
      ["--since", "2025-06-11T10:00Z"],
      [virginia, without, timeless],
    ],
    [
      ["--since", "2025-06-11T12:30+02:00"],
      [without, timeless],
    ],
    [
      ["--until", "2025-06-11T09:00:00Z"],
      [old, other, timeless],
    ],
    [
      ["--since", "2h"],
      [virginia, without, timeless],
    ],
    [
      ["--since", "90m"],
      [without, timeless],
    ],
    [
      ["--since", "2d", "--until", "3h"],
      [old, other, timeless],
    ],
    [["--account", "222222222222"], [other]],
    [
      ["--account", "222222222222", "--account", "333333333333"],
      [other, without],
    ],
    [["--region", "us-east-1"], [virginia]],
    [["--region", "us-east-1", "--account", "222222222222"], []],
  ])("of %j", async (args, ids) => {
    expect((await idsIn(files, ...args)).ids).toEqual(ids);
  });

  test("and says how many were left out", async () => {
    expect((await idsIn(files, "--region", "us-east-1")).said).toEqual([
      "1 alert in 5 records of 1 file; of the records: not asked for 4.",
    ]);
  });

  test.each([
    [
      ["--since", "yesterday"],
      "option '--since <time>' argument 'yesterday' is invalid: it must be a date or time such as 2025-06-11 or 2025-06-11T09:00Z, or 30m, 24h, 7d",
    ],
    [
      ["--until", "2025-06-31"],
      "option '--until <time>' argument '2025-06-31' is invalid: it must be a date or time such as 2025-06-11 or 2025-06-11T09:00Z, or 30m, 24h, 7d",
    ],
    [
      ["--since", "2025-06-31T10:00Z"],
      "option '--since <time>' argument '2025-06-31T10:00Z' is invalid: it must be a date or time such as 2025-06-11 or 2025-06-11T09:00Z, or 30m, 24h, 7d",
    ],
    [["--since", "2025-06-12", "--until", "2025-06-11"], "--since is later than --until"],
    [["--account", "1"], "option '--account <id>' argument '1' is invalid: it must be an account id of 12 digits"],
    [
      ["--region", "Frankfurt!"],
      "option '--region <region>' argument 'Frankfurt!' is invalid: it must be a region such as eu-central-1",
    ],
    [
      ["--pack", "clickop"],
      `option '--pack <name>' argument 'clickop' is invalid: there is no such pack; did you mean "clickops"?`,
    ],
    [["--all-packs", "--no-default-rules"], "option '--no-default-rules' cannot be used with option '--all-packs'"],
  ])("refuses %j with a sentence", async (args, sentence) => {
    const { exitCode, output, said } = await scanning([folderOf(files), ...args, "--json"]);
    expect([exitCode, output, said]).toEqual([
      2,
      "",
      [`cloudtrail-to-slack: ${sentence}; \`cloudtrail-to-slack scan --help\` shows what there is`],
    ]);
  });
});

describe("scan takes rules from", () => {
  test("a configuration, and warns of a variable that nothing reads", async () => {
    const config = path.join(folderOf({ "c.yaml": "alowed_cidrs: [198.51.100.0/24]" }), "c.yaml");
    const { exitCode, said } = await scanning([folderOf({ "a.json": "[]" }), "--config", config]);
    expect([exitCode, said]).toEqual([
      0,
      [
        'cloudtrail-to-slack: warning: alowed_cidrs: there is no such variable in the document; did you mean "allowed_cidrs"?',
      ],
    ]);
  });

  const files = { "a.json.gz": logFile(trailStopped("111111111111", { userIdentity: ROOT })) };
  const rulesOf = async (...args: readonly string[]) => {
    const { exitCode, output, said } = await scanning([folderOf(files), "--json", ...args]);
    return { exitCode, rules: jsonLines(output).flatMap(({ rules }) => rules), said };
  };
  const configured = (text: string) => ["--config", path.join(folderOf({ "c.yaml": text }), "c.yaml")];

  test("one pack alone", async () => {
    expect((await rulesOf("--no-default-rules", "--pack", "root")).rules).toEqual(["root-activity"]);
  });
  test("several packs", async () => {
    const packs = ["--pack", "root", "--pack", "cloudtrail-tampering"];
    expect((await rulesOf("--no-default-rules", ...packs)).rules).toEqual(["trail-stopped", "root-activity"]);
  });
  test("a configuration, in JSON or YAML, behind which those of --rule stand", async () => {
    const yaml = configured("use_default_rules: false\nrules: \"eventName == 'StopLogging', eventName == 'x'\"\n");
    const json = configured('{"use_default_rules":false,"rules":["eventName == \'StopLogging\'","false == true"]}');
    const [one, two] = [await rulesOf(...yaml, "--rule", "true"), await rulesOf(...json, "--rule", "true")];
    expect([one.rules, two.rules]).toEqual([
      ["rules[0]", "rules[2]"],
      ["rules[0]", "rules[2]"],
    ]);
  });
  test("Python", async () => {
    const rule = "'userIdentity.type' in event and event['userIdentity.type'] == 'Root'";
    expect((await rulesOf("--no-default-rules", "--rule", rule)).rules).toEqual(["rules[0]"]);
  });
  test("ignore rules, which are counted", async () => {
    const { exitCode, rules, said } = await rulesOf(...configured("ignore_rules: [eventName == 'StopLogging']"));
    expect([exitCode, rules, said]).toEqual([0, [], ["No alert in 1 record of 1 file; of the records: ignored 1."]]);
  });
  test.each<[string, () => readonly string[], RegExp]>([
    [
      "a rule that is none",
      () => ["--rule", "eventName =="],
      /^cloudtrail-to-slack: 1 problem in the rules; mend them first:\nrules\[0\]: the expression ends too early/,
    ],
    ["a pack that the configuration makes up", () => configured("packs: { rooot: true }"), /packs\.rooot: /],
    [
      "a configuration that is none",
      () => configured("rules: [7]"),
      /^cloudtrail-to-slack: the configuration cannot be used; mend it first:\nrules\.0: /,
    ],
    [
      "a configuration that is no YAML",
      () => configured("{"),
      /^cloudtrail-to-slack: the configuration .*c\.yaml cannot be used: is not YAML: [^\n]*; give --config a file of JSON or YAML$/,
    ],
    [
      "a configuration that is a list",
      () => configured("[1]"),
      /holds no variables; write them by their names, such as use_default_rules: true$/,
    ],
    [
      "a configuration that is not there",
      () => ["--config", "/nowhere.yaml"],
      /^cloudtrail-to-slack: the configuration \/nowhere\.yaml cannot be used: ENOENT.*; give --config a file/,
    ],
  ])("refuses %s, and prints no JSON", async (_what, args, sentence) => {
    const { exitCode, rules, said } = await rulesOf(...args());
    expect([exitCode, rules, said]).toEqual([1, [], [expect.stringMatching(sentence)]]);
  });
});

describe("scan --explain", () => {
  const folder = () =>
    folderOf({ "a.json.gz": logFile(at("09:00"), trailStopped("111111111111", { eventID: "x" })), "b.json": "no" });
  const yaml = `
use_default_rules: false
rules:
  - { id: no, expression: userIdentity.type == 'Root' }
  - { id: stopped, severity: high, expression: "eventName == 'StopLogging' && (event|has('requestParameters.name'))" }
  - { id: excused, expression: "config.self == 1 || eventName == 'StopLogging'" }
  - { id: broken, expression: "requestParameters.names[0] == 'x'" }
  - { id: gone, expression: "true" }
rule_config: { self: 1 }
rule_overrides:
  gone: { enabled: false }
  excused: { exceptions: [{ reason: known, actors: [alice] }] }
`;

  test("shows what every rule says, those that match first, with the values that they read", async () => {
    const config = path.join(folderOf({ "c.yaml": yaml }), "c.yaml");
    const place = folder();
    const { exitCode, output } = await scanning([place, "--config", config, "--explain", "x"]);
    expect(exitCode).toBe(0);
    expect(
      output.replace(/\nOff: .*/, ""),
    ).toBe(`cloudtrail.amazonaws.com StopLogging by user/alice, 2025-06-11 09:15 UTC
${place}/a.json.gz

It alerts: stopped.

stopped (high) matched
  eventName               "StopLogging"
  requestParameters.name  "organization-trail"

excused (medium) excepted: known
  config.self  1
  eventName    "StopLogging"

broken (medium) failed: failed on a record: it asks for a part of something that is not there
  requestParameters.names.0  is not there

no (medium) did not match
  userIdentity.type  "IAMUser"
`);
    expect(output).toMatch(/\nOff: \d+ rules; `cloudtrail-to-slack rules` lists them\.$/);
  });

  test("as JSON", async () => {
    const { output } = await scanning([
      folder(),
      "--no-default-rules",
      "--rule",
      "eventName == 'StopLogging'",
      "--explain",
      "x",
      "--json",
    ]);
    const { rules, ...rest } = JSON.parse(output);
    expect(rest).toEqual({ eventID: "x", file: expect.stringMatching(/a\.json\.gz$/), outcome: "alert" });
    expect(rules[0]).toEqual({
      id: "rules[0]",
      severity: "medium",
      origin: "custom",
      verdict: "matched",
      values: { eventName: "StopLogging" },
    });
    expect(rules.length).toBeGreaterThan(100);
  });

  test("shows the values of a rule in Python, also beside an exception in Python", async () => {
    const yaml = `
use_default_rules: false
rules: [{ id: stopped, expression: "event['eventName'] == 'StopLogging' and True" }]
rule_overrides: { stopped: { exceptions: [{ reason: x, expression: "event['awsRegion'] == 'us-east-1' and True" }] } }`;
    const config = path.join(folderOf({ "c.yaml": yaml }), "c.yaml");
    const { output } = await scanning([folder(), "--config", config, "--explain", "x", "--json"]);
    expect(JSON.parse(output).rules[0]).toMatchObject({ verdict: "matched", values: { eventName: "StopLogging" } });
    expect(JSON.parse(output).rules[0].values).not.toHaveProperty("awsRegion");
  });

  test("shows which rule ignores it", async () => {
    const config = path.join(folderOf({ "c.yaml": "ignore_rules: [\"userIdentity.userName == 'alice'\"]" }), "c.yaml");
    const { output } = await scanning([folder(), "--config", config, "--explain", "x"]);
    expect(output).toContain("\nIt is ignored: ignore_rules[0].\n\nignore_rules[0] (ignore rule) matched\n");
  });

  test("says that an Insight is told although no rule matches", async () => {
    const folder = folderOf({ "a.json": JSON.stringify(insight({ eventID: "i" })) });
    const { output } = await scanning([folder, "--no-default-rules", "--rule", "false", "--explain", "i"]);
    expect(output).toContain("\nNo rule matches; it is told as an Insight of CloudTrail.\n");
  });

  test("says that there is no such record", async () => {
    const { exitCode, output, said } = await scanning([folder(), "--explain", "nope"]);
    expect([exitCode, output, said]).toEqual([
      1,
      "",
      [
        expect.stringMatching(/b\.json is not JSON$/),
        "cloudtrail-to-slack: no record with the eventID nope is in 1 file; look into others, or leave out --since, --until, --account and --region",
      ],
    ]);
  });
});

describe("scan reads buckets", () => {
  const file = (name: string, ...records: readonly unknown[]): Candidate => ({
    kind: "file",
    name: `s3://b/${name}`,
    async *open() {
      yield logFile(...records);
    },
  });

  test("below s3://bucket/prefix, several objects at a time", async () => {
    const asked: unknown[] = [];
    let open = 0;
    let most = 0;
    const openBucket: OpenBucket = async function* (place, sinceMs) {
      asked.push(place, sinceMs);
      for (let index = 0; index < 20; index++) {
        yield {
          kind: "file",
          name: `s3://b/${index}`,
          async *open() {
            open += 1;
            most = Math.max(most, open);
            await new Promise((resolve) => setTimeout(resolve, 5));
            open -= 1;
            yield logFile(record({ eventID: String(index) }));
          },
        };
      }
    };
    const { exitCode, output } = await scanning(["s3://b/AWSLogs/x", ...ALL, "--json", "--since", "2025-06-11"], {
      openBucket,
    });
    const ids = idsOf(output)
      .map(Number)
      .toSorted((a, b) => a - b);
    expect([exitCode, ids, most, asked]).toEqual([
      0,
      Array.from({ length: 20 }, (_, index) => index),
      8,
      [{ bucket: "b", prefix: "AWSLogs/x" }, Date.parse("2025-06-11")],
    ]);
  });

  test("and goes on behind an object that cannot be read", async () => {
    const openBucket: OpenBucket = async function* () {
      yield file("a", at("09:01"));
      yield {
        kind: "file",
        name: "s3://b/b",
        // biome-ignore lint/correctness/useYield: it fails before the first byte.
        async *open() {
          throw new LogFileError("s3://b/b could not be read: AccessDenied");
        },
      };
      yield file("c", at("09:02"));
    };
    const { exitCode, output, said } = await scanning(["s3://b", ...ALL, "--json"], { openBucket });
    expect([exitCode, idsOf(output).toSorted(), said[0]]).toEqual([
      1,
      ["id-09:01", "id-09:02"],
      "cloudtrail-to-slack: s3://b/b could not be read: AccessDenied",
    ]);
  });

  test.each<[string, OpenBucket]>([
    [
      "asked",
      // biome-ignore lint/correctness/useYield: it fails before the first object.
      async function* () {
        throw new CommandError("there are no AWS credentials; sign in");
      },
    ],
    [
      "read from",
      async function* () {
        yield {
          kind: "file",
          name: "s3://b/a",
          // biome-ignore lint/correctness/useYield: it fails before the first byte.
          async *open() {
            throw new CommandError("there are no AWS credentials; sign in");
          },
        };
      },
    ],
  ])("but ends when the bucket cannot be %s at all, without JSON", async (_what, openBucket) => {
    const { exitCode, output, said } = await scanning(["s3://b", "--json"], { openBucket });
    expect([exitCode, output, said]).toEqual([1, "", ["cloudtrail-to-slack: there are no AWS credentials; sign in"]]);
  });
});

describe("scan shows how it goes on", () => {
  test("with the share of what there is to read, and on Ctrl-C what was found until then", async () => {
    const terminal = fakeTerminal();
    const folder = folderOf({ "a.json.gz": logFile(at("09:01")), "b.json.gz": logFile(at("09:02")) });
    const stopping = {
      ...terminal,
      progress: (text: string) => ({ ...terminal.progress(text), update: () => terminal.interrupt() }),
    };
    const { exitCode, output, said } = await scanning([folder, ...ALL], { terminal: stopping });
    expect([exitCode, said, output.split("\n")[0]]).toEqual([
      130,
      [],
      "Ended before all was read. 1 alert in 1 record of 1 file.",
    ]);
  });

  test("counting files, records and alerts", async () => {
    const folder = folderOf({ "a.json.gz": logFile(at("09:01")), "b.json.gz": logFile(at("09:02")) });
    const { shown } = await scanning([folder, ...ALL]);
    expect(shown).toEqual([
      "scanning",
      "scanning: 0 files, 1 record, 1 alert",
      "scanning: 1 file, 2 records, 2 alerts",
    ]);
  });
});
