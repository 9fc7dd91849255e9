import type { Delivery, Destination, Mention, Place } from "#model/destination.ts";
import { assertNever, messageOf } from "#model/errors.ts";
import type { News } from "#model/news.ts";
import type { Clock, Deliver, Publisher } from "#model/ports.ts";
import { hookProblem } from "./hook-url.ts";
import { withMention } from "./mention.ts";
import { metadataOf } from "./metadata.ts";
import { isPassing } from "./passing.ts";
import type { Secrets } from "./secrets.ts";
import { postAsApp } from "./slack-app.ts";
import { plainMessage, slackMessage } from "./slack-message.ts";
import { postToHook } from "./slack-webhook.ts";
import { publishNews } from "./sns.ts";

/** What delivering needs. */
export interface DeliverDependencies {
  readonly secrets: Secrets;
  readonly publisher: Publisher;
  readonly clock: Clock;
  readonly allowedHookHosts: readonly string[];
  /** Ends with a slash. */
  readonly slackApiUrl: string;
  /** How Slack is asked. */
  readonly fetch: typeof fetch;
}

/** How often an answer is asked for again that may have been a success: each time may tell once too often. */
const MAX_AMBIGUOUS = 2;
/** Slack answers within a second; a hook that hangs must not hold the others up. In milliseconds. */
const TIMEOUT_MS = 10_000;
/** Less than that is no time to answer in. */
const MIN_TIMEOUT_MS = 500;

/** What a destination takes: JSON to a topic, a message drawn or in plain text to Slack. */
type Form = "drawn" | "plain";

/**
 * Tells one destination. An answer that may have been a success is asked for again; a message that Slack refuses is sent
 * once more as plain text. Never throws.
 */
export function createDeliver(dependencies: DeliverDependencies): Deliver {
  const { clock } = dependencies;
  return async (news, destination, { withinMs, banner, mention, place }) => {
    const endMs = clock.nowMs() + withinMs;
    const sendAs = (form: Form) => {
      const timeoutMs = Math.max(MIN_TIMEOUT_MS, Math.min(TIMEOUT_MS, endMs - clock.nowMs()));
      return attempt(dependencies, { news, banner, mention, place, form, timeoutMs }, destination);
    };
    let form: Form = "drawn";
    let refusal: string | undefined;
    for (let ambiguous = 0; ; ) {
      const delivery = await sendAs(form);
      if (delivery.kind === "delivered") return refusal === undefined ? delivery : { ...delivery, degraded: refusal };
      const waitMs = (ambiguous + 1) * 1000;
      // A reply may be refused for its place, which no other form mends.
      const mayBeMended = destination.kind !== "sns" && place === undefined && form === "drawn";
      if (delivery.kind === "refused" && mayBeMended) {
        form = "plain";
        refusal = delivery.reason;
      } else if (delivery.kind === "ambiguous" && ambiguous < MAX_AMBIGUOUS && clock.nowMs() + waitMs < endMs) {
        ambiguous += 1;
        await clock.sleep(waitMs);
      } else return delivery;
    }
  };
}

interface Attempt {
  readonly news: News;
  readonly banner: string | undefined;
  readonly mention: Mention | undefined;
  readonly place: Place | undefined;
  readonly form: Form;
  readonly timeoutMs: number;
}

async function attempt(
  dependencies: DeliverDependencies,
  { news, banner, mention, place, form, timeoutMs }: Attempt,
  destination: Destination,
): Promise<Delivery> {
  const { secrets, publisher, allowedHookHosts, slackApiUrl, fetch } = dependencies;
  const message = () =>
    form === "drawn"
      ? withMention(slackMessage(news, banner), mention, { isPlain: false })
      : withMention(plainMessage(news, banner), mention, { isPlain: true });
  switch (destination.kind) {
    case "slack_webhook":
      return withSecret(secrets, destination.hookParameter, async (hook) => {
        const problem = hookProblem(hook, allowedHookHosts);
        if (problem === undefined) return postToHook(hook, message(), { fetch, timeoutMs });
        return { kind: "dead", reason: `the hook in ${destination.hookParameter} ${problem}` };
      });
    case "slack_app":
      return withSecret(secrets, destination.tokenParameter, (token) => {
        const labelled = form === "drawn" ? { ...message(), metadata: metadataOf(news) } : message();
        return postAsApp(token, destination.channelId, labelled, { apiUrl: slackApiUrl, fetch, timeoutMs, place });
      });
    case "sns":
      return publishNews(publisher, destination.topicArn, news, banner);
    default:
      return assertNever(destination);
  }
}

/** What SSM and KMS answer about a secret that is not there, or not for this function. Whatever else they answer passes. */
const LASTING = /^(AccessDenied|ParameterNotFound|ValidationException|NotFoundException|DisabledException|KMS)/;
/** How long to leave SSM alone. */
const SECRET_RETRY_SECONDS = 2;

/** Sends with a secret. One that cannot be read ends it, and one that does not work is forgotten: it may be new by now. */
async function withSecret(
  secrets: Secrets,
  parameter: string,
  send: (secret: string) => Promise<Delivery>,
): Promise<Delivery> {
  let secret: string;
  try {
    secret = await secrets.read(parameter);
  } catch (error) {
    // What the system says about a connection has a code and no name of its own.
    const named = error instanceof Error && (error.name !== "Error" || "code" in error);
    const lasting = !named || (LASTING.test(error.name) && !isPassing(error));
    if (lasting) return { kind: "dead", reason: messageOf(error) };
    return { kind: "throttled", retryAfterSeconds: SECRET_RETRY_SECONDS, reason: messageOf(error) };
  }
  const delivery = await send(secret);
  if (delivery.kind === "dead") secrets.forget(parameter);
  return delivery;
}
