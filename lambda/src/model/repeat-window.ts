import type { Mention, Thread } from "./destination.ts";
import type { Alert, Repeats } from "./news.ts";

/**
 * The time after an alert in which a destination is not told the same again, but how often it happened: in replies, where
 * the message can have some, else in one message when the time is over.
 */
export interface RepeatWindow {
  /** What the message says that it began with. */
  readonly alert: Alert;
  readonly mention?: Mention | undefined;
  /** What stands above the message, where it is told to another destination than it is for. */
  readonly banner?: string | undefined;
  /** What the ledger calls the destination. */
  readonly destination: string;
  readonly openedMs: number;
  readonly untilMs: number;
  /** Nothing is counted any more: what was, is being told. */
  readonly closed: boolean;
  /** Whether a message is under way that ends it. */
  readonly wakes: boolean;
  /** Where replies go, and what the ledger calls the destination that has it. */
  readonly thread?: (Thread & { readonly destination: string }) | undefined;
  /** All that happened, the first included. */
  readonly total: Repeats;
  /** What of it was only counted so far. */
  readonly untold?: Repeats | undefined;
}

/** A window as the ledger has it. */
export interface StoredWindow {
  readonly window: RepeatWindow;
  /** Changes whenever the window does. */
  readonly version: number;
}

/** That the time of a window is over: what a delayed message says. */
export interface WindowEnd {
  /** What the ledger calls the window. */
  readonly windowId: string;
}
