import type { News } from "#model/news.ts";
import type { TopicMessage } from "#model/ports.ts";
import { titleOf } from "./content.ts";
import { emailText, harmless } from "./email-text.ts";

/** The number of the form of the JSON: docs/sns.md and docs/sns.schema.json describe it. Fields are added without another one. */
const VERSION = 1;

/** A subject is ASCII and shorter than 100 characters. https://docs.aws.amazon.com/sns/latest/api/API_Publish.html */
const MAX_SUBJECT = 99;
/** SNS sends longer ones in parts. https://docs.aws.amazon.com/sns/latest/dg/sms_sending-overview.html */
const MAX_SMS = 140;

/** Texts, subject and attributes together: SNS takes 256 KiB. The rest is for what only SNS counts. In bytes. */
const MAX_BYTES = 250_000;

/** How much of the news is told: characters of a text, entries of a list. Whoever makes a call decides how long its texts are. */
interface Bounds {
  readonly text: number;
  readonly entries: number;
}

/** From what nearly always fits to what always does, even where each character takes seven bytes. */
const BOUNDS: readonly [Bounds, ...Bounds[]] = [
  { text: 4_000, entries: 1_000 },
  { text: 1_000, entries: 100 },
  { text: 200, entries: 50 },
  { text: 100, entries: 20 },
];

/** Attributes are for filters, which hold few values themselves. */
const MAX_ATTRIBUTE_VALUES = 100;
const MAX_ATTRIBUTE = 200;

/**
 * What a topic is given of news: JSON for programs, readable texts for people, and attributes to filter by.
 * @param banner why it comes to this topic, where it is for another destination
 */
export function topicMessage(topicArn: string, news: News, banner?: string): TopicMessage {
  const headline = `${news.severity.toUpperCase()}: ${titleOf(news, 1_000)}`;
  const rest = { topicArn, subject: ascii(headline).slice(0, MAX_SUBJECT), attributes: attributesOf(news) };
  const human = { email: emailText(news, banner), sms: harmless(headline, MAX_SMS).slice(0, MAX_SMS) };
  const within = (bounds: Bounds): TopicMessage => ({
    ...rest,
    texts: { default: jsonOf(news, banner, bounds), ...human },
  });
  const [widest, ...narrower] = BOUNDS;
  let message = within(widest);
  for (const bounds of narrower) {
    if (bytesOf(message) <= MAX_BYTES) break;
    message = within(bounds);
  }
  return message;
}

function ascii(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?");
}

/** As SNS is given it: the texts are JSON again. */
function bytesOf({ texts, attributes }: TopicMessage): number {
  return Buffer.byteLength(JSON.stringify(texts)) + Buffer.byteLength(JSON.stringify(attributes)) + MAX_SUBJECT;
}

/** News as JSON, which says so when something was cut. */
function jsonOf(news: News, banner: string | undefined, bounds: Bounds): string {
  const whole = { version: VERSION, ...(banner === undefined ? {} : { banner }), ...news };
  let isCut = false;
  const cut = (_key: string, value: unknown): unknown => {
    if (typeof value === "string" && value.length > bounds.text) {
      isCut = true;
      return `${value.slice(0, bounds.text).toWellFormed()}…`;
    }
    if (Array.isArray(value) && value.length > bounds.entries) {
      isCut = true;
      return value.slice(0, bounds.entries);
    }
    return value;
  };
  const text = JSON.stringify(whole, cut);
  return isCut ? `${text.slice(0, -1)},"truncated":true}` : text;
}

/** Only what the configuration names or what is known to look like an account: SNS refuses an attribute that is empty. */
function attributesOf(news: News): TopicMessage["attributes"] {
  const { kind, severity, accountId } = news;
  const rules = news.kind === "alert" ? news.rules.map(({ id }) => id) : [];
  const packs = news.kind === "alert" ? news.rules.flatMap(({ pack }) => pack ?? []) : [];
  const list = (values: readonly string[]) =>
    [...new Set(values)].filter(({ length }) => length > 0 && length <= MAX_ATTRIBUTE).slice(0, MAX_ATTRIBUTE_VALUES);
  const lists = { rule: list(rules), pack: list(packs) };
  return {
    kind,
    severity,
    ...(accountId !== undefined && /^\d{12}$/.test(accountId) ? { account: accountId } : {}),
    ...Object.fromEntries(Object.entries(lists).filter(([, values]) => values.length > 0)),
  };
}
