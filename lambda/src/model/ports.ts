import type { Delivery, Destination, Mention, Place } from "./destination.ts";
import type { News } from "./news.ts";
import type { RepeatWindow, StoredWindow, WindowEnd } from "./repeat-window.ts";
import type { ObjectRef, QueueMessage } from "./source-item.ts";

/** Reads objects. */
export interface ObjectStore {
  /**
   * The bytes of an object as they arrive. Asking for the first of them asks for the object.
   * @throws LogFileError when it is missing, forbidden, or breaks off; the message names bucket and key
   */
  read(object: ObjectRef): AsyncIterable<Uint8Array>;
  /**
   * What lies directly below a prefix: keys, and prefixes up to the next `/`.
   * @throws LogFileError when it is forbidden or fails
   */
  list(
    bucket: string,
    prefix: string,
  ): Promise<{ readonly keys: readonly string[]; readonly folders: readonly string[] }>;
}

/** What the ledger says to an invocation that wants to tell something. */
export type Claim =
  /** Nobody told it, and nobody else will before the claim ends. */
  | { readonly kind: "mine" }
  | { readonly kind: "delivered" }
  /** Another invocation is telling it, or was ended in the midst of it. */
  | { readonly kind: "held"; readonly untilMs: number };

/** A log file that was read to its end. */
export interface ProcessedObject {
  /** Of its unpacked bytes, in hexadecimal digits, as digest files have it. */
  readonly sha256: string;
}

/**
 * Remembers what was told and read, across invocations. Keys are texts of at most 2,000 characters. Every call throws
 * when the table cannot be reached.
 */
export interface Ledger {
  /** Which of these were delivered, as far as is known: a cheap look ahead of the claims. */
  delivered(keys: readonly string[]): Promise<ReadonlySet<string>>;
  /** Claims the telling of a key until a time. */
  claim(key: string, untilMs: number): Promise<Claim>;
  /** It was told: for as long as the ledger remembers, a claim says so. */
  confirm(key: string): Promise<void>;
  /** It was not told: anybody may claim it. Only ends a claim of one's own. */
  release(key: string): Promise<void>;
  /** The window of this name, closed ones included. */
  window(id: string): Promise<StoredWindow | undefined>;
  /**
   * Keeps a window, and with it, or not at all, that these keys were told; at most {@link MAX_KEPT}.
   * @param window undefined to forget it
   * @param version which one it replaces; undefined: there is none
   * @returns whether it was that one
   */
  keepWindow(
    id: string,
    window: RepeatWindow | undefined,
    version: number | undefined,
    told: readonly string[],
  ): Promise<boolean>;
  /**
   * The next free moment of a destination, which is then taken. Undefined, and nothing is taken, when it comes too late.
   * @param notBeforeMs the earliest that will do; later callers come after it, too
   * @param notAfterMs the latest that will do
   */
  takeSlot(destination: string, notBeforeMs: number, notAfterMs: number): Promise<number | undefined>;
  /** Which of these were read to their end, by `s3://bucket/key`. */
  processed(objects: readonly ObjectRef[]): Promise<ReadonlyMap<string, ProcessedObject>>;
  markProcessed(object: ObjectRef, result: ProcessedObject): Promise<void>;
}

/** Reads SSM parameters, decrypted. */
export interface ParameterStore {
  /**
   * The values, by the names that were asked for (`name` or `name:version`).
   * @throws when one is missing or forbidden; the message lists the names, never a value
   */
  get(names: readonly string[]): Promise<ReadonlyMap<string, string>>;
}

/** The tags of EC2 resources as they are now. */
export interface TagStore {
  /**
   * The tags of those that have any. A resource that is not named has none, or is gone.
   * @throws what the SDK throws
   */
  tagsOf(region: string, ids: readonly string[]): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>>;
}

/** The accounts of an organization. */
export interface AccountDirectory {
  /**
   * What they are called, by their ids, page by page.
   * @throws what the SDK throws
   */
  names(): AsyncIterable<ReadonlyMap<string, string>>;
}

/** What a topic is given. */
export interface TopicMessage {
  readonly topicArn: string;
  /** ASCII, shorter than 100 characters. */
  readonly subject: string;
  /** By protocol (`email`, `sms`); `default` is for all others. */
  readonly texts: { readonly default: string } & Readonly<Record<string, string>>;
  /** What subscriptions may filter by: a text, or several of which one is enough. */
  readonly attributes: Readonly<Record<string, string | readonly string[]>>;
}

/** Publishes to SNS topics. */
export interface Publisher {
  /** @throws what the SDK throws */
  publish(message: TopicMessage): Promise<void>;
}

/** The part of a ledger that telling needs. */
export type TellingLedger = Pick<
  Ledger,
  "delivered" | "claim" | "confirm" | "release" | "takeSlot" | "window" | "keepWindow"
>;

/** A ledger that never fails. What it says of windows when the table cannot be reached: there is none, and nothing was kept. */
export interface GuardedLedger extends TellingLedger {
  /** Writes down what could not be confirmed. @returns whether nothing is left of that */
  settle(): Promise<boolean>;
}

/** How a piece of news is to be told. */
export interface DeliveryOptions {
  /** How long it may take, in milliseconds. */
  readonly withinMs: number;
  /** Stands above the message: why it comes here. A sentence of ours. */
  readonly banner?: string | undefined;
  /** Whom the message calls, where the destination is Slack. */
  readonly mention?: Mention | undefined;
  /** Where the destination is the Slack App. */
  readonly place?: Place | undefined;
}

/** Tells one destination one piece of news: renders, sends, and tries again where that helps at once. Never throws. */
export type Deliver = (news: News, destination: Destination, options: DeliveryOptions) => Promise<Delivery>;

/** One JSON line per call. `fields` hold no secret and, above debug level, no whole record. */
export interface Log {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warning(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** Time, so that tests need not wait. */
export interface Clock {
  nowMs(): number;
  sleep(ms: number): Promise<void>;
}

/** How many keys a window is kept with: DynamoDB writes 100 rows at once. */
export const MAX_KEPT = 99;

/** Messages of a queue. */
export interface MessageQueue {
  /** Sends a message to a queue, given by its ARN, which hands it out after a while: 900 seconds at most. @throws when the queue does not take it */
  send(queue: string, body: unknown, seconds: number): Promise<void>;
  /** Lets a message that was not finished come again after a while. @throws when the queue does not take it */
  delay(message: QueueMessage, seconds: number): Promise<void>;
}

/** Has the function invoked once more, after a while: 900 seconds at most. @throws when that cannot be */
export type Wake = (payload: WindowEnd, seconds: number) => Promise<void>;

/** What the pipeline needs of the world. */
export interface Ports {
  readonly objects: ObjectStore;
  /** Undefined when it is switched off: then every run tells everything. */
  readonly ledger: Ledger | undefined;
  readonly deliver: Deliver;
  readonly wake: Wake;
  readonly tags: TagStore;
  readonly clock: Clock;
  readonly log: Log;
  /** How long the invocation may still run, in milliseconds. */
  readonly remainingMs: () => number;
}
