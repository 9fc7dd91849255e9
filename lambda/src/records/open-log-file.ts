import { createHash } from "node:crypto";
import type { Limits, LogFileReading } from "#model/log-file.ts";
import { readLogFile } from "./read.ts";

/**
 * A log file that is hashed while it is read.
 * @param name names the file in errors
 */
export function openLogFile(chunks: AsyncIterable<Uint8Array>, name: string, limits: Limits): LogFileReading {
  const hash = createHash("sha256");
  return { batches: readLogFile(chunks, name, limits, hash), sha256: () => hash.digest("hex") };
}
