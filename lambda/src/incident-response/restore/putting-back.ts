import type { Context } from "#incident-response/context.ts";
import type { Change } from "#incident-response/record.ts";
import { explained } from "#incident-response/run-step.ts";

/** A restore in progress. */
export interface PuttingBack {
  readonly context: Context;
  /** What the runs of the case say that they changed. Runs that were killed say nothing. */
  readonly changes: readonly Change[];
  /** What somebody else has changed since, so that it is left alone; in words. */
  readonly drift: string[];
  readonly problems: string[];
}

/** Whether a run of the case says that it changed this. */
export const wasChanged = ({ changes }: PuttingBack, what: string, id: string): boolean =>
  changes.some((change) => change.what === what && change.id === id);

/** Does one thing of a restore: what fails keeps nothing from the next. */
export async function attempt(back: PuttingBack, what: string, work: () => Promise<void>): Promise<void> {
  await work().catch((error: unknown) => void back.problems.push(`${what}: ${explained(error)}`));
}
