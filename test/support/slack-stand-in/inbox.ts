import { explainMessage } from "./block-kit.ts";

/** A message that was posted. */
export interface Received {
  readonly channel: string;
  /** Milliseconds since 1970 by the stand-in's clock. */
  readonly receivedAtMs: number;
  /** The parsed JSON body, as it was sent. */
  readonly payload: unknown;
  /** Slack's name for it within its channel. */
  readonly ts: string;
  /** What later took its place, in order. */
  readonly revisions: unknown[];
}

/** An answer that was not ok: nothing was posted. */
export interface Refusal {
  /** Empty if the hook is unknown or the request named no channel. */
  readonly channel: string;
  /** HTTP status, or 0 if the connection was closed without an answer. */
  readonly status: number;
  /** Slack's error word, or the scripted body as it was sent. */
  readonly answer: string;
  /** The parsed JSON body; undefined if it could not be parsed. */
  readonly payload: unknown;
}

interface Waiter {
  readonly check: () => void;
  readonly giveUp: () => void;
}

/** Everything that a stand-in received and refused, in order of arrival. */
export class Inbox {
  #received: Received[] = [];
  #refused: Refusal[] = [];
  readonly #listeners = new Set<(message: Received) => void>();
  readonly #waiters = new Set<Waiter>();

  /** Keeps a posted message and tells the listeners. */
  post(message: Received): void {
    this.#received.push(message);
    for (const listener of [...this.#listeners]) listener(message);
    for (const waiter of [...this.#waiters]) waiter.check();
  }

  /** Keeps an answer that was not ok. */
  refuse(refusal: Refusal): void {
    this.#refused.push(refusal);
  }

  /** The posted messages of one channel, or of all. */
  received(channel?: string): readonly Received[] {
    return this.#received.filter((message) => channel === undefined || message.channel === channel);
  }

  /** Every answer that was not ok. */
  refused(): readonly Refusal[] {
    return [...this.#refused];
  }

  /** Calls the listener for each later message until the returned function is called. */
  onMessage(listener: (message: Received) => void): () => void {
    // The wrapper keeps two subscriptions of one function apart.
    const own = (message: Received): void => listener(message);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  /** Resolves with the channel's messages once there are `count`; rejects after `timeoutMs` with what did arrive. */
  waitFor(channel: string, count: number, timeoutMs: number): Promise<readonly Received[]> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#waiters.delete(waiter);
      };
      const waiter: Waiter = {
        check: () => {
          const messages = this.received(channel);
          if (messages.length < count) return;
          end();
          resolve(messages);
        },
        giveUp: () => {
          end();
          reject(
            new Error(
              `waited ${timeoutMs} ms for ${count} message${count === 1 ? "" : "s"} in ${channel}, but ${this.#summary()}`,
            ),
          );
        },
      };
      const timer = setTimeout(waiter.giveUp, timeoutMs);
      this.#waiters.add(waiter);
      waiter.check();
    });
  }

  /** Forgets messages and refusals; listeners and waiters stay. */
  clear(): void {
    this.#received = [];
    this.#refused = [];
  }

  /** Makes every waiter give up at once and drops the listeners. */
  close(): void {
    for (const waiter of [...this.#waiters]) waiter.giveUp();
    this.#listeners.clear();
  }

  #summary(): string {
    const counts = new Map<string, number>();
    for (const { channel } of this.#received) counts.set(channel, (counts.get(channel) ?? 0) + 1);
    const arrived = [...counts].map(([channel, count]) => `${count} in ${channel}`);
    const refused = this.#refused.map(({ channel, status, answer, payload }) => {
      const reason = answer === "no_service" ? undefined : explainMessage(payload);
      return `${status} ${answer} to ${channel || "an unknown hook"}${reason === undefined ? "" : ` (${reason})`}`;
    });
    const sentence = arrived.length === 0 ? "nothing arrived" : `there arrived ${arrived.join(", ")}`;
    return refused.length === 0 ? sentence : `${sentence}; refused: ${refused.join(", ")}`;
  }
}
