import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { LogFileError } from "#model/errors.ts";
import { type LimitName, type Limits, MalformedElement } from "#model/log-file.ts";
import { readLogFile } from "#records/read.ts";
import { inChunks, read, WIDE_LIMITS } from "#test/support/reading.ts";
import { logFile, record } from "#test/support/records.ts";

const NAME = "s3://example-cloudtrail-logs/AWSLogs/a.json.gz";
const LIMITS: Limits = {
  file_bytes: 10_000,
  file_records: 10_000,
  record_bytes: 1_000,
  record_depth: 64,
  record_values: 100_000,
};
const NOT_JSON = new MalformedElement("is not JSON");
const TOO_LARGE = new MalformedElement("has more than 1000 bytes (limits.record_bytes)", "record_bytes");
const FILE = '{"Records":[{"eventName":"A"},null,7]}';
const CONTENT = [{ eventName: "A" }, null, 7];

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("readLogFile", () => {
  test.each<[string, Uint8Array, readonly unknown[]]>([
    ["gzip", gzipSync(FILE), CONTENT],
    ["plain JSON", bytes(FILE), CONTENT],
    ["plain JSON behind a byte order mark", bytes(`\uFEFF${FILE}`), CONTENT],
    ["gzip behind which JSON has a byte order mark", gzipSync(`\uFEFF${FILE}`), CONTENT],
    ["gzip in two members", Buffer.concat([gzipSync(FILE.slice(0, 9)), gzipSync(FILE.slice(9))]), CONTENT],
    ["gzip with an empty member", Buffer.concat([gzipSync(""), gzipSync(FILE), gzipSync("")]), CONTENT],
    ["gzip with padding behind it", Buffer.concat([gzipSync(FILE), new Uint8Array(20)]), CONTENT],
    ["gzip up to its padding", Buffer.concat([gzipSync(FILE), new Uint8Array(20), gzipSync(FILE)]), CONTENT],
    ["a file without records", gzipSync('{"Records":[]}'), []],
    ["a file that is itself the list", gzipSync('[{"eventName":"A"},null,7]'), CONTENT],
    ["a plain file that is itself the list", bytes('[{"eventName":"A"},null,7]'), CONTENT],
    ["a file that is an empty list", gzipSync("[]"), []],
    ["a file just within its bound", gzipSync(`{"Records":[]${" ".repeat(LIMITS.file_bytes - 14)}}`), []],
    [
      "a record just within its bound, not counting the white space around",
      bytes(`[${" ".repeat(1_000)}"${"x".repeat(LIMITS.record_bytes - 2)}"${" ".repeat(1_000)}]`),
      ["x".repeat(LIMITS.record_bytes - 2)],
    ],
    [
      "records beside one that is too large",
      bytes(`{"Records":[1,"${"x".repeat(LIMITS.record_bytes - 1)}",{"a":[${"1,".repeat(600)}1]}3,2]}`),
      [1, TOO_LARGE, TOO_LARGE, 2],
    ],
    [
      "records beside members of any size",
      bytes(`{"${"a".repeat(3_000)}":1,"Records":[1],"b":["${"x".repeat(3_000)}"]}`),
      [1],
    ],
    [
      "records nested so deep that recursion would overflow the stack",
      bytes(`{"Records":[1,${"[".repeat(400)}${"]".repeat(400)},${"[".repeat(4_000)}${"]".repeat(4_000)}]}`),
      [1, JSON.parse("[".repeat(400) + "]".repeat(400)), TOO_LARGE],
    ],
  ])("reads %s", async (_name, content, elements) => {
    expect(await read(inChunks(content), LIMITS)).toEqual({ elements });
    expect(await read(inChunks(content, 1), LIMITS)).toEqual({ elements });
  });

  test.each<[string, Uint8Array, string, readonly unknown[], LimitName?]>([
    ["is empty", new Uint8Array(), "is not JSON", []],
    ["has one byte", new Uint8Array([0x1f]), "is not JSON", []],
    ["ends after two bytes of gzip", new Uint8Array([0x1f, 0x8b]), "is not gzip: unexpected end of file", []],
    ["is truncated", gzipSync(FILE).subarray(0, -8), "is not gzip: unexpected end of file", CONTENT],
    ["only begins like gzip", new Uint8Array([0x1f, 0x8b, 1, 2, 3]), "is not gzip: unknown compression method", []],
    ["is damaged", gzipSync(FILE).fill(0xff, 10, 12), "is not gzip: invalid block type", []],
    [
      "unpacks to more than its bound",
      gzipSync(`{"Records":[1,"${" ".repeat(100)}"${" ".repeat(LIMITS.file_bytes)}]}`),
      "unpacks to more than 10000 bytes (limits.file_bytes)",
      [1, " ".repeat(100)],
      "file_bytes",
    ],
    [
      "is plain and larger than its bound",
      bytes(`{"Records":[1,${" ".repeat(LIMITS.file_bytes)}]}`),
      "unpacks to more than 10000 bytes (limits.file_bytes)",
      [1],
      "file_bytes",
    ],
    ["is no JSON", gzipSync("password=hunter2"), "is not JSON", []],
    ["has half a byte order mark", Buffer.concat([new Uint8Array([0xef, 0xbb]), bytes(FILE)]), "is not JSON", []],
    ["is JSON that ends too early", gzipSync(FILE.slice(0, -1)), "is not JSON", CONTENT],
    ["ends behind a record", bytes('{"Records":[{"a":1},{"a":2}'), "is not JSON", [{ a: 1 }, { a: 2 }]],
    ["ends in a record", bytes('{"Records":[{"a":1},{"a":2'), "ends in the midst of a record", [{ a: 1 }]],
    ["ends in a number that may go on", bytes("[1,2"), "ends in the midst of a record", [1]],
    ["ends in an object that holds no list yet", bytes('{"a":"Records"'), "is not JSON", []],
    ["has no records", gzipSync('{"records":[]}'), 'has no list "Records"', []],
    ["has records that are no list", gzipSync('{"Records":{"password":"hunter2"}}'), 'has no list "Records"', []],
    ["is null", gzipSync("null"), 'has no list "Records"', []],
    ["is a number", bytes("12.5"), 'has no list "Records"', []],
    ["is a text", gzipSync('"hunter2"'), 'has no list "Records"', []],
    ["is a text larger than a record may be", bytes(`"${"x".repeat(2_000)}"`), 'has no list "Records"', []],
    ["has a comma behind its last member", bytes('{"Records":[1],}'), "is not JSON", [1]],
    ["has a key that is no JSON", bytes('{"\\x":1,"Records":[1]}'), "is not JSON", []],
    ["has a key that is no text", bytes('{Records:[1],"Records":[1]}'), "is not JSON", []],
    ["has a member without a value", bytes('{"Records":,"Records":[1]}'), "is not JSON", []],
  ])(
    "refuses a file that %s, by name and without a word of its content",
    async (_name, content, fault, elements, limit) => {
      const expected = { elements, fault, ...(limit !== undefined && { limit }) };
      expect(await read(inChunks(content), LIMITS)).toEqual(expected);
      expect(await read(inChunks(content, 1), LIMITS)).toEqual(expected);
    },
  );

  test.each([
    [3, { elements: [1, 2, 3] }],
    [2, { elements: [1, 2], fault: "holds more than 2 records (limits.file_records)", limit: "file_records" }],
    [0, { elements: [], fault: "holds more than 0 records (limits.file_records)", limit: "file_records" }],
  ])("takes no more than %i records", async (file_records, expected) => {
    expect(await read(inChunks(bytes('{"Records":[1,2],"Records":[3]}')), { ...LIMITS, file_records })).toEqual(
      expected,
    );
  });

  test("gives back the records that a log file was made of", async () => {
    const records = [record(), record({ eventName: "B" })];
    expect(await read(inChunks(logFile(...records)))).toEqual({ elements: records });
  });

  test("loses one record of 5,000 when one is no JSON", async () => {
    const texts = Array.from({ length: 5_000 }, (_, index) => JSON.stringify(record({ eventID: `${index}` })));
    const expected: unknown[] = texts.map((text) => JSON.parse(text));
    texts[2_345] = '{"eventName":"hunter2",}';
    expected[2_345] = NOT_JSON;
    const content = gzipSync(`{"Records":[${texts.join(",")}]}`);
    expect(await read(inChunks(content, 16_384))).toEqual({ elements: expected });
  });

  test.each([
    ["500 elements", Array(1_200).fill(1), [500, 500, 200]],
    ["128 KB", Array(25).fill("x".repeat(11_998)), [11, 11, 3]],
  ])("gives batches of at most %s", async (_name, records, expected) => {
    const lengths: number[] = [];
    for await (const batch of readLogFile(inChunks(logFile(...records)), NAME, WIDE_LIMITS)) lengths.push(batch.length);
    expect(lengths).toEqual(expected);
  });

  test.each([
    ["plain", bytes(FILE)],
    ["gzip", gzipSync(FILE)],
    ["gzip in two members", Buffer.concat([gzipSync(FILE.slice(0, 9)), gzipSync(FILE.slice(9))])],
  ])("hashes what a %s file unpacks to", async (_name, content) => {
    const hash = createHash("sha256");
    for await (const _batch of readLogFile(inChunks(content, 5), NAME, LIMITS, { hash }));
    expect(hash.digest("hex")).toBe(createHash("sha256").update(FILE).digest("hex"));
  });
});

