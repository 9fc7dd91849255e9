import type { Parameters } from "fast-check";

/** Set by `make fuzz`: how long each property is tried, with other values each time. */
const FUZZ_SECONDS = Number(process.env.FUZZ_SECONDS ?? 0);

/** How often a property is tried: the same values each time, or as long as `make fuzz` says. */
export function runs(numRuns: number): Parameters<unknown> {
  if (FUZZ_SECONDS === 0) return { seed: 1, numRuns };
  return {
    numRuns: Number.MAX_SAFE_INTEGER,
    interruptAfterTimeLimit: FUZZ_SECONDS * 1_000,
    markInterruptAsFailure: false,
  };
}

/** Two cores may have much else to do. */
export const TIMEOUT_MS: number = 60_000 + 2_000 * FUZZ_SECONDS;
