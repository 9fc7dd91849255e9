import type { Delivery } from "#model/destination.ts";
import type { CallingMessage } from "./mention.ts";
import { classify, noAnswer } from "./slack-answer.ts";
import type { HttpOptions } from "./slack-webhook.ts";

/** Errors on Slack's side: whether the message was posted is unknown. */
const FAILING = /^(internal_error|fatal_error|service_unavailable|request_timeout)$/;

/** Errors that mean the channel or the token cannot be used. https://docs.slack.dev/reference/methods/chat.postMessage */
const DEAD =
  /^(invalid_auth|not_authed|account_inactive|missing_scope|token_(revoked|expired)|channel_not_found|not_in_channel|is_archived)$/;

/** Posts a message as the Slack App (`chat.postMessage`), once. The channel is named by its id. */
export async function postAsApp(
  token: string,
  channelId: string,
  message: CallingMessage,
  { apiUrl, fetch, timeoutMs }: HttpOptions & { readonly apiUrl: string },
): Promise<Delivery> {
  try {
    const response = await fetch(new URL("chat.postMessage", apiUrl), {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json; charset=utf-8" },
      body: JSON.stringify({ channel: channelId, ...message }),
      redirect: "error",
      signal: AbortSignal.timeout(timeoutMs),
    });
    const body = await response.text();
    if (response.status !== 200) return classify(response.status, body, response.headers.get("retry-after"));
    return classifyBody(body);
  } catch (error) {
    return noAnswer(error);
  }
}

function classifyBody(body: string): Delivery {
  let answer: unknown;
  try {
    answer = JSON.parse(body);
  } catch {
    return { kind: "ambiguous", reason: "Slack answered with something that is not JSON" };
  }
  if (typeof answer !== "object" || answer === null) return { kind: "ambiguous", reason: "Slack answered no object" };
  if ("ok" in answer && answer.ok === true) return { kind: "delivered" };
  const word = "error" in answer && typeof answer.error === "string" ? answer.error : "";
  if (word === "ratelimited") return { kind: "throttled", retryAfterSeconds: 1, reason: "Slack answered ratelimited" };
  const reason = `Slack answered ${/^[a-z_]{1,60}$/.test(word) ? word : "no error word"}`;
  if (FAILING.test(word)) return { kind: "ambiguous", reason };
  return DEAD.test(word) ? { kind: "dead", reason } : { kind: "refused", reason };
}
