import type { Delivery, Place } from "#model/destination.ts";
import type { CallingMessage } from "./mention.ts";
import type { Metadata } from "./metadata.ts";
import { classify, noAnswer } from "./slack-answer.ts";
import type { HttpOptions } from "./slack-webhook.ts";

/** Errors on Slack's side: whether the message was posted is unknown. */
const FAILING = /^(internal_error|fatal_error|service_unavailable|request_timeout)$/;

/** Errors that mean the channel or the token cannot be used. https://docs.slack.dev/reference/methods/chat.postMessage */
const DEAD =
  /^(invalid_auth|not_authed|account_inactive|missing_scope|token_(revoked|expired)|channel_not_found|not_in_channel|is_archived)$/;

/** A message of the Slack App. */
export interface AppMessage extends CallingMessage {
  readonly metadata?: Metadata;
}

/** How the Slack App is asked. */
export interface AppOptions extends HttpOptions {
  readonly apiUrl: string;
  readonly place: Place | undefined;
}

/**
 * Posts a message as the Slack App (`chat.postMessage`), or puts it in the place of another one (`chat.update`), once. The
 * channel is named by its id.
 */
export async function postAsApp(
  token: string,
  channelId: string,
  message: AppMessage,
  { apiUrl, fetch, timeoutMs, place }: AppOptions,
): Promise<Delivery> {
  const { method, ...where } = whereTo(channelId, place);
  try {
    const response = await fetch(new URL(method, apiUrl), {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json; charset=utf-8" },
      body: JSON.stringify({ ...where, ...message }),
      redirect: "error",
      signal: AbortSignal.timeout(timeoutMs),
    });
    const body = await response.text();
    if (response.status !== 200) return classify(response.status, body, response.headers.get("retry-after"));
    return classifyBody(body, place);
  } catch (error) {
    return noAnswer(error);
  }
}

function whereTo(channel: string, place: Place | undefined) {
  if (place === undefined) return { method: "chat.postMessage", channel };
  const { kind, thread } = place;
  // Slack updates a message by the channel that it named when it was posted.
  return kind === "reply"
    ? { method: "chat.postMessage", channel: thread.channelId, thread_ts: thread.ts }
    : { method: "chat.update", channel: thread.channelId, ts: thread.ts };
}

function classifyBody(body: string, place: Place | undefined): Delivery {
  let answer: unknown;
  try {
    answer = JSON.parse(body);
  } catch {
    return { kind: "ambiguous", reason: "Slack answered with something that is not JSON" };
  }
  if (typeof answer !== "object" || answer === null) return { kind: "ambiguous", reason: "Slack answered no object" };
  if ("ok" in answer && answer.ok === true) {
    const { channel, ts, message } = answer as Readonly<Record<string, unknown>>;
    // To a message that is gone Slack may post the reply like any other message.
    const isLost = place?.kind === "reply" && Object(message).thread_ts !== place.thread.ts;
    if (typeof channel !== "string" || typeof ts !== "string" || isLost) return { kind: "delivered" };
    return { kind: "delivered", thread: { channelId: channel, ts } };
  }
  const word = "error" in answer && typeof answer.error === "string" ? answer.error : "";
  if (word === "ratelimited") return { kind: "throttled", retryAfterSeconds: 1, reason: "Slack answered ratelimited" };
  const reason = `Slack answered ${/^[a-z_]{1,60}$/.test(word) ? word : "no error word"}`;
  if (FAILING.test(word)) return { kind: "ambiguous", reason };
  return DEAD.test(word) ? { kind: "dead", reason } : { kind: "refused", reason };
}
