import { createHandler, type World } from "#handler.ts";
import { messageOf } from "#model/errors.ts";
import type { Clock } from "#model/ports.ts";
import {
  configuration,
  type FakeLedger,
  type FakeObjects,
  type FakeParameters,
  fakeAccounts,
  fakeLedger,
  fakeObjects,
  fakeParameters,
  fakePublisher,
  fakeTags,
  published,
  RETRY_QUEUE,
} from "./fakes.ts";
import { s3Payload } from "./records.ts";
import { type SimulatedClock, simulatedClock } from "./simulated-clock.ts";
import { type SlackStandIn, startSlackStandIn } from "./slack-stand-in/server.ts";
import { textsOf } from "./told.ts";

/** How many messages of the retry queue are worked on at once, as retry.tf has it. */
const QUEUE_CONCURRENCY = 5;

/** What a simulation starts from. */
export interface SimulationOptions {
  /** Overrides of the configuration document. */
  readonly document?: Readonly<Record<string, unknown>>;
  /** Channels with a hook in `/hooks/<channel>`; `default` is always one. */
  readonly channels?: readonly string[];
  readonly timeoutMs?: number;
  readonly maxAttempts?: number;
  /** Messages that Slack takes at once before it asks for patience, and per second afterwards, in simulated time. */
  readonly burst?: number;
  /** How long Slack's answer is on its way, in milliseconds of simulated time; none unless set. */
  readonly answerMs?: number;
}

/**
 * Whether a process is ended at a moment: there is one before and one after each call of the world outside.
 * @param moment its number, from 0
 * @param name such as `before fetch` or `after confirm`
 */
export type Kill = (moment: number, name: string) => boolean;

/**
 * A deployment without AWS, in simulated time: the function, its ledger, bucket and Slack, and what AWS does when an
 * invocation fails: an asynchronous payload goes to the retry queue, a message that was not finished comes again, and
 * after the last attempt it rests as a dead letter. Invocations that are begun at once run beside each other.
 */
export interface Simulation {
  readonly clock: SimulatedClock;
  readonly table: FakeLedger;
  readonly objects: FakeObjects;
  readonly parameters: FakeParameters;
  readonly slack: SlackStandIn;
  readonly deadLetters: readonly unknown[];
  /** How often the message was handed out that came most often. */
  readonly mostReceives: number;
  /** What every invocation ended with: `done`, `killed`, `timed out`, or what it threw. */
  readonly endings: readonly string[];
  /** Counts of the log lines with the message `outcome`, in order. */
  readonly outcomes: readonly Readonly<Record<string, Record<string, number>>>[];
  readonly lines: readonly string[];
  /** Changes what the next processes see of the world. */
  change(change: (world: World) => World): void;
  /** Changes the configuration that the next processes read. */
  configure(document: Readonly<Record<string, unknown>>): void;
  /** Calls the listener after each invocation, however it ended. */
  afterEach(listener: () => void): void;
  /** Kills the next invocations, one each; undefined spares one. */
  killNext(...kills: readonly (Kill | undefined)[]): void;
  /** Hands a payload to the function as an asynchronous invocation. */
  send(payload: unknown): Promise<void>;
  /** As S3 does about new objects. */
  notify(...keys: readonly string[]): Promise<void>;
  /** Lets time pass until the retry queue is empty and no invocation runs. */
  settle(): Promise<void>;
  /** Moves the dead letters back into the retry queue. */
  redrive(): void;
  /** `channel eventID` of every alert in Slack, in order of arrival; a message about several names up to 20. */
  told(): readonly string[];
  close(): Promise<void>;
}

interface Message {
  readonly id: string;
  readonly body: string;
  receives: number;
  visibleAtMs: number;
}

