import { afterAll, beforeEach, vi } from "vitest";
import { startTruth, type Truth, type TruthOptions } from "./truth.ts";

/** Milliseconds; a busy machine needs longer than vitest's usual five seconds for what takes one here. */
const testTimeout = 30_000;

/**
 * The proxy of a test file, with one moto that all its tests share: instances of other tests remain, while journal and faults
 * are forgotten before each test. To be awaited at the file's top level.
 */
export async function useTruth(options: TruthOptions = {}): Promise<Truth> {
  vi.setConfig({ testTimeout, hookTimeout: testTimeout });
  const truth = await startTruth(options);
  beforeEach(() => truth.forgetCalls());
  afterAll(truth.stop);
  return truth;
}
