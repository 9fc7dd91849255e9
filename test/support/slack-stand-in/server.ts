import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { checkMessage, explainMessage } from "./block-kit.ts";
import { isObject } from "./checks.ts";
import { type Dialect, hookPath, isHookPath, tsOf, webApi, webhook } from "./dialects.ts";
import { json, parseJson, readBody, send } from "./http.ts";
import { Inbox, type Received, type Refusal } from "./inbox.ts";
import { messagesJson, pageFile, streamEvents } from "./page.ts";
import { type ScriptedAnswer, ScriptedAnswers } from "./scripted-answers.ts";
import { TokenBucket } from "./token-bucket.ts";

export type { Received, Refusal, ScriptedAnswer };

/** How a stand-in is started. */
export interface SlackStandInOptions {
  /** TCP port on 127.0.0.1; any free one unless set. */
  readonly port?: number;
  /** Messages per second and channel once the burst is used up; 1 unless set. */
  readonly messagesPerSecond?: number;
  /** Messages that a channel takes at once; 20 unless set. */
  readonly burst?: number;
  /** Clock of the rate limit and of `receivedAtMs`, in milliseconds since 1970; `Date.now` unless set. */
  readonly nowMs?: () => number;
  /** Whether messages may be posted that Slack refuses for what they hold; otherwise {@link SlackStandIn.close} rejects. */
  readonly takesMisfits?: boolean;
}

/** A local server that answers as Slack does and keeps what it is sent. */
export interface SlackStandIn {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly url: string;
  /** The incoming-webhook URL of a channel: always the same for one channel and port; the channel exists from then on. */
  hook(channel: string): string;
  /** Posted messages in order of arrival, of one channel or of all. */
  received(channel?: string): readonly Received[];
  /** Every answer that was not ok, in order. */
  refused(): readonly Refusal[];
  /** Scripts the next answers to a channel. */
  answerNext(channel: string, answer: ScriptedAnswer): void;
  /** Calls the listener for each later message; returns a function that unsubscribes. */
  onMessage(listener: (message: Received) => void): () => void;
  /** Resolves with the channel's messages once there are `count`; rejects after `timeoutMs` with what did arrive. */
  waitFor(channel: string, count: number, timeoutMs: number): Promise<readonly Received[]>;
  /** Forgets messages, refusals, scripted answers and the rate limits' past; hooks stay valid. */
  clear(): void;
  /** Stops listening and closes every connection. Rejects when a message was refused for what it held: no test means to. */
  close(): Promise<void>;
}

