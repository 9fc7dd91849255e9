import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import type { World } from "#handler.ts";
import { SPACING_MS } from "#ledger/guarded-ledger.ts";
import type { Delivery, Destination, Mention, Place } from "#model/destination.ts";
import { LogFileError } from "#model/errors.ts";
import { DEFAULT_LIMITS } from "#model/log-file.ts";
import type { News } from "#model/news.ts";
import type {
  AccountDirectory,
  Clock,
  Deliver,
  Ledger,
  Log,
  MessageQueue,
  ObjectStore,
  ParameterStore,
  Publisher,
  TagStore,
} from "#model/ports.ts";
import { nameOfObject } from "#model/source-item.ts";
import { BUCKET } from "#test/support/records.ts";

/** A clock that stands still until somebody sleeps. */
export interface FakeClock extends Clock {
  /** What was slept, in milliseconds, in order. */
  readonly slept: readonly number[];
  advance(ms: number): void;
}

/** A {@link FakeClock} that shows 2025-06-11T09:20:00Z. */
export function fakeClock(): FakeClock {
  let now = Date.parse("2025-06-11T09:20:00Z");
  const slept: number[] = [];
  const advance = (ms: number) => {
    now += ms;
  };
  return {
    slept,
    advance,
    nowMs: () => now,
    sleep: async (ms) => {
      slept.push(ms);
      advance(ms);
    },
  };
}

/** A clock for several who work at once: they are woken one after the other, in the order of their time. */
export interface SharedClock extends Clock {
  /** Lets time pass while these are under way. @throws when all of them wait for something else than time */
  run<T extends readonly Promise<unknown>[]>(...work: T): Promise<{ -readonly [Index in keyof T]: Awaited<T[Index]> }>;
}

/** A {@link SharedClock} that shows 2025-06-11T09:20:00Z. Whoever sleeps waits for `run`. */
export function sharedClock(): SharedClock {
  let now = Date.parse("2025-06-11T09:20:00Z");
  const sleepers: { readonly atMs: number; readonly wake: () => void }[] = [];
  return {
    nowMs: () => now,
    sleep: (ms) => new Promise((wake) => void sleepers.push({ atMs: now + ms, wake })),
    async run(...work) {
      let running = true;
      const all = Promise.all(work).finally(() => {
        running = false;
      });
      all.catch(() => {});
      for (;;) {
        await new Promise(setImmediate);
        if (!running) return all;
        const next = sleepers.sort((a, b) => a.atMs - b.atMs).shift();
        if (next === undefined) throw new Error("nobody sleeps, and the work is not finished");
        now = Math.max(now, next.atMs);
        next.wake();
      }
    },
  };
}

/** An object store that holds these keys of the bucket `example-cloudtrail-logs`; an Error is thrown when it is read. */
export interface FakeObjects extends ObjectStore {
  /** The keys that were asked for, in order. */
  readonly asked: readonly string[];
  /** What lies in the bucket; a test may change it at any time. */
  readonly files: Map<string, Uint8Array | Error>;
}

/** @throws LogFileError, as its port says, for objects that are missing or elsewhere */
export function fakeObjects(initial: Readonly<Record<string, Uint8Array | Error>>): FakeObjects {
  const asked: string[] = [];
  const files = new Map(Object.entries(initial));
  return {
    asked,
    files,
    async *read({ bucket, key }) {
      asked.push(key);
      const file = bucket === BUCKET ? files.get(key) : undefined;
      const name = `s3://${bucket}/${key}`;
      if (file === undefined) throw new LogFileError(`${name} could not be read: NoSuchKey`, { missing: true });
      if (file instanceof Error) throw file;
      yield file;
    },
    async list(bucket, prefix) {
      const below = [...files.keys()].filter((key) => bucket === BUCKET && key.startsWith(prefix));
      const rest = below.map((key) => key.slice(prefix.length));
      return {
        keys: below.filter((_, index) => !rest[index]?.includes("/")),
        folders: [...new Set(rest.filter((key) => key.includes("/")).map((key) => `${prefix}${key.split("/")[0]}/`))],
      };
    },
  };
}