/** Starts a simulation; it has to be closed. */
export async function simulate(options: SimulationOptions = {}): Promise<Simulation> {
  const { document = {}, channels = [], timeoutMs = 300_000, maxAttempts = 50, burst = 1, answerMs = 0 } = options;
  const clock = simulatedClock();
  const slack = await startSlackStandIn({ messagesPerSecond: 1, burst, nowMs: clock.nowMs });
  let { environment, values } = published(configuration(document));
  const hooks = ["default", ...channels].map((channel) => [`/hooks/${channel}`, slack.hook(channel)] as const);
  const parameters = fakeParameters({ ...values, ...Object.fromEntries(hooks) });
  const table = fakeLedger(clock);
  const objects = fakeObjects({});
  const lines: string[] = [];
  const endings: string[] = [];
  const deadLetters: unknown[] = [];
  let listen = () => {};
  const kills: (Kill | undefined)[] = [];
  const retryQueue = new Set<Message>();
  /** Of the queue's, and those that `send` began. */
  const running = new Set<Promise<unknown>>();
  let mostReceives = 0;
  let processes = 0;
  let messages = 0;
  let changed: (world: World) => World = (world) => world;

  /** One invocation of a process of its own, whose time runs out, and which may be killed. */
  const invoke = async (payload: unknown, delays: Map<string, number>) => {
    processes += 1;
    const kill = kills.shift();
    const owner = `process ${processes}`;
    const endMs = clock.nowMs() + timeoutMs;
    const worker = clock.begin();
    const ended = Promise.withResolvers<never>();
    const underWay = new Set<Promise<unknown>>();
    let moment = 0;
    let dead = false;
    const end = (reason: string) => {
      dead = true;
      worker.end();
      ended.reject(new Error(reason));
    };
    const stayAlive = clock.at(endMs, () => end("timed out"));
    const pass = async (name: string) => {
      if (!dead && kill?.(moment, name)) end("killed");
      moment += 1;
      if (dead) await new Promise(() => {});
    };
    const world: World = {
      environment: { ...environment, LOG_LEVEL: "INFO", AWS_LAMBDA_FUNCTION_NAME: "cloudtrail-to-slack" },
      parameters,
      objects,
      publisher: fakePublisher(),
      tags: fakeTags(),
      accounts: fakeAccounts(),
      queue: {
        delay: async ({ id }, seconds) => void delays.set(id, seconds),
        send: async (_queue, body, seconds) => enqueue(body, seconds),
      },
      ledger: () => table.as(owner),
      clock: worker,
      slackApiUrl: `${slack.url}/api/`,
      fetch: async (input, init) => {
        const asked = clock.during(askSlack(input, init));
        underWay.add(asked);
        try {
          return await asked;
        } finally {
          if (answerMs > 0) await worker.sleep(answerMs);
        }
      },
      write: (line) => void lines.push(line),
    };
    const handler = createHandler(mortal(changed(world), pass));
    const remaining = { getRemainingTimeInMillis: () => endMs - clock.nowMs() };
    try {
      const answer = await Promise.race([handler(payload, remaining), ended.promise]);
      endings.push("done");
      return answer;
    } catch (error) {
      endings.push(messageOf(error));
      return undefined;
    } finally {
      stayAlive();
      worker.end();
      // A request that is on its way cannot be recalled by the end of the process that sent it.
      await Promise.allSettled(underWay);
      listen();
    }
  };

  const enqueue = (body: unknown, seconds = 0) => {
    messages += 1;
    const visibleAtMs = clock.nowMs() + seconds * 1_000;
    retryQueue.add({ id: `m${messages}`, body: JSON.stringify(body), receives: 0, visibleAtMs });
  };

  const run = async (work: Promise<void>) => {
    running.add(work);
    await work.finally(() => running.delete(work));
  };

  const invokeOrEnqueue = async (payload: unknown) => {
    if ((await invoke(payload, new Map())) === undefined) enqueue(payload);
  };
  const send = (payload: unknown) => run(invokeOrEnqueue(payload));

  const receive = async (message: Message) => {
    message.receives += 1;
    mostReceives = Math.max(mostReceives, message.receives);
    // The queue hides it for six times the function's timeout, unless the function says otherwise.
    message.visibleAtMs = clock.nowMs() + 6 * timeoutMs;
    const delays = new Map<string, number>();
    const answer = await invoke(batchOf(message), delays);
    const failed = answer === undefined || ("batchItemFailures" in answer && answer.batchItemFailures.length > 0);
    const delay = delays.get(message.id);
    if (delay !== undefined) message.visibleAtMs = clock.nowMs() + delay * 1000;
    if (failed && message.receives < maxAttempts) return;
    retryQueue.delete(message);
    if (failed) deadLetters.push(JSON.parse(message.body));
  };

  const settle = async () => {
    const received = new Set<Promise<void>>();
    while (retryQueue.size > 0 || running.size > 0) {
      const waiting = [...retryQueue].sort((a, b) => a.visibleAtMs - b.visibleAtMs);
      const visible = waiting.filter(({ visibleAtMs }) => visibleAtMs <= clock.nowMs());
      for (const message of visible.slice(0, QUEUE_CONCURRENCY - received.size)) {
        const reception = receive(message).finally(() => received.delete(reception));
        received.add(reception);
        void run(reception);
      }
      const changed = Promise.withResolvers<void>();
      const next = waiting.find(({ visibleAtMs }) => visibleAtMs > clock.nowMs());
      const callOff = next && clock.at(next.visibleAtMs, changed.resolve);
      await Promise.race([changed.promise, ...running]);
      callOff?.();
    }
  };

  return {
    clock,
    table,
    objects,
    parameters,
    slack,
    deadLetters,
    get mostReceives() {
      return mostReceives;
    },
    endings,
    get outcomes() {
      const parsed = lines.map((line) => JSON.parse(line));
      return parsed.filter(({ message }) => message === "outcome");
    },
    lines,
    change: (change) => {
      changed = change;
    },
    configure: (next) => {
      ({ environment, values } = published(configuration(next)));
      for (const [name, value] of Object.entries(values)) parameters.values.set(name, value);
    },
    afterEach: (listener) => {
      listen = listener;
    },
    killNext: (...next) => void kills.push(...next),
    send,
    notify: (...keys) => send(s3Payload(...keys)),
    settle,
    redrive: () => {
      for (const letter of deadLetters.splice(0)) enqueue(letter);
    },
    told: () =>
      slack.received().flatMap(({ channel, payload }) => {
        const ids = textsOf(payload)
          .join("\n")
          .matchAll(/eventID: (\S+)/g);
        return Array.from(ids, ([, id]) => `${channel} ${id}`);
      }),
    close: () => slack.close(),
  };
}

