import type { Change, StepRecord, StepResult } from "./record.ts";
import type { Before, Run } from "./run.ts";
import type { Tools } from "./run-step.ts";
import type { Settings } from "./settings.ts";

/** What a step may look at and call. */
export interface Context extends Tools {
  readonly run: Run;
  readonly before: Before;
  /** With the request's options. */
  readonly settings: Settings;
  /** What the steps before it said, by name, as far as they were on its way. */
  readonly records: ReadonlyMap<string, StepRecord>;
  /** Of a restore: what earlier runs changed, as far as the bucket does not know it. */
  readonly changedBefore: readonly Change[];
  /** Of an approval that Step Functions waits for. */
  readonly taskToken: string | undefined;
}

/** One step: looks, and does what is not done yet. May be called again at any time, also after it was killed half way. */
export type Step = (context: Context) => Promise<StepResult>;
