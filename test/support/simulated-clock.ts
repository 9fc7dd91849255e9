import type { Clock } from "#model/ports.ts";

/** Somebody who works, or sleeps, in simulated time. */
export interface Worker extends Clock {
  /** It works and sleeps no longer: its sleeps never end. */
  end(): void;
}

/**
 * A clock for several who work at once. It stands still while anybody works: only when everybody sleeps and nothing is
 * under way, it goes on to whoever wakes first.
 */
export interface SimulatedClock extends Pick<Clock, "nowMs"> {
  advance(ms: number): void;
  /** Somebody who works from now on. */
  begin(): Worker;
  /** Time does not pass while this is under way. */
  during<T>(work: Promise<T>): Promise<T>;
  /** Calls at a time. @returns what calls it off */
  at(atMs: number, call: () => void): () => void;
}

interface Alarm {
  readonly atMs: number;
  readonly call: () => void;
}

/** A {@link SimulatedClock} that shows 2025-06-11T09:20:00Z. */
export function simulatedClock(): SimulatedClock {
  let now = Date.parse("2025-06-11T09:20:00Z");
  /** In the order of their times. */
  const alarms: Alarm[] = [];
  /** Those who have not ended, and how many sleeps of theirs there are: some do several things at a time. */
  const sleeps = new Map<Worker, number>();
  let underWay = 0;
  let isAsked = false;
  const somebodyWorks = () => underWay > 0 || [...sleeps.values()].includes(0);
  const goOn = () => {
    if (isAsked) return;
    isAsked = true;
    // By then, whoever was woken or answered has done what it can do at once.
    setImmediate(() => {
      isAsked = false;
      if (somebodyWorks()) return;
      const next = alarms.shift();
      if (next === undefined) return;
      now = Math.max(now, next.atMs);
      next.call();
      goOn();
    });
  };
  const at = (atMs: number, call: () => void) => {
    const alarm: Alarm = { atMs, call };
    const later = alarms.findIndex((other) => other.atMs > atMs);
    alarms.splice(later < 0 ? alarms.length : later, 0, alarm);
    goOn();
    return () => {
      const index = alarms.indexOf(alarm);
      if (index >= 0) alarms.splice(index, 1);
    };
  };
  return {
    nowMs: () => now,
    advance: (ms) => {
      now += ms;
    },
    at,
    begin() {
      const callOff = new Set<() => void>();
      const worker: Worker = {
        nowMs: () => now,
        sleep: (ms) =>
          new Promise((wake) => {
            const before = sleeps.get(worker);
            if (before === undefined) return;
            sleeps.set(worker, before + 1);
            const off = at(now + ms, () => {
              callOff.delete(off);
              sleeps.set(worker, (sleeps.get(worker) ?? 1) - 1);
              wake();
            });
            callOff.add(off);
          }),
        end: () => {
          sleeps.delete(worker);
          for (const off of callOff) off();
          goOn();
        },
      };
      sleeps.set(worker, 0);
      return worker;
    },
    async during(work) {
      underWay += 1;
      try {
        return await work;
      } finally {
        underWay -= 1;
        goOn();
      }
    },
  };
}
