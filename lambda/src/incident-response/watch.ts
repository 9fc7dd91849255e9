import { setTimeout as sleep } from "node:timers/promises";
import type { Aws } from "./aws.ts";
import { errorName, isThrottled, isTransient } from "./aws-error.ts";
import type { ApiCall } from "./record.ts";

/** How the calls of a step are watched. */
export interface Watch {
  /** Ends the step: no call begins after it, and none is waited for. */
  readonly signal: AbortSignal;
  readonly onCall: (call: ApiCall) => void;
}

/** The clients, with every call bounded, repeated where that is harmless, and written down. */
export function watch(aws: Aws, watching: Watch): Aws {
  return {
    autoScaling: watched(aws.autoScaling, "autoscaling", watching),
    ec2: watched(aws.ec2, "ec2", watching),
    kms: watched(aws.kms, "kms", watching),
    lambda: watched(aws.lambda, "lambda", watching),
    loadBalancing: watched(aws.loadBalancing, "elasticloadbalancing", watching),
    s3: watched(aws.s3, "s3", watching),
    sfn: watched(aws.sfn, "states", watching),
    sns: watched(aws.sns, "sns", watching),
  };
}

/** The IAM actions that are not called like the API's operation. */
const ACTION_NAMES: ReadonlyMap<string, string> = new Map([
  ["lambda:Invoke", "lambda:InvokeFunction"],
  ["s3:HeadObject", "s3:GetObject"],
  ["s3:ListObjectsV2", "s3:ListBucket"],
]);

/** Without a token of ours, AWS does these once more for each request that it gets. */
const NOT_REPEATABLE: ReadonlySet<string> = new Set(["ec2:CreateSnapshots", "ec2:SendDiagnosticInterrupt"]);

/** Waits of up to 0.2, 0.4, 0.8 … 5 s: full jitter. */
const FIRST_WAIT_MS = 200;
const MAX_WAIT_MS = 5_000;

/** The part of the SDK's commands that tells what they are called, also when a bundler has renamed their classes. */
interface AnyCommand {
  readonly middlewareStack: {
    add(
      middleware: (
        next: (args: unknown) => Promise<unknown>,
        context: { readonly commandName?: string },
      ) => (args: unknown) => Promise<unknown>,
      options: { readonly step: "initialize"; readonly name: string; readonly override: true },
    ): void;
  };
}

type Send = (command: AnyCommand, options?: { readonly abortSignal?: AbortSignal }) => Promise<unknown>;

function watched<Client extends { readonly send: unknown }>(client: Client, service: string, watching: Watch): Client {
  const send: Send = (command, options) => {
    let action = `${service}:?`;
    command.middlewareStack.add(
      (next, context) => (args) => {
        const operation = `${service}:${(context.commandName ?? "?").replace(/Command$/, "")}`;
        action = ACTION_NAMES.get(operation) ?? operation;
        return next(args);
      },
      { step: "initialize", name: "action", override: true },
    );
    const signal =
      options?.abortSignal === undefined ? watching.signal : AbortSignal.any([options.abortSignal, watching.signal]);
    const attempt = () => (client.send as Send).call(client, command, { ...options, abortSignal: signal });
    return insist(attempt, signal, () => action, watching.onCall);
  };
  return Object.create(client, { send: { value: send } }) as Client;
}

async function insist(
  attempt: () => Promise<unknown>,
  signal: AbortSignal,
  action: () => string,
  onCall: (call: ApiCall) => void,
): Promise<unknown> {
  for (let attempts = 1; ; attempts += 1) {
    signal.throwIfAborted();
    const at = new Date().toISOString();
    try {
      const answer = await attempt();
      onCall({ action: action(), requestId: requestIdOf(answer), at });
      return answer;
    } catch (error) {
      onCall({ action: action(), requestId: requestIdOf(error), at, error: errorName(error) });
      const repeatable = isThrottled(error) || (isTransient(error) && !NOT_REPEATABLE.has(action()));
      if (!repeatable || signal.aborted) throw error;
      const longestMs = Math.min(FIRST_WAIT_MS * 2 ** (attempts - 1), MAX_WAIT_MS);
      // Who waits for nothing in particular is told what the wait was for.
      await sleep(Math.random() * longestMs, undefined, { signal }).catch(() => {
        throw error;
      });
    }
  }
}

function requestIdOf(answer: unknown): string | undefined {
  if (typeof answer !== "object" || answer === null || !("$metadata" in answer)) return undefined;
  const metadata = answer.$metadata;
  if (typeof metadata !== "object" || metadata === null || !("requestId" in metadata)) return undefined;
  return typeof metadata.requestId === "string" ? metadata.requestId : undefined;
}
