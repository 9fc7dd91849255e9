/**
 * Reads a large log file that is packed on the fly, and prints what came of it and how much memory that took:
 * `node test/unit/read-large-file.ts <what> <times>`. Memory is sampled: the largest resident set that Linux tells of a
 * process begins with that of its parent.
 */
import { gzipSync } from "node:zlib";
import { messageOf } from "#model/errors.ts";
import { MalformedElement } from "#model/log-file.ts";
import { readLogFile } from "#records/read.ts";
import { WIDE_LIMITS } from "#test/support/reading.ts";
import { record } from "#test/support/records.ts";

const MEGABYTE = 2 ** 20;

/** 1,000 records of 1,850 bytes, none like another. */
const RECORDS = Array.from({ length: 1_000 }, (_, index) => {
  const padded = record({
    eventID: `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`,
    requestParameters: {},
  });
  const random = Array.from({ length: 8 }, (_, place) => ((index + 1) * (place + 7) * 2_654_435_761).toString(36));
  const text = JSON.stringify({ ...padded, requestParameters: { random, padding: "" } });
  return JSON.stringify({ ...padded, requestParameters: { random, padding: "x".repeat(1_850 - text.length) } });
}).join(",");

/** Begin, what is repeated, and end of a file. */
const FILES: Readonly<Record<string, readonly [string, string, string]>> = {
  records: ['{"Records":[null', `,${RECORDS}`, "]}"],
  "a text that does not end": ['{"Records":[1,{"a":"', "x".repeat(MEGABYTE), ""],
  "brackets that do not close": ['{"Records":[1,', "[".repeat(MEGABYTE), ""],
  "a key that does not end": ['{"Records":[1],"', "x".repeat(MEGABYTE), ""],
  "white space": ['{"Records":[1', " ".repeat(MEGABYTE), ",2]}"],
  "small lists": ['{"Records":[', `[${"[],".repeat(300_000)}[]],`, "1]}"],
};

const [, , what = "", times = ""] = process.argv;
const file = FILES[what];
if (file === undefined) throw new Error(`no file "${what}"`);
const told = { elements: 0, malformed: 0, fault: "", megabytes: 0 };
const sample = () => {
  told.megabytes = Math.max(told.megabytes, Math.round(process.memoryUsage.rss() / MEGABYTE));
};

/** In chunks as S3 gives them. What is repeated is packed once: each time is a member of one gzip file. */
async function* packed([begin, again, end]: readonly [string, string, string]) {
  const member = gzipSync(again);
  yield gzipSync(begin);
  for (let time = 0; time < Number(times); time++) {
    for (let from = 0; from < member.length; from += 65_536) yield member.subarray(from, from + 65_536);
    sample();
  }
  yield gzipSync(end);
}

try {
  for await (const batch of readLogFile(packed(file), "file", WIDE_LIMITS)) {
    told.elements += batch.length;
    told.malformed += batch.filter((element) => element instanceof MalformedElement).length;
    sample();
  }
} catch (error) {
  told.fault = messageOf(error);
}
sample();
console.log(JSON.stringify(told));
