import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { alterationNotices } from "#alerts/completeness-notices.ts";
import { findDigests } from "#completeness/find-digests.ts";
import { readDigest } from "#completeness/read-digest.ts";
import type { Alteration, Digest } from "#model/digest.ts";
import { IncompleteError, LogFileError } from "#model/errors.ts";
import type { News } from "#model/news.ts";
import { brokenIdentities, newOutcome } from "#model/outcome.ts";
import { nameOfObject, type ObjectRef } from "#model/source-item.ts";
import { reconcileDigest } from "#pipeline/reconciling.ts";
import { digest, digestFile, digestKeyOf, follows, sealOf } from "#test/support/digests.ts";
import { fakeClock, fakeLedger, fakeLog, fakeObjects, fakeTags } from "#test/support/fakes.ts";
import { BUCKET, keyOf, logFile, type RawRecord, record } from "#test/support/records.ts";

const NAME = "s3://example-cloudtrail-logs/digest";
const [X, Y, Z] = [keyOf("x"), keyOf("y"), keyOf("z")] as const;
const SEAL = "0123456789abcdef".repeat(4);
const sealed = (key: string, sha256: string) => ({ object: { bucket: BUCKET, key }, sha256 });

async function* chunksOf(bytes: Uint8Array, size = bytes.length || 1): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

