import { once } from "node:events";
import { createWriteStream, existsSync, mkdirSync, renameSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createGzip } from "node:zlib";
import { seededRandom } from "#test/soak/random.ts";
import { type RecordOptions, recordText } from "./records.ts";

/** Files are kept between runs; another generator is another version. */
const VERSION = 1;
const FOLDER = path.join(tmpdir(), `cloudtrail-to-slack-bench-${VERSION}`);

/** A log file of so many records, the same on every machine. @returns its path; made once and kept */
export async function benchFile(records: number, options: RecordOptions = {}): Promise<string> {
  const file = path.join(FOLDER, `${records}${options.distinctUserAgents ? "-agents" : ""}.json.gz`);
  if (existsSync(file)) return file;
  mkdirSync(FOLDER, { recursive: true });
  const draft = `${file}.${process.pid}`;
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
