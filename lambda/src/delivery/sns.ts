import type { Delivery } from "#model/destination.ts";
import { messageOf } from "#model/errors.ts";
import type { News } from "#model/news.ts";
import type { Publisher } from "#model/ports.ts";
import { plain } from "./plain.ts";

/** SNS: a subject is ASCII and shorter than 100 characters. https://docs.aws.amazon.com/sns/latest/api/API_Publish.html */
const MAX_SUBJECT = 99;

/** Publishes news as JSON to a topic. @param banner why it comes to this topic, where it is for another one */
export async function publishNews(
  publisher: Publisher,
  topicArn: string,
  news: News,
  banner?: string,
): Promise<Delivery> {
  const headline = `${news.severity.toUpperCase()}: ${plain(news.title, { max: MAX_SUBJECT })}`;
  const subject = headline.replace(/[^\x20-\x7e]/g, "?").slice(0, MAX_SUBJECT);
  try {
    await publisher.publish({
      topicArn,
      subject,
      body: JSON.stringify(banner === undefined ? news : { banner, ...news }),
    });
    return { kind: "delivered" };
  } catch (error) {
    const name = error instanceof Error ? error.name : "";
    const kind = /^(AuthorizationError|NotFound|InvalidParameter|KMS)/.test(name) ? "dead" : "ambiguous";
    return { kind, reason: `SNS: ${messageOf(error)}` };
  }
}
