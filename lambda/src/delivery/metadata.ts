import type { News } from "#model/news.ts";

/** What programs in Slack may read of a message. https://docs.slack.dev/messaging/message-metadata */
export interface Metadata {
  readonly event_type: "cloudtrail_to_slack";
  readonly event_payload: Readonly<Record<string, string | number>>;
}

/** Of each text: names and ids are shorter. In characters. */
const MAX_TEXT = 1_000;

/** What a message is about, for programs: without anything that only people need. */
export function metadataOf(news: News): Metadata {
  const { kind, severity, accountId } = news;
  const ids = news.repeats?.occurrences.map(({ eventId }) => eventId) ?? (news.kind === "alert" ? [news.eventId] : []);
  const rules = news.kind === "alert" ? news.rules.map(({ id }) => id) : [];
  const texts = {
    account: accountId ?? "",
    region: (news.kind === "alert" && news.region) || "",
    rules: rules.join(","),
    event_ids: ids.filter(Boolean).join(","),
  };
  const said = Object.entries(texts).filter(([, text]) => text !== "");
  const count = news.repeats?.count ?? 1;
  return {
    event_type: "cloudtrail_to_slack",
    event_payload: { kind, severity, count, ...Object.fromEntries(said.map(([key, text]) => [key, cut(text)])) },
  };
}

function cut(text: string): string {
  return text.slice(0, MAX_TEXT).toWellFormed();
}