/** Starts a stand-in on 127.0.0.1 and resolves once it listens; rejects if the port is taken. */
export async function startSlackStandIn(options: SlackStandInOptions = {}): Promise<SlackStandIn> {
  const { port = 0, messagesPerSecond = 1, burst = 20, nowMs = Date.now, takesMisfits = false } = options;
  const state: State = {
    nowMs,
    inbox: new Inbox(),
    scripts: new ScriptedAnswers(),
    buckets: new Map(),
    newBucket: () => new TokenBucket(messagesPerSecond, burst, nowMs),
    channels: new Set(),
    channelOfPath: new Map(),
    closing: new AbortController(),
    misfits: [],
  };
  state.newBucket();
  const server = createServer((request, response) => {
    handle(state, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the Slack stand-in has no TCP port");
  const url = `http://127.0.0.1:${address.port}`;

  return {
    url,
    hook: (channel) => {
      const path = hookPath(channel, String(address.port));
      state.channels.add(channel);
      state.channelOfPath.set(path, channel);
      return url + path;
    },
    received: (channel) => state.inbox.received(channel),
    refused: () => state.inbox.refused(),
    answerNext: (channel, answer) => state.scripts.add(channel, answer),
    onMessage: (listener) => state.inbox.onMessage(listener),
    waitFor: (channel, count, timeoutMs) => state.inbox.waitFor(channel, count, timeoutMs),
    clear: () => {
      state.inbox.clear();
      state.scripts.clear();
      state.buckets.clear();
    },
    close: async () => {
      state.closing.abort();
      state.inbox.close();
      await new Promise<void>((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeAllConnections();
      });
      const [first] = state.misfits;
      if (takesMisfits || first === undefined) return;
      throw new Error(
        `Slack refuses ${state.misfits.length} of the messages that were posted, the first because: ${first}`,
      );
    },
  };
}

interface State {
  readonly nowMs: () => number;
  readonly inbox: Inbox;
  readonly scripts: ScriptedAnswers;
  readonly buckets: Map<string, TokenBucket>;
  readonly newBucket: () => TokenBucket;
  readonly channels: Set<string>;
  readonly channelOfPath: Map<string, string>;
  readonly closing: AbortController;
  /** Why messages were refused for what they hold. */
  readonly misfits: string[];
}

/** Of Slack's Web API. https://docs.slack.dev/reference/methods/chat.update */
const UPDATE = "/api/chat.update";
const API_METHODS: ReadonlySet<string> = new Set(["/api/chat.postMessage", UPDATE]);

async function handle(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = (request.url ?? "/").replace(/\?.*$/s, "");
  const dialect = isHookPath(path) ? webhook : API_METHODS.has(path) ? webApi : undefined;
  if (dialect !== undefined) {
    if (request.method === "POST") return post(state, dialect, path, request, response);
    return send(response, { status: 405, body: "method_not_allowed", headers: { allow: "POST" } });
  }
  if (path.startsWith("/api/")) return send(response, webApi.refused({ kind: "word", word: "unknown_method" }));
  const isRead = request.method === "GET";
  if (path === "/messages.json" && isRead) return send(response, messagesJson(state.inbox, [...state.channels]));
  if (path === "/events" && isRead) {
    return streamEvents(state.inbox, [...state.channels], response, state.closing.signal);
  }
  const file = await pageFile(path);
  if (file === undefined) return send(response, { status: 404, body: "not_found" });
  return send(response, isRead ? file : { status: 405, body: "method_not_allowed", headers: { allow: "GET" } });
}

async function post(
  state: State,
  dialect: Dialect,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await readBody(request);
  const payload = body === undefined ? undefined : parseJson(body);
  const channel = dialect.channelOf(payload, state.channelOfPath.get(path));
  const refuse = (status: number, answer: string): void =>
    state.inbox.refuse({ channel: channel ?? "", status, answer, payload });
  const refuseUsually = (word: string, retryAfterSeconds = 0): void => {
    const answer = dialect.refused(
      retryAfterSeconds > 0 ? { kind: "rate", retryAfterSeconds } : { kind: "word", word },
    );
    refuse(answer.status, word);
    send(response, answer);
  };

  if (body === undefined) {
    refuse(413, "payload_too_large");
    return send(response, { status: 413, body: "payload_too_large" });
  }
  const stranger = dialect.strangerWord(request.headers.authorization, channel);
  if (stranger !== undefined || channel === undefined) return refuseUsually(stranger ?? "channel_not_found");

  const script = state.scripts.next(channel);
  if (script.kind !== "usual") {
    await pause(state, script.delayMs);
    refuse(
      script.kind === "destroy" ? 0 : script.status,
      script.kind === "destroy" ? "connection closed" : script.body,
    );
    if (script.kind === "destroy") return void response.destroy();
    return send(response, { status: script.status, body: script.body, headers: script.headers });
  }

  // Updates have a limit of their own, which is wider.
  const limited = path === UPDATE ? `${channel} ${UPDATE}` : channel;
  const bucket = state.buckets.get(limited) ?? state.newBucket();
  state.buckets.set(limited, bucket);
  const retryAfterSeconds = bucket.take();
  if (retryAfterSeconds > 0) return refuseUsually(dialect.rateLimitedWord, retryAfterSeconds);
  const misfit = checkMessage(payload);
  if (misfit !== undefined) state.misfits.push(explainMessage(payload) ?? misfit);
  const word = misfit ?? wrongPlace(state, channel, path, payload);
  if (word !== undefined) return refuseUsually(word);

  const receivedAtMs = state.nowMs();
  if (path === UPDATE) {
    const revised = messageAt(state, channel, payload, "ts");
    revised?.revisions.push(payload);
    return send(response, json(200, { ok: true, channel, ts: revised?.ts }));
  }
  const ts = tsOf(receivedAtMs, state.inbox.received().length + 1);
  const message: Received = { channel, receivedAtMs, payload, ts, revisions: [] };
  state.channels.add(channel);
  state.inbox.post(message);
  await pause(state, script.delayMs);
  if (script.destroyAfterPosting) return void response.destroy();
  send(response, dialect.posted(message));
}

async function pause(state: State, delayMs: number): Promise<void> {
  if (delayMs > 0) await sleep(delayMs, undefined, { signal: state.closing.signal });
}

/** The message of a channel that a request names. */
function messageAt(state: State, channel: string, payload: unknown, key: "ts" | "thread_ts"): Received | undefined {
  const ts = isObject(payload) ? payload[key] : undefined;
  return state.inbox.received(channel).find((message) => message.ts === ts);
}

/** Slack's word for a reply to, or a revision of, a message that is not there. */
function wrongPlace(state: State, channel: string, path: string, payload: unknown): string | undefined {
  if (path === UPDATE) return messageAt(state, channel, payload, "ts") === undefined ? "message_not_found" : undefined;
  if (!isObject(payload) || payload.thread_ts === undefined) return undefined;
  return messageAt(state, channel, payload, "thread_ts") === undefined ? "thread_not_found" : undefined;
}
