import type { DeadLetter, DeadLetterQueue } from "#cli/dead-letters/ports.ts";
import type { Progress, Terminal } from "#cli/shared/terminal.ts";

/** A dead-letter queue in memory, whose time stands still until somebody moves it. */
export interface FakeDeadLetters extends DeadLetterQueue {
  /** Ids that are visible now, in order. */
  visible(): readonly string[];
  /** Ids that are not deleted, in order. */
  ids(): readonly string[];
  /** Ids of all that was received, in order. */
  readonly received: readonly string[];
  advance(seconds: number): void;
  /** Brings this message next although it is hidden or deleted, as SQS now and then does. */
  deliverAgain(id: string): void;
  /** Makes calls of a method throw until it is called with undefined. */
  fail(method: "count" | "receive" | "remove" | "show", error: Error | undefined): void;
}

interface Lying {
  readonly id: string;
  readonly body: string;
  readonly error: string | undefined;
  received: number;
  hiddenUntil: number;
  receipt: string;
}

const SENT_AT = "2025-06-11T09:20:00.000Z";

/** @param bodies what lies in it; ids are `letter-1`, `letter-2`, … unless they are given */
export function fakeDeadLetters(
  bodies: readonly (string | { readonly body: string; readonly error?: string; readonly id?: string })[],
  { name = "cloudtrail-to-slack-dead-letters" } = {},
): FakeDeadLetters {
  let now = 0;
  const letters = new Map<string, Lying>();
  bodies.forEach((given, index) => {
    const { body, error, id = `letter-${index + 1}` } = typeof given === "string" ? { body: given } : given;
    letters.set(id, { id, body, error, received: 0, hiddenUntil: 0, receipt: "" });
  });
  const everything = new Map(letters);
  const again: string[] = [];
  const received: string[] = [];
  const failures = new Map<string, Error>();
  const failing = (method: string) => {
    const error = failures.get(method);
    if (error !== undefined) throw error;
  };
  const isVisible = ({ hiddenUntil }: Lying) => hiddenUntil <= now;
  const take = (letter: Lying, hiddenSeconds: number): DeadLetter => {
    received.push(letter.id);
    letter.received += 1;
    letter.hiddenUntil = now + hiddenSeconds;
    letter.receipt = `${letter.id} receipt ${letter.received}`;
    const { id, receipt, body, error } = letter;
    return { id, receipt, body, sentAt: SENT_AT, received: letter.received, error };
  };
  return {
    name,
    received,
    async count() {
      failing("count");
      const all = [...letters.values()];
      const waiting = all.filter(isVisible).length;
      return { waiting, hidden: all.length - waiting };
    },
    async receive(max, hiddenSeconds) {
      failing("receive");
      const duplicates = again.splice(0, max).flatMap((id) => everything.get(id) ?? []);
      for (const letter of duplicates) letters.set(letter.id, letter);
      const visible = [...letters.values()].filter(isVisible);
      return [...duplicates, ...visible].slice(0, max).map((letter) => take(letter, hiddenSeconds));
    },
    async remove({ id, receipt }) {
      failing("remove");
      if (letters.get(id)?.receipt === receipt) letters.delete(id);
    },
    async show(given) {
      failing("show");
      for (const { id, receipt } of given) {
        const letter = letters.get(id);
        if (letter?.receipt === receipt) letter.hiddenUntil = now;
      }
    },
    visible: () => [...letters.values()].filter(isVisible).map(({ id }) => id),
    ids: () => [...letters.keys()],
    advance(seconds) {
      now += seconds;
    },
    deliverAgain: (id) => void again.push(id),
    fail(method, error) {
      if (error === undefined) failures.delete(method);
      else failures.set(method, error);
    },
  };
}

/** A terminal that keeps what is written. */
export interface FakeTerminal extends Terminal {
  readonly written: readonly string[];
  readonly said: readonly string[];
  /** What the spinner said, in order. */
  readonly shown: readonly string[];
  /** Ctrl-C. */
  interrupt(): void;
}

export function fakeTerminal({ debug = false } = {}): FakeTerminal {
  const written: string[] = [];
  const said: string[] = [];
  const shown: string[] = [];
  const controller = new AbortController();
  const progress = (text: string): Progress => {
    shown.push(text);
    return { update: (now) => void shown.push(now), end: () => {} };
  };
  return {
    written,
    said,
    shown,
    out: (text) => void written.push(text),
    say: (text) => void said.push(text),
    progress,
    interruptible: (work) => work(controller.signal),
    interrupt: () => controller.abort(),
    debug,
  };
}
