import type { News } from "#model/news.ts";
import type { Severity } from "#model/rule.ts";
import { contentOf, titleOf } from "./content.ts";
import { escapeMrkdwn, lengthOf, plain, withoutLinks } from "./plain.ts";
import {
  type Block,
  columnsBlock,
  contextBlock,
  fitsColumn,
  headerBlock,
  linesBlock,
  linksBlock,
  MAX_LABEL,
  MAX_VALUE,
} from "./slack-blocks.ts";

/** What is posted, by hook or by the Slack App. */
export interface SlackMessage {
  /** For notifications and screen readers; Slack does not draw it beside blocks. */
  readonly text: string;
  readonly blocks?: readonly Block[];
  /** The body, with a bar in the colour of the severity, which only attachments have. */
  readonly attachments?: readonly [{ readonly color: string; readonly blocks: readonly Block[] }];
  readonly unfurl_links: false;
  readonly unfurl_media: false;
}

const MARKS: Readonly<Record<Severity, string>> = { critical: "🔴", high: "🟠", medium: "🟡", low: "🔵", info: "⚪" };
const COLORS: Readonly<Record<Severity, string>> = {
  critical: "#d92d20",
  high: "#f2711c",
  medium: "#eab308",
  low: "#2e90fa",
  info: "#98a2b3",
};

/**
 * Slack's limits, with room to spare: a header holds 150 characters, a message is refused when the text of its blocks
 * is longer than about 12,000. As Slack counts: escaped.
 * https://docs.slack.dev/reference/block-kit/blocks/header-block
 */
const MAX_TITLE = 130;
/** A list of several, and what stands beside it: both fit. */
const MAX_BESIDE_LIST = 3_500;

/**
 * Draws news as one message that Slack accepts whatever the news holds: the headline, and below it, beside a bar in the
 * colour of the severity, what there is to say. Foreign text stands only in elements that Slack does not parse, so it can
 * neither ping nor link; it is one line each, so it cannot forge another.
 * @param banner a sentence that stands above it
 */
export function slackMessage(news: News, banner?: string): SlackMessage {
  const headline = headlineOf(news);
  const { lines, columns, list, advice, context, links } = contentOf(news);
  const [beside, below] = [columns.filter(fitsColumn), columns.filter((fact) => !fitsColumn(fact))];
  return {
    text: escapeMrkdwn(headline),
    blocks: [...(banner === undefined ? [] : [contextBlock([banner])]), headerBlock(headline)],
    attachments: [
      {
        color: COLORS[news.severity],
        blocks: [
          linesBlock([...lines, ...below], list.length === 0 ? undefined : MAX_BESIDE_LIST),
          ...(beside.length === 0 ? [] : [columnsBlock(beside)]),
          ...(list.length === 0 ? [] : [linesBlock(list, MAX_BESIDE_LIST)]),
          ...(advice.length === 0 ? [] : [linesBlock(advice)]),
          ...(context.length === 0 ? [] : [contextBlock(context)]),
          ...(links.length === 0 ? [] : [linksBlock(links)]),
        ],
      },
    ],
    unfurl_links: false,
    unfurl_media: false,
  };
}

function headlineOf(news: News): string {
  const { severity } = news;
  return `${MARKS[severity]} ${severity.toUpperCase()} · ${titleOf(news, MAX_TITLE)}`;
}

/** How much a message in plain text may hold; Slack cuts at 40,000. https://docs.slack.dev/reference/methods/chat.postMessage */
const MAX_PLAIN = 6_000;

/**
 * The same news without blocks, for when Slack refuses what was drawn: a message that is ugly is better than none. What
 * Slack would parse is escaped.
 */
export function plainMessage(news: News, banner?: string): SlackMessage {
  const { lines, columns, list, advice, context } = contentOf(news);
  const texts = [
    ...(banner === undefined ? [] : [banner]),
    headlineOf(news),
    // Before what may be long: an alert without its id cannot be looked up.
    ...context,
    ...[...list, ...columns, ...lines, ...advice].map(
      ({ label, value }) => `${plain(label, { max: MAX_LABEL })}: ${plain(value, { max: MAX_VALUE })}`,
    ),
  ].map((text) => plain(text, { max: MAX_VALUE }));
  let left = MAX_PLAIN;
  const shown = texts.filter((line) => {
    left -= lengthOf(line) + 1;
    return left >= 0;
  });
  const hidden = texts.length - shown.length;
  // Slack makes links of addresses in such a text, and of three backticks a box up to the next three: both may be an attacker's.
  const text = [...shown, ...(hidden === 0 ? [] : [`… and ${hidden} more`])].join("\n").replaceAll("`", "'");
  return { text: escapeMrkdwn(withoutLinks(text)), unfurl_links: false, unfurl_media: false };
}