/** A ledger in memory, whose rows a test may look at, and which throws while `failure` is set. */
export interface FakeLedger extends Ledger {
  readonly rows: Map<
    string,
    { readonly state: "claimed" | "delivered"; readonly owner: string; readonly untilMs: number }
  >;
  /** The hashes of processed objects, by `s3://bucket/key`. */
  readonly objects: Map<string, string>;
  readonly windows: Map<string, { readonly json: string; readonly version: number }>;
  failure: Error | undefined;
  /** The same table as another process sees it. */
  as(owner: string): FakeLedger;
}

export function fakeLedger(clock: Pick<Clock, "nowMs">, owner = "me", shared?: FakeLedger): FakeLedger {
  const rows: FakeLedger["rows"] = shared?.rows ?? new Map();
  const objects = shared?.objects ?? new Map<string, string>();
  const windows: FakeLedger["windows"] = shared?.windows ?? new Map();
  const freeFromMs = new Map<string, number>();
  const fail = () => {
    const failure = (shared ?? ledger).failure;
    if (failure !== undefined) throw failure;
  };
  const ledger: FakeLedger = {
    rows,
    objects,
    windows,
    failure: undefined,
    as: (other) => fakeLedger(clock, other, shared ?? ledger),
    async delivered(keys) {
      fail();
      return new Set(keys.filter((key) => rows.get(key)?.state === "delivered"));
    },
    async claim(key, untilMs) {
      fail();
      const row = rows.get(key);
      if (row?.state === "delivered") return { kind: "delivered" };
      if (row !== undefined && row.untilMs >= clock.nowMs()) return { kind: "held", untilMs: row.untilMs };
      rows.set(key, { state: "claimed", owner, untilMs });
      return { kind: "mine" };
    },
    async confirm(key) {
      fail();
      rows.set(key, { state: "delivered", owner, untilMs: 0 });
    },
    async release(key) {
      fail();
      const row = rows.get(key);
      if (row?.state === "claimed" && row.owner === owner) rows.delete(key);
    },
    async window(id) {
      fail();
      // As a table has it: a copy, and only what JSON has.
      const stored = windows.get(id);
      return stored && { window: JSON.parse(stored.json), version: stored.version };
    },
    async keepWindow(id, window, version, told) {
      fail();
      if (windows.get(id)?.version !== version) return false;
      if (window === undefined) windows.delete(id);
      else windows.set(id, { json: JSON.stringify(window), version: (version ?? window.openedMs) + 1 });
      for (const key of told) rows.set(key, { state: "delivered", owner, untilMs: 0 });
      return true;
    },
    async takeSlot(destination, notBeforeMs, notAfterMs) {
      fail();
      if (shared !== undefined) return shared.takeSlot(destination, notBeforeMs, notAfterMs);
      const at = Math.max(notBeforeMs, clock.nowMs(), freeFromMs.get(destination) ?? 0);
      if (at > notAfterMs) return undefined;
      freeFromMs.set(destination, at + SPACING_MS);
      return at;
    },
    async processed(refs) {
      fail();
      return new Map(
        refs.map(nameOfObject).flatMap((name) => {
          const sha256 = objects.get(name);
          return sha256 === undefined ? [] : [[name, { sha256 }] as const];
        }),
      );
    },
    async markProcessed(object, { sha256 }) {
      fail();
      objects.set(nameOfObject(object), sha256);
    },
  };
  return ledger;
}

/** The retry queue of tests. */
export const RETRY_QUEUE = "arn:aws:sqs:eu-central-1:111111111111:cloudtrail-to-slack-retry";

/** A queue that keeps what it was asked to delay, seconds by the id of the message, and what it was sent. */
export interface FakeQueue extends MessageQueue {
  readonly delays: ReadonlyMap<string, number>;
  readonly sent: readonly { readonly queue: string; readonly body: unknown; readonly seconds: number }[];
  failure: Error | undefined;
}

function fakeQueue(): FakeQueue {
  const delays = new Map<string, number>();
  const sent: { queue: string; body: unknown; seconds: number }[] = [];
  const queue: FakeQueue = {
    delays,
    sent,
    failure: undefined,
    async send(to, body, seconds) {
      if (queue.failure !== undefined) throw queue.failure;
      sent.push({ queue: to, body, seconds });
    },
    async delay({ id }, seconds) {
      if (queue.failure !== undefined) throw queue.failure;
      delays.set(id, seconds);
    },
  };
  return queue;
}

