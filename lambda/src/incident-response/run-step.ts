import { messageOf } from "#model/errors.ts";
import type { Aws } from "./aws.ts";
import { errorName } from "./aws-error.ts";
import type { ApiCall, Change, Evidence, StepRecord, StepResult } from "./record.ts";
import { watch } from "./watch.ts";

/** Every step gives up after it. */
const STEP_DEADLINE_MS = 60_000;

/** A step has nothing to do, for a reason that is worth a line. Any part of a step may throw it. */
export class Skip extends Error {
  override readonly name = "Skip";
}

class GaveUp extends Error {
  override readonly name = "GaveUp";
}

/** What a step works with. */
export interface Tools {
  /** Bounded by the step's deadline; what is called is written down. */
  readonly aws: Aws;
  /** Ends the step. */
  readonly signal: AbortSignal;
  /** Writes down what was changed, as soon as it is. */
  readonly changed: (change: Change) => void;
  /** Writes down what was kept as evidence. */
  readonly kept: (evidence: Evidence) => void;
}

/**
 * Runs one step to its end or its deadline. Never throws: a failure is a record like any other.
 */
export async function runStep(
  step: string,
  aws: Aws,
  work: (tools: Tools) => Promise<StepResult>,
  deadlineMs: number = STEP_DEADLINE_MS,
): Promise<StepRecord> {
  const started = new Date().toISOString();
  const api: ApiCall[] = [];
  const changes: Change[] = [];
  const evidence: Evidence[] = [];
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new GaveUp(`it gave up after ${deadlineMs / 1_000} s`)), deadlineMs);
  const { signal } = controller;
  const ending = new Promise<never>((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  ending.catch(() => {});
  const tools: Tools = {
    aws: watch(aws, { signal, onCall: (call) => api.push(call) }),
    signal,
    changed: (change) => changes.push(change),
    kept: (one) => evidence.push(one),
  };
  const result = await Promise.race([work(tools), ending])
    .catch((error: unknown) => failure(error))
    .finally(() => {
      clearTimeout(timer);
      // What nobody waits for any more is not repeated either.
      controller.abort();
    });
  return { step, ...result, started, ended: new Date().toISOString(), changes, evidence, api: worthKeeping(api) };
}

function failure(error: unknown): StepResult {
  if (error instanceof Skip) return { status: "skipped", reason: error.message };
  if (error instanceof GaveUp) return { status: "failed", reason: error.message };
  return { status: "failed", reason: explained(error), details: { error: errorName(error) } };
}

/** `UnauthorizedOperation: You are not …`: the code says what it is, the message what about. */
export function explained(error: unknown): string {
  const [name, message] = [errorName(error), messageOf(error)];
  return name === "Error" || message.startsWith(name) ? message : `${name}: ${message}`;
}

/** All that changed something or failed, and the last of each kind of look. */
function worthKeeping(api: readonly ApiCall[]): readonly ApiCall[] {
  const isLook = ({ action, error }: ApiCall) => error === undefined && /:(Describe|Get|List)/.test(action);
  return api.filter(
    (call, index) =>
      !isLook(call) || !api.slice(index + 1).some((later) => isLook(later) && later.action === call.action),
  );
}
