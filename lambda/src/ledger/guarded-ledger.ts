import type { Clock, GuardedLedger, Ledger, TellingLedger } from "#model/ports.ts";

/**
 * Messages per second that Slack takes for one hook or channel: one, in milliseconds between them.
 * https://docs.slack.dev/apis/web-api/rate-limits
 */
export const SPACING_MS = 1_000;

/** How long a table that did not answer is left alone: each question costs some seconds. */
const PAUSE_MS = 30_000;

/**
 * A ledger that is never in the way of an alert. Without a table, and for a while after a call that failed, everything may
 * be told, and destinations are paced within the invocation only; what was told then is confirmed later.
 * @param onFailure hears of the first call of each such while
 */
export function guardedLedger(
  ledger: Ledger | undefined,
  clock: Clock,
  onFailure: (error: unknown) => void,
): GuardedLedger {
  const without = withoutTable(clock);
  const unconfirmed = new Set<string>();
  let pauseUntilMs = Number.NEGATIVE_INFINITY;
  /** What the table answers, or undefined when it is left alone or fails. */
  const ask = async <T>(call: (table: Ledger) => Promise<T>): Promise<{ readonly answer: T } | undefined> => {
    if (ledger === undefined || clock.nowMs() < pauseUntilMs) return undefined;
    const askedMs = clock.nowMs();
    try {
      return { answer: await call(ledger) };
    } catch (error) {
      // Of those that ask at the same time, one tells.
      if (askedMs >= pauseUntilMs) onFailure(error);
      pauseUntilMs = clock.nowMs() + PAUSE_MS;
      return undefined;
    }
  };
  const orWithout = async <T>(call: (table: TellingLedger) => Promise<T>): Promise<T> =>
    ((await ask(call)) ?? { answer: await call(without) }).answer;
  return {
    delivered: (keys) => orWithout((table) => table.delivered(keys)),
    claim: (key, untilMs) => orWithout((table) => table.claim(key, untilMs)),
    confirm: async (key) => {
      if (ledger !== undefined && (await ask((table) => table.confirm(key))) === undefined) unconfirmed.add(key);
    },
    release: (key) => orWithout((table) => table.release(key)),
    takeSlot: (destination, notBeforeMs, notAfterMs) =>
      orWithout((table) => table.takeSlot(destination, notBeforeMs, notAfterMs)),
    window: (id) => orWithout((table) => table.window(id)),
    keepWindow: (id, window, version, told) => orWithout((table) => table.keepWindow(id, window, version, told)),
    settle: async () => {
      try {
        for (const key of unconfirmed) {
          await ledger?.confirm(key);
          unconfirmed.delete(key);
        }
        return true;
      } catch {
        return false;
      }
    },
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
    window: async () => undefined,
    keepWindow: async () => false,
  };
}