describe("readDigest", () => {
  const read = (bytes: Uint8Array, size?: number) => readDigest(chunksOf(bytes, size), NAME);
  const problem = (bytes: Uint8Array) =>
    read(bytes).then(
      () => "it was read",
      (error) => (error instanceof LogFileError ? error.message : `${error}`),
    );

  test.each<[string, RawRecord, Partial<Digest>]>([
    ["of an hour without log files, the first of a trail", digest({}), {}],
    [
      "of two log files, after another one",
      digest({ [X]: SEAL, [Y]: SEAL.toUpperCase() }, follows(digestKeyOf("20250611T080000Z"), digestFile(digest({})))),
      {
        files: [sealed(X, SEAL), sealed(Y, SEAL)],
        previous: sealed(digestKeyOf("20250611T080000Z"), sealOf(digestFile(digest({})))),
      },
    ],
    [
      "without any word about another one",
      digest(
        {},
        { previousDigestS3Bucket: undefined, previousDigestS3Object: undefined, previousDigestHashValue: undefined },
      ),
      {},
    ],
    ["with empty words about another one", digest({}, { previousDigestS3Bucket: "", previousDigestS3Object: "" }), {}],
  ])("reads one %s", async (_name, content, expected) => {
    const packed = digestFile(content);
    const whole = {
      accountId: "111111111111",
      endTime: "2025-06-11T09:00:00Z",
      sha256: sealOf(packed),
      files: [],
      previous: undefined,
      ...expected,
    };
    expect([await read(packed), await read(packed, 7)]).toEqual([whole, whole]);
  });

  test("reads one that is not packed, and hashes it as it is", async () => {
    const bytes = Buffer.from(JSON.stringify(digest({ [X]: SEAL })));
    expect((await read(bytes)).sha256).toBe(createHash("sha256").update(bytes).digest("hex"));
  });

  const good = digestFile(digest({ [X]: SEAL }));
  const flipped = Uint8Array.from(good, (byte, index) => (index === 40 ? byte ^ 0xff : byte));
  test.each<[string, Uint8Array, RegExp]>([
    ["is empty", new Uint8Array(), /is not JSON$/],
    ["is truncated", good.subarray(0, 60), /is not gzip: unexpected end of file$/],
    ["is damaged", flipped, /is not gzip: /],
    ["only begins like gzip", Buffer.from([0x1f, 0x8b, 0x08]), /is not gzip: /],
    ["is no JSON", gzipSync("{hunter2"), /is not JSON$/],
    ["is null", gzipSync("null"), /is no digest file: as a whole is not what it should be$/],
    ["is a list", gzipSync("[]"), /is no digest file: /],
    ["is a log file", logFile(record()), /is no digest file: awsAccountId is not what it should be$/],
    ["names no log files", digestFile(digest({}, { logFiles: null })), /is no digest file: logFiles is not what/],
    [
      "has a hash that is none",
      digestFile(digest({ [X]: "hunter2" })),
      /is no digest file: logFiles\.0\.hashValue is not/,
    ],
    ["has a hash that is too long", digestFile(digest({ [X]: `${SEAL}00` })), /logFiles\.0\.hashValue is not/],
    [
      "has a log file that is none",
      digestFile(digest({}, { logFiles: [{ s3Bucket: BUCKET, s3Object: X, hashValue: SEAL }, 7] })),
      /is no digest file: logFiles\.1 is not what it should be$/,
    ],
    [
      "has the hash of another one that is none",
      digestFile(digest({}, { previousDigestHashValue: "hunter2" })),
      /is no digest file: previousDigestHashValue is not/,
    ],
    [
      "unpacks to more than its bound",
      gzipSync(Buffer.alloc(64 * 2 ** 20 + 1, " ")),
      /is not gzip: Cannot create a Buffer larger/,
    ],
  ])("refuses a file that %s, by name and without a word of its content", async (_name, bytes, expected) => {
    const message = await problem(bytes);
    expect(message).toMatch(expected);
    expect([message.startsWith(`${NAME} `), message.includes("hunter2")]).toEqual([true, false]);
  });

  test("does not keep more than its bound of a file that does not end", async () => {
    let given = 0;
    const endless = async function* () {
      for (;;) {
        given += 2 ** 20;
        yield new Uint8Array(2 ** 20);
      }
    };
    await expect(readDigest(endless(), NAME)).rejects.toThrow(`${NAME} has more than ${64 * 2 ** 20} bytes`);
    expect(given).toBe(65 * 2 ** 20);
  });

  test("lets through what reading throws", async () => {
    const error = new LogFileError("forbidden");
    // biome-ignore lint/correctness/useYield: it throws before there is anything to yield.
    const forbidden = async function* (): AsyncGenerator<Uint8Array> {
      throw error;
    };
    await expect(readDigest(forbidden(), NAME)).rejects.toBe(error);
  });

  test("reads or refuses whatever comes, and takes no key for more than a key", async () => {
    const json = digest({ [X]: SEAL, [Y]: SEAL }, follows("k", digestFile(digest({}))));
    const text = JSON.stringify(json);
    const strange = fc.oneof(
      fc.uint8Array({ maxLength: 100 }),
      fc.json().map((any) => gzipSync(any)),
      fc
        .tuple(fc.nat(text.length), fc.string({ maxLength: 3 }))
        .map(([at, put]) => gzipSync(text.slice(0, at) + put + text.slice(at + 1))),
      fc
        .tuple(fc.constantFrom(...Object.keys(json), "__proto__", "constructor"), fc.jsonValue())
        .map(([key, value]) => gzipSync(JSON.stringify({ ...json, [key]: value }))),
    );
    const seen = { read: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(strange, async (bytes) => {
        const result = await problem(bytes);
        if (result === "it was read") seen.read += 1;
        else seen.refused += 1;
        if (result !== "it was read") expect(result.startsWith(`${NAME} `)).toBe(true);
      }),
      { seed: 6, numRuns: 500 },
    );
    expect(Object.values(seen).every((count) => count > 50)).toBe(true);
  });
});

