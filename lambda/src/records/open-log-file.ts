import { createHash } from "node:crypto";
import type { Limits, LogFileReading } from "#model/log-file.ts";
import { readLogFile } from "./read.ts";
import type { Sieve } from "./sieve.ts";

/**
 * A log file that is hashed while it is read.
 * @param name names the file in errors
 * @param sieve skips records that nobody has to look at
 */
export function openLogFile(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
  limits: Limits,
  sieve?: Sieve,
): LogFileReading {
  const hash = createHash("sha256");
  return { batches: readLogFile(chunks, name, limits, { hash, sieve }), sha256: () => hash.digest("hex") };
}
