import { LogFileError } from "#model/errors.ts";
import type { LimitName, Limits } from "#model/log-file.ts";
import { readLogFile } from "#records/read.ts";

/** Bounds that no file of a test meets. */
export const WIDE_LIMITS: Limits = {
  file_bytes: 2 ** 30,
  file_records: 1_000_000,
  record_bytes: 2 ** 20,
  record_depth: 64,
  record_values: 100_000,
};

/** Bytes in chunks of these sizes, again and again; without sizes, in one chunk. */
export async function* inChunks(content: Uint8Array, ...sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let from = 0, index = 0; from < content.length; index++) {
    const size = sizes[index % sizes.length] ?? content.length;
    yield content.subarray(from, from + size);
    from += size;
  }
}

/** What came of a log file: also what came before it failed. */
export interface Reading {
  readonly elements: readonly unknown[];
  /** Why it failed, behind the file's name. */
  readonly fault?: string;
  readonly limit?: LimitName;
}

/** Reads a log file to its end. @throws what is no LogFileError about that file */
export async function read(chunks: AsyncIterable<Uint8Array>, limits: Limits = WIDE_LIMITS): Promise<Reading> {
  const name = "s3://example-cloudtrail-logs/AWSLogs/a.json.gz";
  const elements: unknown[] = [];
  try {
    for await (const batch of readLogFile(chunks, name, limits)) elements.push(...batch);
    return { elements };
  } catch (error) {
    if (!(error instanceof LogFileError) || !error.message.startsWith(`${name} `)) throw error;
    const { limit } = error;
    return { elements, fault: error.message.slice(name.length + 1), ...(limit !== undefined && { limit }) };
  }
}
