import { createHash } from "node:crypto";
import { LogFileError } from "#model/errors.ts";
import { DEFAULT_LIMITS } from "#model/log-file.ts";
import type { ObjectStore } from "#model/ports.ts";
import { nameOfObject, type ObjectRef } from "#model/source-item.ts";
import { GzipError } from "#records/gunzip.ts";
import { unpack } from "#records/unpack.ts";

/** What lies at a key. */
export type Content =
  | { readonly kind: "whole"; readonly sha256: string }
  /** Cannot be unpacked, so it is not what CloudTrail wrote. */
  | { readonly kind: "damaged" }
  | { readonly kind: "removed" }
  | { readonly kind: "unreadable"; readonly reason: string };

/**
 * Reads a log file as a stream for the hash of its unpacked bytes.
 * @returns undefined when it was stopped
 * @throws what `objects` throws but LogFileError
 */
export async function contentOf(
  objects: Pick<ObjectStore, "read">,
  object: ObjectRef,
  stop: AbortSignal,
): Promise<Content | undefined> {
  const hash = createHash("sha256");
  let length = 0;
  try {
    for await (const bytes of unpack(objects.read(object))) {
      if (stop.aborted) return undefined;
      length += bytes.length;
      if (length > DEFAULT_LIMITS.file_bytes) {
        const reason = `${nameOfObject(object)} unpacks to more than ${DEFAULT_LIMITS.file_bytes} bytes`;
        return { kind: "unreadable", reason };
      }
      hash.update(bytes);
    }
  } catch (error) {
    if (error instanceof GzipError) return { kind: "damaged" };
    if (!(error instanceof LogFileError)) throw error;
    return error.missing ? { kind: "removed" } : { kind: "unreadable", reason: error.message };
  }
  return { kind: "whole", sha256: hash.digest("hex") };
}
