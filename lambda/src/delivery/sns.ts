import type { Delivery } from "#model/destination.ts";
import { messageOf } from "#model/errors.ts";
import type { News } from "#model/news.ts";
import type { Publisher } from "#model/ports.ts";
import { isPassing } from "./passing.ts";
import { plain } from "./plain.ts";

/** SNS: a subject is ASCII and shorter than 100 characters. https://docs.aws.amazon.com/sns/latest/api/API_Publish.html */
const MAX_SUBJECT = 99;
/** Of one text of the body, in characters. */
const MAX_TEXT = 4_000;

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
      body: bodyOf(banner === undefined ? news : { banner, ...news }),
    });
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

/** As JSON; SNS takes 256 KB, and whoever makes a call decides how long its texts are. */
function bodyOf(news: object): string {
  return JSON.stringify(news, (_key, value) =>
    typeof value === "string" && value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT).toWellFormed()}…` : value,
  );
}
