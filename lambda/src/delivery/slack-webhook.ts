import { IncomingWebhook } from "@slack/webhook";
import type { Delivery } from "#model/destination.ts";
import type { CallingMessage } from "./mention.ts";
import { classify, noAnswer } from "./slack-answer.ts";

/** How Slack is asked over HTTP. */
export interface HttpOptions {
  readonly fetch: typeof fetch;
  readonly timeoutMs: number;
}

/**
 * Posts a message to a hook, once. The answer is read by our own `fetch`, because the package hides `Retry-After`
 * and takes any 200 for success.
 */
export async function postToHook(
  hook: string,
  message: CallingMessage,
  { fetch, timeoutMs }: HttpOptions,
): Promise<Delivery> {
  let answer: Delivery | undefined;
  const webhook = new IncomingWebhook(hook, {
    timeout: timeoutMs,
    fetch: async (input, init) => {
      const response = await fetch(input, init);
      answer = classify(response.status, await response.clone().text(), response.headers.get("retry-after"));
      return response;
    },
  });
  try {
    await webhook.send(message as unknown as Parameters<IncomingWebhook["send"]>[0]);
  } catch (error) {
    return answer ?? noAnswer(error);
  }
  return answer ?? noAnswer(undefined);
}
