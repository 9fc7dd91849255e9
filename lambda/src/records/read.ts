import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { LogFileError, messageOf } from "#model/errors.ts";

const gunzipAsync = promisify(gunzip);

/** Bounds of what one file may hold, against bombs. Both in bytes. */
export interface ReadLimits {
  /** As it lies in the bucket. */
  readonly maxStoredBytes: number;
  /** After gunzip. */
  readonly maxBytes: number;
}

/**
 * CloudTrail closes a file after about five minutes or some megabytes; the files of busy accounts hold 20,000 records
 * in 37 MB. The bound leaves room for more of that within the default memory of the function.
 */
export const DEFAULT_LIMITS: ReadLimits = { maxStoredBytes: 32 * 2 ** 20, maxBytes: 96 * 2 ** 20 };

const GZIP_MAGIC = [0x1f, 0x8b];

/**
 * The elements of `Records` of a log file, gzip or plain JSON, as they stand there: nothing is checked of the elements.
 * @param name names the file in errors
 * @throws LogFileError when it is truncated, too large, no JSON, or has no list `Records`
 */
export async function readLogFile(
  bytes: Uint8Array,
  name: string,
  limits: ReadLimits = DEFAULT_LIMITS,
): Promise<unknown[]> {
  const isGzip = GZIP_MAGIC.every((byte, index) => bytes[index] === byte);
  let text: string;
  try {
    const plain = isGzip ? await gunzipAsync(bytes, { maxOutputLength: limits.maxBytes }) : bytes;
    text = new TextDecoder().decode(plain);
  } catch (cause) {
    const tooLarge = cause instanceof RangeError;
    const reason = tooLarge ? `unpacks to more than ${limits.maxBytes} bytes` : `is not gzip: ${messageOf(cause)}`;
    throw new LogFileError(`${name} ${reason}`, { cause });
  }
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch {
    // The parser's message quotes the text around the place: foreign, so it stays out.
    throw new LogFileError(`${name} is not JSON`);
  }
  const records = typeof file === "object" && file !== null && "Records" in file ? file.Records : undefined;
  if (!Array.isArray(records)) throw new LogFileError(`${name} has no list "Records"`);
  return records;
}
