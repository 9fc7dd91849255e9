import type { Clock, Ledger, TellingLedger } from "#model/ports.ts";

/**
 * Messages per second that Slack takes for one hook or channel: one, in milliseconds between them.
 * https://docs.slack.dev/apis/web-api/rate-limits
 */
export const SPACING_MS = 1_000;

/**
 * A ledger that is never in the way of an alert. Without a table, or from the first call that fails, everything may be
 * told, and destinations are paced within the invocation only.
 * @param onFailure hears of that call; the others are not made
 */
export function guardedLedger(
  ledger: Ledger | undefined,
  clock: Clock,
  onFailure: (error: unknown) => void,
): TellingLedger {
  let table: TellingLedger | undefined = ledger;
  const without = withoutTable(clock);
  const ask = async <T>(call: (asked: TellingLedger) => Promise<T>): Promise<T> => {
    if (table !== undefined) {
      try {
        return await call(table);
      } catch (error) {
        // Destinations are told beside each other: several may have asked before the first one heard.
        if (table !== undefined) onFailure(error);
        table = undefined;
      }
    }
    return call(without);
  };
  return {
    delivered: (keys) => ask((asked) => asked.delivered(keys)),
    claim: (key, untilMs) => ask((asked) => asked.claim(key, untilMs)),
    confirm: (key) => ask((asked) => asked.confirm(key)),
    release: (key) => ask((asked) => asked.release(key)),
    takeSlot: (destination, notBeforeMs, notAfterMs) =>
      ask((asked) => asked.takeSlot(destination, notBeforeMs, notAfterMs)),
  };
}

function withoutTable(clock: Clock): TellingLedger {
  const freeFrom = new Map<string, number>();
  return {
    delivered: async () => new Set(),
    claim: async () => ({ kind: "mine" }),
    confirm: async () => {},
    release: async () => {},
    takeSlot: async (destination, notBeforeMs, notAfterMs) => {
      const at = Math.max(notBeforeMs, clock.nowMs(), freeFrom.get(destination) ?? 0);
      if (at > notAfterMs) return undefined;
      freeFrom.set(destination, at + SPACING_MS);
      return at;
    },
  };
}
