import * as v from "valibot";

const count = v.number();
const told = v.object({ in: count, delivered: count, alreadyDelivered: count, grouped: count, failed: count });

/** What the function logs at the end of each invocation, as far as tests look at it. */
const OutcomeLine = v.object({
  message: v.literal("outcome"),
  objects: v.object({ in: count, failed: count }),
  records: v.object({ in: count, alerted: count, ignored: count, unmatched: count, failed: count }),
  alerts: told,
  notices: told,
  messages: v.object({ in: count, failed: count }),
  answers: v.object({ throttled: count, ambiguous: count, degraded: count }),
  ledger: v.object({ failed: count }),
  handedBack: v.object({ count }),
  completeness: v.object({ missing: count, altered: count }),
});
/** The counts of one invocation. */
export type LoggedOutcome = v.InferOutput<typeof OutcomeLine>;

/** The outcomes that stand in the emulator's log, in order; those of invocations that were killed do not. */
export function outcomesIn(log: string): readonly LoggedOutcome[] {
  return log.split("\n").flatMap((line) => {
    if (!line.startsWith('{"level":"INFO","message":"outcome"')) return [];
    return [v.parse(OutcomeLine, JSON.parse(line))];
  });
}
