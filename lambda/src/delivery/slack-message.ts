import { assertNever } from "#model/errors.ts";
import type { Alert, Fact, News } from "#model/news.ts";
import type { Severity } from "#model/rule.ts";
import { escapeMrkdwn, lengthOf, plain } from "./plain.ts";

/** Elements of rich text. https://docs.slack.dev/reference/block-kit/blocks/rich-text-block */
type RichElement =
  | { readonly type: "text"; readonly text: string; readonly style?: { readonly bold: true } }
  | { readonly type: "link"; readonly url: string; readonly text: string };

/** The blocks that our messages are made of. */
export type Block =
  | { readonly type: "header"; readonly text: { type: "plain_text"; text: string; emoji: false } }
  | { readonly type: "rich_text"; readonly elements: readonly [{ type: "rich_text_section"; elements: RichElement[] }] }
  | { readonly type: "context"; readonly elements: readonly { type: "plain_text"; text: string; emoji: false }[] };

/** What is posted, by hook or by the Slack App. */
export interface SlackMessage {
  /** For notifications and screen readers; Slack does not draw it beside blocks. */
  readonly text: string;
  readonly blocks?: readonly Block[];
  readonly unfurl_links: false;
  readonly unfurl_media: false;
}

const MARKS: Readonly<Record<Severity, string>> = { critical: "🔴", high: "🟠", medium: "🟡", low: "🔵", info: "⚪" };

/**
 * Slack's limits, with room to spare: a header holds 150 characters, a message is refused when the text of its blocks
 * is longer than about 12,000. As Slack counts: escaped.
 * https://docs.slack.dev/reference/block-kit/blocks/header-block
 */
const MAX_TITLE = 130;
const MAX_LABEL = 40;
const MAX_VALUE = 800;
const MAX_FACTS = 24;
const MAX_TOTAL = 5_000;
const MAX_CONTEXT = 400;
const MAX_URL = 3_000;

/**
 * Draws news as one Block Kit message that Slack accepts whatever the news holds. Foreign text stands only in elements
 * that Slack does not parse, so it can neither ping nor link; it is one line each, so it cannot forge another.
 * @param banner a sentence that stands above it
 */
export function slackMessage(news: News, banner?: string): SlackMessage {
  const title = plain(news.title, { max: MAX_TITLE });
  const headline = `${MARKS[news.severity]} ${news.severity.toUpperCase()} · ${title}`;
  const { facts, context } = contentOf(news);
  return {
    text: escapeMrkdwn(headline),
    blocks: [
      ...(banner === undefined ? [] : [contextBlock([banner])]),
      { type: "header", text: { type: "plain_text", text: headline, emoji: false } },
      { type: "rich_text", elements: [{ type: "rich_text_section", elements: lines(facts) }] },
      ...(context.length === 0 ? [] : [contextBlock(context)]),
    ],
    unfurl_links: false,
    unfurl_media: false,
  };
}

/** How much a message in plain text may hold; Slack cuts at 40,000. https://docs.slack.dev/reference/methods/chat.postMessage */
const MAX_PLAIN = 3_000;

/**
 * The same news without blocks, for when Slack refuses what was drawn: a message that is ugly is better than none. What
 * Slack would parse is escaped.
 */
export function plainMessage(news: News, banner?: string): SlackMessage {
  const { facts, context } = contentOf(news);
  const texts = [
    ...(banner === undefined ? [] : [banner]),
    `${MARKS[news.severity]} ${news.severity.toUpperCase()} · ${plain(news.title, { max: MAX_TITLE })}`,
    // Before what may be long: an alert without its id cannot be looked up.
    ...context,
    ...facts.map(({ label, value }) => `${plain(label, { max: MAX_LABEL })}: ${plain(value, { max: MAX_VALUE })}`),
  ];
  const lines = texts.map((text) => plain(text, { max: MAX_VALUE }));
  let left = MAX_PLAIN;
  const shown = lines.filter((line) => {
    left -= lengthOf(line) + 1;
    return left >= 0;
  });
  // Slack makes links of addresses in such a text, and these may be an attacker's.
  const text = shown.join("\n").replaceAll("://", "[:]//");
  return { text: escapeMrkdwn(text), unfurl_links: false, unfurl_media: false };
}

function contentOf(news: News): { facts: readonly Fact[]; context: readonly string[] } {
  switch (news.kind) {
    case "alert":
      return { facts: alertFacts(news), context: alertContext(news) };
    case "notice":
      return { facts: news.facts, context: [] };
    default:
      return assertNever(news);
  }
}

function alertFacts(alert: Alert): readonly Fact[] {
  const facts: readonly (readonly [string, string | undefined])[] = [
    ["Who", alert.who],
    ["What", alert.what],
    ["Where", [alert.accountId ?? "unknown account", alert.region].filter(Boolean).join(" · ")],
    ["When", alert.when],
    ["From", [alert.from, alert.userAgent && `(${alert.userAgent})`].filter(Boolean).join(" ") || undefined],
    ["Error", alert.error],
  ];
  return facts.flatMap(([label, value]) => (value === undefined ? [] : [{ label, value }]));
}

function alertContext({ rules, eventId }: Alert): readonly string[] {
  const matched = `${rules.length === 1 ? "Rule" : "Rules"}: ${rules.map(({ id }) => id).join(", ")}`;
  return eventId === "" ? [matched] : [matched, `eventID: ${eventId}`];
}

function lines(facts: readonly Fact[]): RichElement[] {
  const shown = facts.slice(0, MAX_FACTS);
  let left = MAX_TOTAL;
  const elements = shown.flatMap(({ label, value, url: address }, index): RichElement[] => {
    const url = address !== undefined && address.length <= MAX_URL ? address : undefined;
    const text = plain(value, { max: Math.max(1, Math.min(MAX_VALUE, left)) }) || "–";
    left -= lengthOf(text);
    const end = index === shown.length - 1 ? "" : "\n";
    const name = plain(label, { max: MAX_LABEL }) || "–";
    return [
      { type: "text", text: `${name}  `, style: { bold: true } },
      ...(url === undefined ? [] : [{ type: "link", url, text } as const]),
      { type: "text", text: url === undefined ? text + end : end || " " },
    ];
  });
  const hidden = facts.length - shown.length;
  if (hidden > 0) elements.push({ type: "text", text: `\n… and ${hidden} more` });
  return elements.length === 0 ? [{ type: "text", text: "–" }] : elements;
}

function contextBlock(texts: readonly string[]): Block {
  return {
    type: "context",
    elements: texts.map((text) => ({
      type: "plain_text",
      text: plain(text, { max: MAX_CONTEXT }) || "–",
      emoji: false,
    })),
  };
}