describe("the source of a file", () => {
  const PLAIN = bytes(`{"Records":[${Array(20_000).fill('{"eventName":"A"}').join(",")}]}`);

  /** Chunks that tell how many of them were asked for, and whether the source was told to stop. */
  function source(content: Uint8Array, size: number) {
    const state = { asked: 0, stopped: false };
    async function* chunks() {
      try {
        for await (const chunk of inChunks(content, size)) {
          state.asked += 1;
          yield chunk;
        }
      } finally {
        state.stopped = true;
      }
    }
    return { state, chunks: chunks() };
  }

  test.each([
    ["plain", PLAIN, 1_000, 10],
    ["gzip", gzipSync(PLAIN, { level: 0 }), 1_000, 10],
  ])("is read no further than asked for and stops with its reader: %s", async (_name, content, size, expected) => {
    const { state, chunks } = source(content, size);
    for await (const batch of readLogFile(chunks, NAME, WIDE_LIMITS)) {
      expect(batch).toHaveLength(500);
      break;
    }
    expect(state).toEqual({ asked: expected, stopped: true });
  });

  test("stops when the file turns out to be none", async () => {
    const { state, chunks } = source(bytes(`{"Records":[1]}x${" ".repeat(10_000)}`), 100);
    expect(await read(chunks)).toEqual({ elements: [1], fault: "is not JSON" });
    expect(state).toEqual({ asked: 1, stopped: true });
  });

  /** A source that fails behind some bytes. */
  async function* failing(content: Uint8Array, error: unknown): AsyncGenerator<Uint8Array> {
    yield content;
    throw error;
  }

  test.each([
    ["plain", bytes('{"Records":[1,2,')],
    ["gzip", gzipSync('{"Records":[1,2,').subarray(0, -8)],
  ])("fails with its own error, behind the records that it gave: %s", async (_name, content) => {
    const own = new LogFileError(`${NAME} could not be read: NoSuchKey`);
    const other = new Error("socket hang up");
    const faults: unknown[] = [];
    for (const error of [own, other]) {
      const elements: unknown[] = [];
      try {
        for await (const batch of readLogFile(failing(content, error), NAME, LIMITS)) elements.push(...batch);
      } catch (fault) {
        faults.push(fault);
      }
      expect(elements).toEqual([1, 2]);
    }
    expect(faults).toEqual([own, new LogFileError(`${NAME} could not be read: socket hang up`, { cause: other })]);
    expect(faults[0]).toBe(own);
  });
});