/** A parameter store whose values and moods a test may change at any time. */
export interface FakeParameters extends ParameterStore {
  readonly values: Map<string, string>;
  /** The names of each call, in order. */
  readonly asked: readonly (readonly string[])[];
  /** Makes the next calls throw these errors, in order. */
  failNext(...errors: readonly Error[]): void;
}

export function fakeParameters(initial: Readonly<Record<string, string>> = {}): FakeParameters {
  const values = new Map(Object.entries(initial));
  const asked: (readonly string[])[] = [];
  const failures: Error[] = [];
  return {
    values,
    asked,
    failNext: (...errors) => void failures.push(...errors),
    async get(names) {
      asked.push(names);
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
      const missing = names.filter((name) => !values.has(name));
      if (missing.length > 0) throw new Error(`SSM has no parameter ${missing.join(", ")} in this account and region`);
      return new Map(names.map((name) => [name, values.get(name) ?? ""]));
    },
  };
}

/** What AWS answers while a role's new policy has not arrived everywhere. */
export function accessDenied(): Error {
  const error = new Error("User: … is not authorized to perform: ssm:GetParameters");
  error.name = "AccessDeniedException";
  return error;
}

/** A publisher that keeps what it is given, and throws while `failure` is set. */
export interface FakePublisher extends Publisher {
  readonly published: readonly Parameters<Publisher["publish"]>[0][];
  failure: Error | undefined;
}

export function fakePublisher(): FakePublisher {
  const published: Parameters<Publisher["publish"]>[0][] = [];
  const publisher: FakePublisher = {
    published,
    failure: undefined,
    async publish(message) {
      if (publisher.failure !== undefined) throw publisher.failure;
      published.push(message);
    },
  };
  return publisher;
}

/** A log that keeps its lines. */
export interface FakeLog extends Log {
  readonly lines: readonly { readonly level: string; readonly message: string; readonly fields: unknown }[];
}

export function fakeLog(): FakeLog {
  const lines: { level: string; message: string; fields: unknown }[] = [];
  const at = (level: string) => (message: string, fields: unknown) => void lines.push({ level, message, fields });
  return { lines, debug: at("debug"), info: at("info"), warning: at("warning"), error: at("error") };
}

/** What a {@link fakeDeliver} was asked to tell. */
export interface Told {
  /** The destination's name. */
  readonly to: string;
  readonly news: News;
  readonly delivery: Delivery;
  readonly banner: string | undefined;
  readonly mention: Mention | undefined;
  readonly place: Place | undefined;
  readonly withinMs: number;
}

/** Tells nobody, answers what `answer` says (delivered, unless it says otherwise), and keeps what was told in order. */
export function fakeDeliver(answer: (news: News, destination: Destination) => Delivery | undefined = () => undefined): {
  readonly deliver: Deliver;
  readonly told: readonly Told[];
} {
  const told: Told[] = [];
  return {
    told,
    async deliver(news, destination, { banner, mention, place, withinMs }) {
      const delivery = answer(news, destination) ?? { kind: "delivered" };
      told.push({ to: destination.name, news, delivery, banner, mention, place, withinMs });
      return delivery;
    },
  };
}

export interface FakeTags extends TagStore {
  readonly asked: readonly { readonly region: string; readonly ids: readonly string[] }[];
}

/** Tags by region, id and key; a region that holds an error throws it. */
export type TagsByRegion = Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, string>>>> | Error>>;

/** Tags of EC2 resources in memory. */
export function fakeTags(tags: TagsByRegion = {}): FakeTags {
  const asked: { readonly region: string; readonly ids: readonly string[] }[] = [];
  return {
    asked,
    async tagsOf(region, ids) {
      asked.push({ region, ids });
      const there = tags[region] ?? {};
      if (there instanceof Error) throw there;
      return new Map(
        ids.flatMap((id) => {
          const own = there[id];
          return own === undefined ? [] : [[id, new Map(Object.entries(own))] as const];
        }),
      );
    },
  };
}

