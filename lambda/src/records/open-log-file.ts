import { createHash } from "node:crypto";
import type { Limits } from "#model/log-file.ts";
import { readLogFile } from "./read.ts";

/**
 * A log file that is read once, batch by batch, and hashed on the way.
 * @param name names the file in errors
 * @returns `batches` throws what {@link readLogFile} throws; `sha256` is of the unpacked bytes, after the last batch
 */
export function openLogFile(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
  limits: Limits,
): { readonly batches: AsyncIterable<readonly unknown[]>; readonly sha256: () => string } {
  const hash = createHash("sha256");
  return { batches: readLogFile(chunks, name, limits, hash), sha256: () => hash.digest("hex") };
}
