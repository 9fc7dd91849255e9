import type { Delivery } from "#model/destination.ts";

/** Slack asks for about a second, and for more of those who go on; longer than a message waits anyway is not believed. In seconds. */
const MAX_RETRY_AFTER = 900;

/** That the hook cannot be used any more, with whatever status it comes: 200, too. */
const DEAD_WORDS =
  /^(action_prohibited|invalid_token|no_(active_hooks|service|team)|channel_(is_archived|not_found)|team_disabled|posting_to_general_channel_denied)$/;

/**
 * What an HTTP answer of Slack means. The reason quotes the status and, when it looks like one, Slack's error word.
 * https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors
 */
export function classify(status: number, body: string, retryAfter: string | null): Delivery {
  const word = /^[a-z_]{1,60}$/.test(body.trim()) ? body.trim() : "no error word";
  const reason = `Slack answered ${status} (${word})`;
  if (status < 500 && DEAD_WORDS.test(word)) return { kind: "dead", reason };
  if (status === 200) return word === "ok" ? { kind: "delivered" } : { kind: "refused", reason };
  if (status === 429) return { kind: "throttled", retryAfterSeconds: seconds(retryAfter), reason };
  if (status >= 500) return { kind: "ambiguous", reason };
  if ([401, 403, 404, 410].includes(status)) return { kind: "dead", reason };
  return { kind: "refused", reason };
}

function seconds(retryAfter: string | null): number {
  const value = Number(retryAfter);
  return Number.isFinite(value) && value > 0 ? Math.min(value, MAX_RETRY_AFTER) : 1;
}

/** No answer at all: whether the message was posted is unknown. Only the kind of failure is named, never the URL. */
export function noAnswer(error: unknown): Delivery {
  let cause: unknown = error;
  for (let depth = 0; depth < 5 && cause instanceof Error; depth++) {
    if ("code" in cause && typeof cause.code === "string" && /^(E|UND_)[A-Z_]+$/.test(cause.code)) {
      return { kind: "ambiguous", reason: `no answer from Slack (${cause.code})` };
    }
    if (cause.name === "TimeoutError") return { kind: "ambiguous", reason: "no answer from Slack in time" };
    cause = cause.cause;
  }
  return { kind: "ambiguous", reason: "no answer from Slack" };
}