describe("findDigests", () => {
  const NOW = Date.parse("2025-06-11T09:20:00Z");
  const find = async (keys: readonly string[], { prefix = "AWSLogs/", hours = 3, nowMs = NOW } = {}) => {
    const listed: string[] = [];
    const objects = fakeObjects(Object.fromEntries(keys.map((key) => [key, new Uint8Array()])));
    const list = (bucket: string, folder: string) => {
      listed.push(folder);
      return objects.list(bucket, folder);
    };
    const found = await findDigests({ list }, { bucket: BUCKET, prefix, hours }, nowMs);
    expect(found.every(({ bucket }) => bucket === BUCKET)).toBe(true);
    return { keys: found.map(({ key }) => key), listed };
  };
  const HOURS = ["20250611T060000Z", "20250611T070000Z", "20250611T080000Z", "20250611T090000Z"];
  const LAST_THREE = HOURS.slice(1);

  test.each<[string, readonly string[], object, readonly string[]]>([
    ["of a trail", HOURS.map((hour) => digestKeyOf(hour)), {}, LAST_THREE.map((hour) => digestKeyOf(hour))],
    [
      "below a prefix of the trail",
      HOURS.map((hour) => `audit/${digestKeyOf(hour)}`),
      { prefix: "audit/AWSLogs/" },
      LAST_THREE.map((hour) => `audit/${digestKeyOf(hour)}`),
    ],
    [
      "below the folder of one account",
      HOURS.map((hour) => digestKeyOf(hour)),
      { prefix: "AWSLogs/111111111111/" },
      LAST_THREE.map((hour) => digestKeyOf(hour)),
    ],
    [
      "from the root of the bucket",
      HOURS.map((hour) => digestKeyOf(hour)),
      { prefix: "" },
      LAST_THREE.map((hour) => digestKeyOf(hour)),
    ],
    [
      "of an organization, in every account and region, the oldest first",
      ["111111111111", "222222222222"].flatMap((account) =>
        ["eu-central-1", "us-east-1"].flatMap((region) =>
          HOURS.map((hour) => digestKeyOf(hour, { account, region }).replace("AWSLogs/", "AWSLogs/o-abcdefghij/")),
        ),
      ),
      { hours: 1 },
      ["111111111111", "222222222222"].flatMap((account) =>
        ["eu-central-1", "us-east-1"].map((region) =>
          digestKeyOf("20250611T090000Z", { account, region }).replace("AWSLogs/", "AWSLogs/o-abcdefghij/"),
        ),
      ),
    ],
    [
      "beside whatever else lies there",
      [
        digestKeyOf("20250611T090000Z"),
        keyOf("x"),
        keyOf("i", "CloudTrail-Insight"),
        "AWSLogs/readme.txt",
        "AWSLogs/111111111111/readme.txt",
        "AWSLogs/111111111111/CloudTrail-Digest/eu-central-1/2025/06/11/readme.txt",
        "AWSLogs/111111111111/CloudTrail-Digest/eu-central-1/2025/06/11/x_20259999T990000Z.json.gz",
        "AWSLogs/111111111111/CloudTrail-Digest/eu-central-1/2025/06/11/deeper/x_20250611T090000Z.json.gz",
        "AWSLogs/111111111111/vpcflowlogs/eu-central-1/2025/06/11/x_20250611T090000Z.json.gz",
        "AWSLogs/CloudTrail-Digest/eu-central-1/2025/06/11/x_20250611T090000Z.json.gz",
      ],
      {},
      [digestKeyOf("20250611T090000Z")],
    ],
    ["where nothing lies", [], {}, []],
  ])("finds the digest files %s", async (_name, keys, setting, expected) => {
    expect((await find(keys, setting)).keys).toEqual(expected);
  });

  test.each<[string, string, number, readonly string[]]>([
    ["just after midnight", "2025-06-11T00:05:00Z", 2, ["20250610T230000Z", "20250611T000000Z"]],
    ["at midnight", "2025-06-11T00:00:00Z", 1, ["20250610T230000Z", "20250611T000000Z"]],
    ["a minute before midnight", "2025-06-10T23:59:00Z", 1, ["20250610T230000Z"]],
    ["over the end of a month", "2025-07-01T00:30:00Z", 2, ["20250630T230000Z", "20250701T000000Z"]],
    ["over a leap day", "2024-03-01T00:30:00Z", 26, ["20240228T233000Z", "20240229T120000Z", "20240301T000000Z"]],
    ["over the end of a year", "2026-01-01T00:30:00Z", 1, ["20260101T000000Z"]],
    ["exactly as old as wanted", "2025-06-11T09:00:00Z", 1, ["20250611T080000Z"]],
  ])("looks into the folders of each day: %s", async (_name, now, hours, hoursFound) => {
    const all = [
      ...["20240228T220000Z", "20240228T233000Z", "20240229T120000Z", "20240301T000000Z"],
      ...["20250610T215959Z", "20250610T230000Z", "20250611T000000Z", "20250611T075959Z", "20250611T080000Z"],
      ...["20250630T220000Z", "20250630T230000Z", "20250701T000000Z", "20251231T230000Z", "20260101T000000Z"],
    ].map((hour) => digestKeyOf(hour));
    expect(
      (await find(all, { hours, nowMs: Date.parse(now) })).keys.filter((key) => endOf(key) <= Date.parse(now)),
    ).toEqual(hoursFound.map((hour) => digestKeyOf(hour)));
  });
  const endOf = (key: string) =>
    Date.parse(key.replace(/.*_(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z.*/, "$1-$2-$3T$4:$5:$6Z"));

  test("lists folders of accounts and days, and none that hold log files", async () => {
    const { listed } = await find([digestKeyOf("20250611T090000Z"), keyOf("x")], { hours: 24 });
    expect(listed).toEqual([
      "AWSLogs/",
      "AWSLogs/111111111111/",
      "AWSLogs/111111111111/CloudTrail-Digest/",
      "AWSLogs/111111111111/CloudTrail-Digest/eu-central-1/2025/06/10/",
      "AWSLogs/111111111111/CloudTrail-Digest/eu-central-1/2025/06/11/",
    ]);
  });

  test("lets through what listing throws", async () => {
    const list = async () => {
      throw new LogFileError("forbidden");
    };
    await expect(findDigests({ list }, { bucket: BUCKET, prefix: "AWSLogs/", hours: 3 }, NOW)).rejects.toThrow(
      "forbidden",
    );
  });
});

describe("reconcileDigest", () => {
  const PREVIOUS = digestKeyOf("20250611T080000Z");
  const HERE = { bucket: BUCKET, key: digestKeyOf("20250611T090000Z") };
  const previousFile = digestFile(digest({}, { digestEndTime: "2025-06-11T08:00:00Z" }));
  const bytes = { [X]: logFile(record({ eventID: "x" })), [Y]: logFile(record({ eventID: "y" })), [Z]: logFile() };
  const seals = Object.fromEntries(Object.entries(bytes).map(([key, file]) => [key, sealOf(file)]));

  /** What a test may set: the hashes that the ledger knows, what lies in the bucket, and what processing comes to. */
  interface Setting {
    readonly processed?: Readonly<Record<string, string>>;
    readonly files?: Readonly<Record<string, Uint8Array | Error>>;
    readonly content?: RawRecord;
    readonly process?: (object: ObjectRef) => Promise<string>;
    readonly tableDown?: boolean;
  }
  const run = async ({ processed = seals, files = {}, content, process, tableDown = false }: Setting = {}) => {
    const clock = fakeClock();
    const ledger = fakeLedger(clock);
    for (const [key, hash] of Object.entries(processed))
      ledger.objects.set(nameOfObject({ bucket: BUCKET, key }), hash);
    if (tableDown) ledger.failure = new Error("table down");
    const objects = fakeObjects({
      ...bytes,
      [PREVIOUS]: previousFile,
      [HERE.key]: digestFile(content ?? digest(seals, follows(PREVIOUS, previousFile))),
      ...files,
    });
    const outcome = newOutcome();
    const told: News[] = [];
    const asked: string[] = [];
    const tell = async (news: readonly News[]) => void told.push(...news);
    const stages = { readDigest, findDigests: async () => [], alterationNotices };
    const ports = {
      objects,
      ledger,
      clock,
      log: fakeLog(),
      deliver: async () => ({ kind: "delivered" as const }),
      wake: async () => {},
      tags: fakeTags(),
      remainingMs: () => 300_000,
    };
    const readIt = async (object: ObjectRef) => {
      const parts: Uint8Array[] = [];
      for await (const chunk of objects.read(object)) parts.push(chunk);
      return sealOf(Buffer.concat(parts));
    };
    const came = await reconcileDigest(HERE, ledger, { stages, ports, outcome, tell }, (object) => {
      asked.push(object.key);
      return (process ?? readIt)(object);
    }).catch((error) => `thrown: ${error.message}`);
    expect(brokenIdentities(outcome)).toEqual([]);
    return {
      came: came === sealOf(objects.files.get(HERE.key) as Uint8Array) ? "its hash" : came,
      asked,
      completeness: outcome.completeness,
      failures: outcome.failures.map(({ what, reason, soon }) => `${what}: ${reason}${soon ? " (soon)" : ""}`),
      told: told.flatMap((news) =>
        news.kind === "notice" ? [news.title, ...news.facts.map(({ label, value }) => `${label}: ${value}`)] : [],
      ),
    };
  };
  const CALM = { came: "its hash", asked: [], completeness: { missing: 0, altered: 0 }, failures: [], told: [] };
  const at = (key: string) => `s3://${BUCKET}/${key}`;
  const toldOf = (...alterations: readonly string[]) => [
    alterations.length === 1
      ? "A CloudTrail file is not what CloudTrail wrote"
      : `${alterations.length} CloudTrail files are not what CloudTrail wrote`,
    ...alterations,
    `Digest file: ${at(HERE.key)}`,
    "Where: 111111111111",
    "Hour until: Wed 11 Jun 2025, 09:00:00 UTC",
    expect.stringMatching(/^Meaning: CloudTrail signs what it wrote in its digest files\. /),
  ];

  test.each<[string, Setting, object]>([
    ["is content when everything was processed", {}, CALM],
    ["is content with the first digest file of a trail", { content: digest(seals) }, CALM],
    ["is content with an hour in which nothing happened", { content: digest({}), processed: {} }, CALM],
    [
      "processes what never came, and says so",
      { processed: { [X]: seals[X] ?? "" } },
      { ...CALM, asked: [Y, Z], completeness: { missing: 2, altered: 0 } },
    ],
    [
      "tells of a file that was another one when it was processed",
      { processed: { ...seals, [Y]: SEAL } },
      { ...CALM, completeness: { missing: 0, altered: 1 }, told: toldOf(`Altered: ${at(Y)}`) },
    ],
    [
      "tells of a file that never came and is another one now",
      {
        processed: { [X]: seals[X] ?? "", [Z]: seals[Z] ?? "" },
        files: { [Y]: logFile(record({ eventID: "forged" })) },
      },
      { ...CALM, asked: [Y], completeness: { missing: 1, altered: 1 }, told: toldOf(`Altered: ${at(Y)}`) },
    ],
    [
      "tells of a file that was removed before it came",
      {
        processed: { [X]: seals[X] ?? "", [Z]: seals[Z] ?? "" },
        files: { [Y]: new LogFileError("NoSuchKey", { missing: true }) },
      },
      { ...CALM, asked: [Y], completeness: { missing: 1, altered: 1 }, told: toldOf(`Missing: ${at(Y)}`) },
    ],
    [
      "does not mind that a file was removed after it was processed",
      { files: { [Y]: new LogFileError("NoSuchKey", { missing: true }) } },
      CALM,
    ],
    [
      "tells of a digest file of the hour before that was altered",
      {
        files: { [PREVIOUS]: digestFile(digest({}, { digestEndTime: "2025-06-11T08:00:00Z", newestEventTime: null })) },
      },
      { ...CALM, completeness: { missing: 0, altered: 1 }, told: toldOf(`Altered: ${at(PREVIOUS)}`) },
    ],
    [
      "tells of a digest file of the hour before that was removed",
      { files: { [PREVIOUS]: new LogFileError("NoSuchKey", { missing: true }) } },
      { ...CALM, completeness: { missing: 0, altered: 1 }, told: toldOf(`Missing: ${at(PREVIOUS)}`) },
    ],
    [
      "tells of a digest file of the hour before that is none any more",
      { files: { [PREVIOUS]: Buffer.from("spoilt") } },
      { ...CALM, completeness: { missing: 0, altered: 1 }, told: toldOf(`Altered: ${at(PREVIOUS)}`) },
    ],
    [
      "tells of a file that never came and is spoilt now",
      {
        processed: { [X]: seals[X] ?? "", [Z]: seals[Z] ?? "" },
        process: async () => {
          throw new LogFileError("is not gzip", { damaged: true });
        },
      },
      { ...CALM, asked: [Y], completeness: { missing: 1, altered: 1 }, told: toldOf(`Altered: ${at(Y)}`) },
    ],
    [
      "tells of everything in one message",
      {
        processed: { [X]: SEAL },
        files: {
          [Y]: new LogFileError("NoSuchKey", { missing: true }),
          [PREVIOUS]: new LogFileError("NoSuchKey", { missing: true }),
        },
      },
      {
        ...CALM,
        asked: [Y, Z],
        completeness: { missing: 2, altered: 3 },
        told: toldOf(`Altered: ${at(X)}`, `Missing: ${at(Y)}`, `Missing: ${at(PREVIOUS)}`),
      },
    ],
    [
      "fails for a file that cannot be read now, and compares the others",
      {
        processed: { [X]: SEAL },
        process: async ({ key }) => {
          if (key === Y) throw new LogFileError("AccessDenied");
          throw new IncompleteError("no time was left for it");
        },
      },
      {
        ...CALM,
        asked: [Y, Z],
        completeness: { missing: 2, altered: 1 },
        failures: [`${at(Y)}: AccessDenied`, `${at(Z)}: no time was left for it (soon)`],
        told: toldOf(`Altered: ${at(X)}`),
      },
    ],
    [
      "fails for a digest file of the hour before that cannot be read now, and tells what it found",
      { processed: { ...seals, [X]: SEAL }, files: { [PREVIOUS]: new LogFileError("AccessDenied") } },
      {
        ...CALM,
        completeness: { missing: 0, altered: 1 },
        failures: [`${at(PREVIOUS)}: AccessDenied`],
        told: toldOf(`Altered: ${at(X)}`),
      },
    ],
    [
      "fails as a whole while the table cannot be reached, so that it comes again",
      { tableDown: true },
      { ...CALM, came: "thrown: table down" },
    ],
    [
      "fails as a whole when it is no digest file",
      { files: { [HERE.key]: gzipSync("[]") } },
      { ...CALM, came: expect.stringMatching(/^thrown: s3:\/\/.* is no digest file: /) },
    ],
  ])("%s", async (_name, setting, expected) => {
    expect(await run(setting)).toEqual(expected);
  });
});

describe("alterationNotices", () => {
  const DIGEST: Digest = {
    accountId: "222222222222",
    endTime: "2025-06-11T09:00:00Z",
    sha256: SEAL,
    files: [],
    previous: undefined,
  };
  const altered = (key: string, found?: string): Alteration => ({ file: sealed(key, SEAL), found });
  const MEANING =
    "CloudTrail signs what it wrote in its digest files. Whoever can change or remove the files may be covering tracks: see who wrote to the bucket, and compare with aws cloudtrail validate-logs.";

  test("say nothing when there is nothing to say", () => {
    expect(alterationNotices(DIGEST, NAME, [])).toEqual([]);
  });

  test("say what is altered and what is missing, to whom the account belongs", () => {
    expect(alterationNotices(DIGEST, NAME, [altered("a", SEAL), altered("b")])).toEqual([
      {
        kind: "notice",
        severity: "critical",
        title: "2 CloudTrail files are not what CloudTrail wrote",
        accountId: "222222222222",
        facts: [
          { label: "Altered", value: `s3://${BUCKET}/a` },
          { label: "Missing", value: `s3://${BUCKET}/b` },
          { label: "Digest file", value: NAME },
          { label: "Where", value: "222222222222" },
          { label: "Hour until", value: "Wed 11 Jun 2025, 09:00:00 UTC" },
          { label: "Meaning", value: MEANING },
        ],
      },
    ]);
  });

  test("name the first twenty of very many", () => {
    const [notice] = alterationNotices(
      DIGEST,
      NAME,
      Array.from({ length: 5_000 }, (_, index) => altered(`${index}`)),
    );
    expect([notice?.title, notice?.facts.length, notice?.facts[19]?.value]).toEqual([
      "5000 CloudTrail files are not what CloudTrail wrote",
      24,
      `s3://${BUCKET}/19`,
    ]);
  });
});
