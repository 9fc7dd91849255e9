import type { AwsRequest } from "./request.ts";

/** How a call ended. `refused`: by AWS's rules, whether the proxy or the emulator knew them; `fault`: injected. */
export type Outcome = "running" | "done" | "refused" | "fault";

/** One call that reached the proxy; entries stand in the order of arrival. */
export type Call = Pick<AwsRequest, "service" | "action" | "params" | "region" | "accessKeyId"> & {
  /** 1 for the first call since start or reset. */
  readonly number: number;
  /** The same for all attempts of a call that the SDK repeats. */
  readonly invocationId: string;
  /** 1 for the first attempt. */
  readonly attempt: number;
  readonly requestId: string;
  /** Milliseconds, comparable among calls, since the proxy's start. */
  readonly startedMs: number;
  /** Whether it asks for a change; false for reads and for every call with DryRun. */
  readonly mutating: boolean;
  endedMs?: number;
  outcome: Outcome;
  /** What the client was answered; 0 while running and when there was no answer. */
  status: number;
  errorCode?: string;
  /** Whether the effect took place: a fault may come before it or hide it. */
  applied: boolean;
};

/** Actions that change nothing although their name does not say so. */
const harmless = new Set(["AssumeRole", "Decrypt", "Encrypt", "GenerateDataKey", "Sign", "Verify"]);

/** Whether the call, as the service reads it, changes anything. */
export function changes({ action, params }: Pick<AwsRequest, "action" | "params">): boolean {
  if (params.DryRun === "true") return false;
  return !harmless.has(action) && !/^(Describe|Get|List|Head|BatchGet|GET |HEAD )/.test(action);
}

/** What a test asks for: an action ("StopInstances", "ec2:StopInstances"), or whatever the function picks. */
export type CallFilter = string | ((call: Call) => boolean);

/** Whether a call is the one that was asked for. */
export function fits(filter: CallFilter | undefined, call: Call): boolean {
  if (filter === undefined) return true;
  if (typeof filter === "function") return filter(call);
  return filter === call.action || filter === `${call.service}:${call.action}`;
}
