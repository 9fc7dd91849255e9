import type { Delivery, Destination } from "#model/destination.ts";
import { assertNever, messageOf } from "#model/errors.ts";
import type { News } from "#model/news.ts";
import type { Clock, Deliver, Publisher } from "#model/ports.ts";
import { hookProblem } from "./hook-url.ts";
import type { Secrets } from "./secrets.ts";
import { postAsApp } from "./slack-app.ts";
import { slackMessage } from "./slack-message.ts";
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
}

/**
 * How long one message waits in all for a destination that is throttled: nothing was posted, so waiting is safe. Short
 * of this the shared hook of several simultaneous invocations frees itself. In milliseconds.
 */
const MAX_THROTTLED_MS = 60_000;

/** How often an answer is asked for again that may have been a success: each time may tell once too often. */
const MAX_AMBIGUOUS = 2;

/** Tells one destination, waiting as long as Slack asks for. Never throws. */
export function createDeliver(dependencies: DeliverDependencies): Deliver {
  return async (news, destination) => {
    let throttledMs = 0;
    let ambiguous = 0;
    for (;;) {
      const delivery = await attempt(dependencies, news, destination);
      if (delivery.kind === "throttled") {
        const waitMs = delivery.retryAfterSeconds * 1000;
        throttledMs += waitMs;
        if (throttledMs > MAX_THROTTLED_MS) return delivery;
        await dependencies.clock.sleep(waitMs);
      } else if (delivery.kind === "ambiguous" && ambiguous < MAX_AMBIGUOUS) {
        ambiguous += 1;
        await dependencies.clock.sleep(ambiguous * 1000);
      } else return delivery;
    }
  };
}

async function attempt(dependencies: DeliverDependencies, news: News, destination: Destination): Promise<Delivery> {
  const { secrets, publisher, allowedHookHosts, slackApiUrl } = dependencies;
  switch (destination.kind) {
    case "slack_webhook":
      return withSecret(secrets, destination.hookParameter, async (hook) => {
        const problem = hookProblem(hook, allowedHookHosts);
        if (problem === undefined) return postToHook(hook, slackMessage(news));
        return { kind: "dead", reason: `the hook in ${destination.hookParameter} ${problem}` };
      });
    case "slack_app":
      return withSecret(secrets, destination.tokenParameter, (token) =>
        postAsApp(token, destination.channelId, slackMessage(news), slackApiUrl),
      );
    case "sns":
      return publishNews(publisher, destination.topicArn, news);
    default:
      return assertNever(destination);
  }
}

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
    return { kind: "dead", reason: messageOf(error) };
  }
  const delivery = await send(secret);
  if (delivery.kind === "dead") secrets.forget(parameter);
  return delivery;
}
