import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import type { World } from "#handler.ts";
import type { Delivery, Destination } from "#model/destination.ts";
import { LogFileError } from "#model/errors.ts";
import type { News } from "#model/news.ts";
import type { Clock, Deliver, Log, ObjectStore, ParameterStore, Publisher } from "#model/ports.ts";
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

/** An object store that holds these keys of the bucket `example-cloudtrail-logs`; an Error is thrown when it is read. */
export interface FakeObjects extends ObjectStore {
  /** The keys that were asked for, in order. */
  readonly read: readonly string[];
}

/** @throws LogFileError, as its port says, for objects that are missing, elsewhere or too large */
export function fakeObjects(files: Readonly<Record<string, Uint8Array | Error>>): FakeObjects {
  const read: string[] = [];
  const known = new Map(Object.entries(files));
  return {
    read,
    async get({ bucket, key }, maxBytes) {
      read.push(key);
      const file = bucket === BUCKET ? known.get(key) : undefined;
      if (file === undefined) throw new LogFileError(`s3://${bucket}/${key} could not be read: NoSuchKey`);
      if (file instanceof Error) throw file;
      if (file.length > maxBytes) throw new LogFileError(`s3://${bucket}/${key} holds more than ${maxBytes} bytes`);
      return file;
    },
  };
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
}

/** Tells nobody, answers what `answer` says (delivered, unless it says otherwise), and keeps what was told in order. */
export function fakeDeliver(answer: (news: News, destination: Destination) => Delivery | undefined = () => undefined): {
  readonly deliver: Deliver;
  readonly told: readonly Told[];
} {
  const told: Told[] = [];
  return {
    told,
    async deliver(news, destination) {
      const delivery = answer(news, destination) ?? { kind: "delivered" };
      told.push({ to: destination.name, news, delivery });
      return delivery;
    },
  };
}

/** A configuration document as Terraform writes it: nothing configured but a default hook in `/hooks/default`. */
export function configuration(overrides: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  return {
    use_default_rules: true,
    rules: [],
    rules_separator: ",",
    ignore_rules: [],
    events_to_track: [],
    routing: [{ routes: [], default: { kind: "slack_webhook", name: "default", hookParameter: "/hooks/default" } }],
    allowed_hook_hosts: ["hooks.slack.com"],
    rule_evaluation_errors_to_slack: true,
    push_access_denied_cloudwatch_metrics: true,
    rule_config: { self: {} },
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
  readonly clock: FakeClock;
  /** What was written to standard output. */
  readonly lines: readonly string[];
}

/** @param hooks SSM parameters beside the configuration, by name */
export function fakeWorld({
  document = configuration(),
  hooks = {},
  files = {},
  logLevel = "INFO",
  slackApiUrl = "http://127.0.0.1:9/api/",
}: {
  readonly document?: unknown;
  readonly hooks?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, Uint8Array | Error>>;
  readonly logLevel?: string;
  readonly slackApiUrl?: string;
}): FakeWorld {
  const { environment, values } = published(document);
  const lines: string[] = [];
  return {
    environment: { ...environment, LOG_LEVEL: logLevel },
    parameters: fakeParameters({ ...values, ...hooks }),
    objects: fakeObjects(files),
    publisher: fakePublisher(),
    clock: fakeClock(),
    slackApiUrl,
    write: (line) => void lines.push(line),
    lines,
  };
}
