import { createHash } from "node:crypto";
import type { Destination } from "#model/destination.ts";
import { assertNever } from "#model/errors.ts";
import type { Alert, News } from "#model/news.ts";

/** A key of DynamoDB holds 2,048 bytes; a destination takes up to 1,011 (the name of a parameter). */
const MAX_READABLE = 500;

/** What a destination is called in the ledger: where it leads, so that a renamed route stays the same destination. */
export function destinationKey(destination: Destination): string {
  switch (destination.kind) {
    case "slack_webhook":
      return `slack_webhook:${destination.hookParameter}`;
    case "slack_app":
      return `slack_app:${destination.channelId}`;
    case "sns":
      return `sns:${destination.topicArn}`;
    default:
      return assertNever(destination);
  }
}

/**
 * What makes two deliveries the same: the record (account and `eventID`, which the same call has in every trail) and the
 * destination. Time and name of the call stand in it, too, because logs from which ids were removed have the same one many
 * times. News without an `eventID` is known by everything that it says.
 */
export function ledgerKey(news: News, destination: Destination): string {
  const readable =
    news.kind === "alert" && news.eventId !== ""
      ? [news.accountId ?? "-", news.eventId, news.when ?? "-", news.what].join("/")
      : "";
  // The same record in another log file has a link to another page.
  const said = news.kind === "alert" ? { ...news, links: [] } : news;
  const identity =
    readable !== "" && Buffer.byteLength(readable) <= MAX_READABLE ? readable : sha256(JSON.stringify(said));
  return `${news.kind}/${identity} ${destinationKey(destination)}`;
}

/** What the window of a group is called: see the model's `RepeatWindow`. */
export function windowId({ group }: Alert, destination: string): string {
  return `window/${group} ${destination}`;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
