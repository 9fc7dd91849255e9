import { createHash } from "node:crypto";
import { isObject } from "./checks.ts";
import { type Answer, json } from "./http.ts";
import type { Received } from "./inbox.ts";

/** Why a message was not posted: one of Slack's error words, or too many messages. */
type Reason =
  | { readonly kind: "word"; readonly word: string }
  | { readonly kind: "rate"; readonly retryAfterSeconds: number };

/** One of the two ways into Slack: the checks are the same, the manner of speaking differs. */
export interface Dialect {
  /** Slack's word beside `Retry-After`. */
  readonly rateLimitedWord: string;
  /** The channel of a request; `hookChannel` is the one that the hook's path belongs to. */
  channelOf(payload: unknown, hookChannel: string | undefined): string | undefined;
  /** Slack's word for somebody who may not post at all; undefined if they may. */
  strangerWord(authorization: string | undefined, channel: string | undefined): string | undefined;
  /** The answer once a message was posted. */
  posted(message: Received): Answer;
  /** The answer when it was not. */
  refused(reason: Reason): Answer;
}

/** Incoming webhooks: words as text. https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks */
export const webhook: Dialect = {
  rateLimitedWord: "rate_limited",
  channelOf: (_payload, hookChannel) => hookChannel,
  strangerWord: (_authorization, channel) => (channel === undefined ? "no_service" : undefined),
  posted: () => ({ status: 200, body: "ok" }),
  refused: (reason) => {
    if (reason.kind === "rate") {
      return { status: 429, body: webhook.rateLimitedWord, headers: retryAfter(reason.retryAfterSeconds) };
    }
    return { status: reason.word === "no_service" ? 404 : 400, body: reason.word };
  },
};

/** `chat.postMessage`: JSON, and status 200 for errors too. https://docs.slack.dev/reference/methods/chat.postMessage */
export const webApi: Dialect = {
  rateLimitedWord: "ratelimited",
  channelOf: (payload) => {
    const channel = isObject(payload) ? payload.channel : undefined;
    return typeof channel === "string" && /^[\w#.-]{1,80}$/.test(channel) ? channel : undefined;
  },
  strangerWord: (authorization) => (/^Bearer xoxb-\S+$/.test(authorization ?? "") ? undefined : "not_authed"),
  posted: ({ channel, ts, payload }) => json(200, { ok: true, channel, ts, message: payload }),
  refused: (reason) => {
    if (reason.kind === "word") return json(200, { ok: false, error: reason.word });
    return json(429, { ok: false, error: webApi.rateLimitedWord }, retryAfter(reason.retryAfterSeconds));
  },
};

/** What Slack calls a message. @param sequence its number, from 1 */
export function tsOf(receivedAtMs: number, sequence: number): string {
  return `${Math.floor(receivedAtMs / 1000)}.${String(sequence % 1_000_000).padStart(6, "0")}`;
}

/** Tells whether a path has the form `/services/T…/B…/<24 characters>`. */
export function isHookPath(path: string): boolean {
  return /^\/services\/T[A-Z0-9]{8,12}\/B[A-Z0-9]{8,12}\/[A-Za-z0-9]{24}$/.test(path);
}

/** A channel's hook path: looks like a secret, and depends on nothing but the channel and the instance. */
export function hookPath(channel: string, instance: string): string {
  const team = characters(`team ${instance}`, 10).toUpperCase();
  const service = characters(`service ${instance} ${channel}`, 10).toUpperCase();
  return `/services/T${team}/B${service}/${characters(`secret ${instance} ${channel}`, 24)}`;
}

function characters(seed: string, count: number): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  const digest = createHash("sha256").update(seed).digest();
  return Array.from(digest.subarray(0, count), (byte) => alphabet[byte % alphabet.length] ?? "A").join("");
}

function retryAfter(seconds: number): Readonly<Record<string, string>> {
  return { "retry-after": String(seconds) };
}
