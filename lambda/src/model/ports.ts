import type { Delivery, Destination } from "./destination.ts";
import type { News } from "./news.ts";
import type { ObjectRef } from "./source-item.ts";

/** Reads objects. */
export interface ObjectStore {
  /**
   * The bytes of an object.
   * @throws LogFileError when it is missing, forbidden or larger than `maxBytes`; the message names bucket and key
   */
  get(object: ObjectRef, maxBytes: number): Promise<Uint8Array>;
}

/** Reads SSM parameters, decrypted. */
export interface ParameterStore {
  /**
   * The values, by the names that were asked for (`name` or `name:version`).
   * @throws when one is missing or forbidden; the message lists the names, never a value
   */
  get(names: readonly string[]): Promise<ReadonlyMap<string, string>>;
}

/** Publishes to SNS topics. */
export interface Publisher {
  /** @throws what the SDK throws */
  publish(message: { readonly topicArn: string; readonly subject: string; readonly body: string }): Promise<void>;
}

/** Tells one destination one piece of news: renders, sends, waits and tries again where that helps. Never throws. */
export type Deliver = (news: News, destination: Destination) => Promise<Delivery>;

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

/** What the pipeline needs of the world. */
export interface Ports {
  readonly objects: ObjectStore;
  readonly deliver: Deliver;
  readonly log: Log;
  /** How long the invocation may still run, in milliseconds. */
  readonly remainingMs: () => number;
}
