import type { Delivery } from "#model/destination.ts";
import { messageOf } from "#model/errors.ts";
import type { News } from "#model/news.ts";
import type { Publisher } from "#model/ports.ts";
import { isPassing } from "./passing.ts";
import { topicMessage } from "./topic-message.ts";

/** Publishes news to a topic, once. @param banner why it comes to this topic, where it is for another destination */
export async function publishNews(
  publisher: Publisher,
  topicArn: string,
  news: News,
  banner?: string,
): Promise<Delivery> {
  try {
    await publisher.publish(topicMessage(topicArn, news, banner));
    return { kind: "delivered" };
  } catch (error) {
    return { kind: kindOf(error), reason: `SNS: ${messageOf(error)}` };
  }
}

function kindOf(error: unknown): "ambiguous" | "refused" | "dead" {
  const name = error instanceof Error && !isPassing(error) ? error.name : "";
  if (/^InvalidParameter/.test(name)) return "refused";
  return /^(AuthorizationError|NotFound|KMS)/.test(name) ? "dead" : "ambiguous";
}