/** An organization in memory, whose pages a test may change; an error is thrown where it stands. */
export interface FakeAccounts extends AccountDirectory {
  pages: readonly (Readonly<Record<string, string>> | Error)[];
  /** How often the first page was asked for. */
  asked: number;
}

export function fakeAccounts(...pages: FakeAccounts["pages"]): FakeAccounts {
  const accounts: FakeAccounts = {
    pages,
    asked: 0,
    async *names() {
      accounts.asked += 1;
      for (const page of accounts.pages) {
        if (page instanceof Error) throw page;
        yield new Map(Object.entries(page));
      }
    },
  };
  return accounts;
}

/** A configuration document as Terraform writes it: nothing configured but a default hook in `/hooks/default`. */
export function configuration(overrides: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  return {
    use_default_rules: true,
    packs: {},
    rule_overrides: {},
    rules: [],
    rules_language: "auto",
    rules_separator: ",",
    ignore_rules: [],
    events_to_track: [],
    allowed_cidrs: [],
    office_hours: null,
    required_tags: {},
    routes: [],
    mention: null,
    routing: [{ routes: [], default: { kind: "slack_webhook", name: "default", hookParameter: "/hooks/default" } }],
    allowed_hook_hosts: ["hooks.slack.com"],
    rule_evaluation_errors_to_slack: true,
    push_access_denied_cloudwatch_metrics: true,
    rule_config: { self: {} },
    ledger: { table: "cloudtrail-to-slack-ledger", retention_days: 30 },
    // Without windows, so that every alert is told in the invocation that finds it.
    grouping: { window_minutes: 0, retry_queue_arn: RETRY_QUEUE },
    limits: DEFAULT_LIMITS,
    ...overrides,
  };
}

/** A document as `configuration.tf` stores it: gzip, base64, cut into `parts` parameters, and the variables that point there. */
export function published(document: unknown, { parts = 1 } = {}) {
  const encoded = gzipSync(typeof document === "string" ? document : JSON.stringify(document)).toString("base64");
  const size = Math.ceil(encoded.length / parts);
  const slots = Array.from({ length: parts }, (_, index) => ({
    name: `/cloudtrail-to-slack/configuration/${String(index).padStart(2, "0")}:${index + 1}`,
    value: encoded.slice(index * size, (index + 1) * size),
  }));
  return {
    environment: {
      CONFIGURATION_PARAMETERS: slots.map(({ name }) => name).join(","),
      CONFIGURATION_SHA256: createHash("sha256").update(encoded).digest("hex"),
    },
    values: Object.fromEntries(slots.map(({ name, value }) => [name, value])),
  };
}

/** A world for `createHandler`, made of fakes. */
export interface FakeWorld extends World {
  readonly parameters: FakeParameters;
  readonly objects: FakeObjects;
  readonly publisher: FakePublisher;
  readonly tags: FakeTags;
  readonly accounts: FakeAccounts;
  readonly queue: FakeQueue;
  /** The table behind the ledger. */
  readonly table: FakeLedger;
  readonly clock: FakeClock;
  /** What was written to standard output. */
  readonly lines: readonly string[];
}

/** @param hooks SSM parameters beside the configuration, by name */
export function fakeWorld({
  document = configuration(),
  hooks = {},
  files = {},
  tags = {},
  logLevel = "INFO",
  slackApiUrl = "http://127.0.0.1:9/api/",
}: {
  readonly document?: unknown;
  readonly hooks?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, Uint8Array | Error>>;
  readonly tags?: TagsByRegion;
  readonly logLevel?: string;
  readonly slackApiUrl?: string;
}): FakeWorld {
  const { environment, values } = published(document);
  const lines: string[] = [];
  const clock = fakeClock();
  const table = fakeLedger(clock);
  return {
    environment: { ...environment, LOG_LEVEL: logLevel, AWS_LAMBDA_FUNCTION_NAME: "cloudtrail-to-slack" },
    parameters: fakeParameters({ ...values, ...hooks }),
    objects: fakeObjects(files),
    publisher: fakePublisher(),
    tags: fakeTags(tags),
    accounts: fakeAccounts(),
    queue: fakeQueue(),
    table,
    ledger: () => table,
    clock,
    slackApiUrl,
    fetch,
    write: (line) => void lines.push(line),
    lines,
  };
}
