import { LogFileError, messageOf } from "#model/errors.ts";
import type { Limits } from "#model/log-file.ts";
import { GzipError } from "./gunzip.ts";
import type { Sieve } from "./sieve.ts";
import { Splitter } from "./split.ts";
import { unpack } from "./unpack.ts";

/** What else is done while a file is read. */
export interface ReadingOptions {
  /** Gets the unpacked bytes, which are what CloudTrail's digest files tell the SHA-256 of. */
  readonly hash?: { update(bytes: Uint8Array): unknown };
  /** Skips records that nobody has to look at: {@link SkippedElements} stand in their place. */
  readonly sieve?: Sieve | undefined;
}

/**
 * The elements of a log file in batches of at most 500, while its bytes arrive. They come as they stand in the file, in
 * the order of the file; nothing is checked of them but that they are JSON within `record_bytes`, and a
 * `MalformedElement` stands in the place of one that is not. The file may be gzip or plain, `{"Records": […]}` or, as
 * files of aggregated events are, a list.
 *
 * Memory is bounded by `record_bytes`, a batch and a chunk, whatever the file holds. `chunks` is read no further than the
 * batch that was asked for, and stopped when its reader stops.
 * @param name names the file in errors
 * @throws LogFileError when the file is truncated, damaged, no JSON, beyond `file_bytes` or `file_records`, or without a
 *   list of records; everything before the fault was yielded. A LogFileError of `chunks` comes through as it is.
 */
export async function* readLogFile(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
  limits: Limits,
  { hash, sieve }: ReadingOptions = {},
): AsyncGenerator<readonly unknown[]> {
  const splitter = new Splitter(name, limits, sieve);
  let fault: unknown;
  try {
    for await (const bytes of withinBytes(withItsName(unpack(chunks), name), name, limits.file_bytes)) {
      hash?.update(bytes);
      yield* splitter.push(bytes);
    }
    splitter.end();
  } catch (error) {
    fault = error;
  }
  const rest = splitter.rest();
  if (rest.length > 0) yield rest;
  if (fault !== undefined) throw fault;
}

/** @throws LogFileError instead of anything else */
async function* withItsName(bytes: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  try {
    yield* bytes;
  } catch (cause) {
    if (cause instanceof LogFileError) throw cause;
    const damaged = cause instanceof GzipError;
    const what = damaged ? "is not gzip" : "could not be read";
    throw new LogFileError(`${name} ${what}: ${messageOf(cause)}`, { cause, damaged });
  }
}

/** The same bytes up to a bound. @throws LogFileError behind the bound */
async function* withinBytes(
  pieces: AsyncIterable<Uint8Array>,
  name: string,
  maxBytes: number,
): AsyncGenerator<Uint8Array> {
  let left = maxBytes;
  for await (const bytes of pieces) {
    yield bytes.length > left ? bytes.subarray(0, left) : bytes;
    left -= bytes.length;
    if (left < 0) {
      const reason = `unpacks to more than ${maxBytes} bytes (limits.file_bytes)`;
      throw new LogFileError(`${name} ${reason}`, { limit: "file_bytes" });
    }
  }
}
