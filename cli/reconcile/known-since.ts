import type { ReadDigest } from "./digests.ts";
import type { ReconcilePorts } from "./ports.ts";

const HOUR_MS = 3_600_000;
/** The module lets no ledger forget earlier: see `ledger.retention_days`. */
const ALWAYS_KEPT_MS = 15 * 24 * HOUR_MS;

/**
 * Since when the ledger knows what was processed: of hours that ended before, a log file without a note may have been
 * processed all the same. It knows since it has a table, and for as long as it keeps its notes. Where that was once
 * shorter than it is now, only the notes themselves tell: before the oldest one that is left, all may be forgotten.
 * @param digests in the order of time
 * @returns milliseconds since 1970
 */
export async function knownSince(
  digests: readonly ReadDigest[],
  createdMs: number,
  { ledger, nowMs }: Pick<ReconcilePorts, "ledger" | "nowMs">,
): Promise<number> {
  const noted = digests.flatMap(({ files, endMs }) =>
    files.flatMap(({ file, recorded }) => (recorded === undefined ? [] : [{ endMs, object: file.object }])),
  );
  const [oldest, newest] = [noted[0], noted.at(-1)];
  const keptMs = (newest && (await ledger.keptMs(newest.object))) ?? ALWAYS_KEPT_MS;
  // Of an hour that is half forgotten nothing is known.
  const keptSinceMs = (ms: number) => nowMs() - ms + HOUR_MS;
  const notedSinceMs = oldest === undefined || Number.isNaN(oldest.endMs) ? Number.POSITIVE_INFINITY : oldest.endMs + 1;
  return Math.max(createdMs, keptSinceMs(keptMs), Math.min(keptSinceMs(ALWAYS_KEPT_MS), notedSinceMs));
}
