import { once } from "node:events";
import { createWriteStream, existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createGzip, gzipSync } from "node:zlib";
import { seededRandom } from "#test/soak/random.ts";
import { type RecordOptions, recordText } from "./records.ts";

/** Files are kept between runs; another generator is another version. */
const VERSION = 1;
const FOLDER = path.join(tmpdir(), `cloudtrail-to-slack-bench-${VERSION}`);

/** Larger files repeat the records of a smaller one, as members of one gzip file: making them would take minutes. */
const MAX_MADE = 200_000;
const REPEATED = 50_000;

/** A log file of so many records, the same on every machine. @returns its path; made once and kept */
export async function benchFile(records: number, options: RecordOptions = {}): Promise<string> {
  const file = path.join(FOLDER, `${records}${options.distinctUserAgents ? "-agents" : ""}.json.gz`);
  if (existsSync(file)) return file;
  mkdirSync(FOLDER, { recursive: true });
  const draft = `${file}.${process.pid}`;
  if (records > MAX_MADE) {
    writeFileSync(draft, repeated(records));
    renameSync(draft, file);
    return file;
  }
  const gzip = createGzip();
  const written = once(gzip.pipe(createWriteStream(draft)), "finish");
  const random = seededRandom(records);
  let texts: string[] = [];
  for (let index = 0; index < records; index++) {
    texts.push((index === 0 ? '{"Records":[' : ",") + recordText(random, index, options));
    if (texts.length < 1_000) continue;
    if (!gzip.write(texts.join(""))) await once(gzip, "drain");
    texts = [];
  }
  gzip.end(`${texts.join("")}]}`);
  await written;
  renameSync(draft, file);
  return file;
}

function repeated(records: number): Uint8Array {
  const random = seededRandom(records);
  const texts = Array.from({ length: REPEATED }, (_, index) => `,${recordText(random, index, {})}`);
  const member = gzipSync(texts.join(""));
  const times = Math.ceil(records / REPEATED);
  return Buffer.concat([gzipSync('{"Records":[null'), ...new Array<Uint8Array>(times).fill(member), gzipSync("]}")]);
}