/** Asks the stand-in, and has its whole answer before it returns: what is read of it later takes no time. */
async function askSlack(...request: Parameters<typeof fetch>): Promise<Response> {
  const response = await fetch(...request);
  const { status, headers } = response;
  return new Response(await response.text(), { status, headers });
}

/** How the retry queue hands out a message. */
function batchOf({ id, body, receives }: Message): unknown {
  const attributes = { ApproximateReceiveCount: String(receives) };
  const record = {
    messageId: id,
    eventSource: "aws:sqs",
    eventSourceARN: RETRY_QUEUE,
    receiptHandle: `${id}/${receives}`,
  };
  return { Records: [{ ...record, attributes, body }] };
}

/** A world in which every call of something outside passes two moments, one before and one after it had its effect. */
function mortal(world: World, pass: (name: string) => Promise<void>): World {
  const around = async <T>(name: string, call: () => Promise<T>): Promise<T> => {
    await pass(`before ${name}`);
    const result = await call();
    await pass(`after ${name}`);
    return result;
  };
  const clock: Clock = { nowMs: world.clock.nowMs, sleep: (ms) => around("sleep", () => world.clock.sleep(ms)) };
  return {
    ...world,
    parameters: { get: (names) => around("get", () => world.parameters.get(names)) },
    objects: {
      list: (bucket, prefix) => around("list", () => world.objects.list(bucket, prefix)),
      async *read(object) {
        await pass("before read");
        for await (const chunk of world.objects.read(object)) {
          yield chunk;
          await pass("after read");
        }
      },
    },
    publisher: { publish: (message) => around("publish", () => world.publisher.publish(message)) },
    queue: {
      delay: (message, seconds) => around("delay", () => world.queue.delay(message, seconds)),
      send: (queue, body, seconds) => around("send", () => world.queue.send(queue, body, seconds)),
    },
    ledger: (settings) => {
      const ledger = world.ledger(settings);
      return {
        delivered: (keys) => around("delivered", () => ledger.delivered(keys)),
        claim: (key, untilMs) => around("claim", () => ledger.claim(key, untilMs)),
        confirm: (key) => around("confirm", () => ledger.confirm(key)),
        release: (key) => around("release", () => ledger.release(key)),
        window: (id) => around("window", () => ledger.window(id)),
        keepWindow: (id, window, version, told) =>
          around("keepWindow", () => ledger.keepWindow(id, window, version, told)),
        takeSlot: (destination, notBeforeMs, notAfterMs) =>
          around("takeSlot", () => ledger.takeSlot(destination, notBeforeMs, notAfterMs)),
        processed: (objects) => around("processed", () => ledger.processed(objects)),
        markProcessed: (object, result) => around("markProcessed", () => ledger.markProcessed(object, result)),
      };
    },
    clock,
    fetch: (input, init) => around("fetch", () => world.fetch(input, init)),
  };
}
