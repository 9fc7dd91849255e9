import type { Fact, Link } from "#model/news.ts";
import { escapeMrkdwn, lengthOf, plain } from "./plain.ts";

/** Elements of rich text. https://docs.slack.dev/reference/block-kit/blocks/rich-text-block */
export type RichElement =
  | { readonly type: "text"; readonly text: string; readonly style?: { readonly bold: true } }
  | { readonly type: "link"; readonly url: string; readonly text: string };

type PlainText = { readonly type: "plain_text"; readonly text: string; readonly emoji: false };
type Mrkdwn = { readonly type: "mrkdwn"; readonly text: string; readonly verbatim: true };

/** The blocks that our messages are made of. */
export type Block =
  | { readonly type: "header"; readonly text: PlainText }
  | { readonly type: "section"; readonly fields: readonly Mrkdwn[] }
  | { readonly type: "rich_text"; readonly elements: readonly [{ type: "rich_text_section"; elements: RichElement[] }] }
  | { readonly type: "context"; readonly elements: readonly PlainText[] };

/** Longest name of a line. */
export const MAX_LABEL = 40;
/** Longest value of a line, in characters as Slack counts them: escaped. */
export const MAX_VALUE = 800;
/** A notice of repeats has five facts, and a list twenty entries and how many are left out. */
const MAX_FACTS = 25;
const MAX_TOTAL = 5_000;
const MAX_CONTEXT = 400;
/** https://docs.slack.dev/reference/block-kit/block-elements/button-element */
const MAX_URL = 3_000;
const MAX_LINKS = 8;

/** A headline. @param text has at most 150 characters */
export function headerBlock(text: string): Block {
  return { type: "header", text: { type: "plain_text", text, emoji: false } };
}

/**
 * One line for each fact; how many are left out is said.
 * @param total how many characters the values may have together
 */
export function linesBlock(facts: readonly Fact[], total: number = MAX_TOTAL): Block {
  return { type: "rich_text", elements: [{ type: "rich_text_section", elements: lines(facts, total) }] };
}

/** Small print. */
export function contextBlock(texts: readonly string[]): Block {
  return {
    type: "context",
    elements: texts.map((text) => ({
      type: "plain_text",
      text: plain(text, { max: MAX_CONTEXT }) || "–",
      emoji: false,
    })),
  };
}

/** What mrkdwn reads as nothing but itself: words, numbers, times and brackets. So no foreign text can be more than that. */
const TAME = /^(?:[\p{L}\p{N} ,()/·+-]|(?<=\d):(?=\d)){1,120}$/u;

/** Whether a value may stand in a column, where Slack draws no rich text. */
export function fitsColumn({ value, url }: Fact): boolean {
  return url === undefined && TAME.test(value) && plain(value, { max: MAX_VALUE }) === value;
}

/** Facts beside each other, two in a row. @param facts at most 10, which all fit a column: see {@link fitsColumn} */
export function columnsBlock(facts: readonly Fact[]): Block {
  return {
    type: "section",
    fields: facts.map(({ label, value }) => ({
      type: "mrkdwn",
      text: `*${escapeMrkdwn(label)}*\n${escapeMrkdwn(value)}`,
      verbatim: true,
    })),
  };
}

/** One line of links. No buttons: Slack wants an answer from the app for each click, and hooks have none. */
export function linksBlock(links: readonly Link[]): Block {
  const elements = links
    .filter(({ url }) => url.length <= MAX_URL)
    .slice(0, MAX_LINKS)
    .flatMap(({ text, url }, index): RichElement[] => [
      ...(index === 0 ? [] : [{ type: "text", text: "  ·  " } as const]),
      { type: "link", url, text: plain(text, { max: MAX_LABEL }) || "–" },
    ]);
  return { type: "rich_text", elements: [{ type: "rich_text_section", elements: orDash(elements) }] };
}

function lines(facts: readonly Fact[], total: number): RichElement[] {
  const shown = facts.slice(0, MAX_FACTS);
  let left = total;
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
  return orDash(elements);
}

/** Slack refuses what is empty. */
function orDash(elements: RichElement[]): RichElement[] {
  return elements.length === 0 ? [{ type: "text", text: "–" }] : elements;
}
