import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { LogFileError, messageOf } from "#model/errors.ts";

const gunzipAsync = promisify(gunzip);

/** How much a file may unpack to by default, in bytes. CloudTrail's own files of 20,000 records unpack to about 37 MB. */
const MAX_BYTES = 64 * 2 ** 20;

const GZIP_MAGIC = [0x1f, 0x8b];

/**
 * The elements of `Records` of a log file, gzip or plain JSON, as they stand there: nothing is checked of the elements.
 * A file that is itself a list holds them directly, as files of aggregated events do.
 * @param name names the file in errors
 * @param maxBytes how much it may unpack to: against bombs
 * @throws LogFileError when it is truncated, too large, no JSON, or holds no list
 */
export async function readLogFile(bytes: Uint8Array, name: string, maxBytes: number = MAX_BYTES): Promise<unknown[]> {
  const isGzip = GZIP_MAGIC.every((byte, index) => bytes[index] === byte);
  let text: string;
  try {
    const plain = isGzip ? await gunzipAsync(bytes, { maxOutputLength: maxBytes }) : bytes;
    text = new TextDecoder().decode(plain);
  } catch (cause) {
    const tooLarge = cause instanceof RangeError;
    const reason = tooLarge ? `unpacks to more than ${maxBytes} bytes` : `is not gzip: ${messageOf(cause)}`;
    throw new LogFileError(`${name} ${reason}`, { cause });
  }
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch {
    // The parser's message quotes the text around the place: foreign, so it stays out.
    throw new LogFileError(`${name} is not JSON`);
  }
  const records = typeof file === "object" && file !== null && "Records" in file ? file.Records : file;
  if (!Array.isArray(records)) throw new LogFileError(`${name} has no list "Records"`);
  return records;
}
