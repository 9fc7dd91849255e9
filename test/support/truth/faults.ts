import { setTimeout as delay } from "node:timers/promises";
import { AwsError, denialCode, throttleCode } from "./answer.ts";
import type { Call, CallFilter } from "./journal.ts";
import { fits } from "./journal.ts";
import type { Protocol } from "./request.ts";

/**
 * What goes wrong. Before the effect, so that nothing has changed:
 * `error` any code · `throttle`, `denied` and `internal` in the words of the service · `never` no answer until the client
 * gives up · `reset` the connection breaks.
 * After the effect, so that the client does not know of it: `lost` the connection breaks, `silence` no answer, `late-error` status 500.
 * Besides: `slow` delays a call that else works; `meanwhile` runs something just before it, as another person would.
 */
export type Fault =
  | { readonly kind: "error"; readonly code: string; readonly status?: number; readonly message?: string }
  | { readonly kind: "throttle" | "denied" | "internal" | "never" | "reset" | "lost" | "silence" | "late-error" }
  | { readonly kind: "slow"; readonly ms: number }
  | { readonly kind: "meanwhile"; readonly run: (call: Call) => unknown };

/** When it goes wrong. */
export type Injection = {
  /** The calls concerned; all when absent. */
  readonly on?: CallFilter;
  /** Only calls to this region: what is tried in others at the same time goes on undisturbed. */
  readonly region?: string;
  /** The first of these calls that is hit; 1 (the default) is the next one. */
  readonly from?: number;
  /** How many of them in a row; Infinity for ever. Default 1. */
  readonly times?: number;
  readonly fault: Fault;
};

/** An injection in force. */
export type Injected = {
  /** How many calls it has hit. */
  readonly hits: () => number;
  /** Ends it. */
  readonly remove: () => void;
};

/** At most so many calls per second, as AWS's token bucket: what is left when nobody calls gathers up to `burst`. */
export type RateLimit = { readonly on?: CallFilter; readonly perSecond: number; readonly burst: number };

type Active = Injection & { seen: number; hits: number };

/** The faults that are in force, asked once per call. */
export function createFaults() {
  const active: Active[] = [];
  const buckets: { readonly limit: RateLimit; tokens: number; atMs: number }[] = [];

  function inject(injection: Injection): Injected {
    const entry: Active = { ...injection, seen: 0, hits: 0 };
    active.push(entry);
    const remove = () => {
      const index = active.indexOf(entry);
      if (index >= 0) active.splice(index, 1);
    };
    return { hits: () => entry.hits, remove };
  }

  /** The faults of this call, oldest injection first; every fitting injection counts it. */
  function hitting(call: Call): readonly Fault[] {
    const hits: Fault[] = [];
    for (const entry of [...active]) {
      if (!fits(entry.on, call) || (entry.region ?? call.region) !== call.region) continue;
      entry.seen += 1;
      const from = entry.from ?? 1;
      if (entry.seen < from || entry.seen >= from + (entry.times ?? 1)) continue;
      entry.hits += 1;
      hits.push(entry.fault);
    }
    return hits;
  }

  function isOverLimit(call: Call): boolean {
    let over = false;
    for (const bucket of buckets) {
      const { limit } = bucket;
      if (!fits(limit.on, call)) continue;
      const nowMs = performance.now();
      bucket.tokens = Math.min(limit.burst, bucket.tokens + ((nowMs - bucket.atMs) / 1000) * limit.perSecond);
      bucket.atMs = nowMs;
      if (bucket.tokens < 1) over = true;
      else bucket.tokens -= 1;
    }
    return over;
  }

  return {
    inject,
    hitting,
    isOverLimit,
    /** @returns what lifts it */
    limit: (limit: RateLimit) => {
      const bucket = { limit, tokens: limit.burst, atMs: performance.now() };
      buckets.push(bucket);
      return () => void buckets.splice(buckets.indexOf(bucket), buckets.includes(bucket) ? 1 : 0);
    },
    /** @param region keeps what holds in another one only */
    clear: (region?: string) => {
      const kept = region === undefined ? [] : active.filter((entry) => (entry.region ?? region) !== region);
      active.splice(0, active.length, ...kept);
      buckets.length = 0;
    },
  };
}

/** What a client sees in place of an answer. */
export type Disappearance = "hang" | "reset";

/** What the faults of a call do before its effect. @throws AwsError the error to answer */
export async function actBefore(
  faults: readonly Fault[],
  call: Call,
  protocol: Protocol,
): Promise<Disappearance | undefined> {
  for (const fault of faults) {
    if (fault.kind === "slow") await delay(fault.ms);
    if (fault.kind === "meanwhile") await fault.run(call);
    if (fault.kind === "never") return "hang";
    if (fault.kind === "reset") return "reset";
    const error = errorBefore(fault, protocol);
    if (error !== undefined) throw error;
  }
  return undefined;
}

function errorBefore(fault: Fault, protocol: Protocol): AwsError | undefined {
  if (fault.kind === "error") return new AwsError(fault.code, fault.message ?? "Injected by the test.", fault.status);
  if (fault.kind === "throttle") return new AwsError(throttleCode(protocol), "Request limit exceeded.");
  if (fault.kind === "denied")
    return new AwsError(denialCode(protocol), "You are not authorized to perform this operation.");
  if (fault.kind === "internal") return new AwsError("InternalError", "An internal error has occurred.");
  return undefined;
}

/** What they do after it. @throws AwsError the error to answer although the effect took place */
export function actAfter(faults: readonly Fault[]): Disappearance | undefined {
  for (const { kind } of faults) {
    if (kind === "lost") return "reset";
    if (kind === "silence") return "hang";
    if (kind === "late-error") throw new AwsError("InternalError", "An internal error has occurred.");
  }
  return undefined;
}
