import type { Fact, News } from "#model/news.ts";
import { contentOf, titleOf } from "./content.ts";
import { plain, withoutLinks } from "./plain.ts";

/** People read little of a long mail, and SNS takes 256 KiB for all texts together. In characters. */
const MAX_VALUE = 800;
const MAX_LABEL = 40;
const MAX_URL = 3_000;
const MAX_LINES = 25;

/**
 * News as a mail says it: a line for each fact. Mail programs make links of addresses, which may be an attacker's: those in
 * foreign text are broken, only ours lead somewhere.
 * @param banner why it comes to this topic, where it is for another destination
 */
export function emailText(news: News, banner?: string): string {
  const { lines, columns, list, advice, context, links } = contentOf(news);
  const paragraphs = [
    banner === undefined ? [] : [harmless(banner)],
    [`${news.severity.toUpperCase()}: ${harmless(titleOf(news, MAX_VALUE))}`],
    factLines([...columns, ...lines]),
    factLines(list),
    factLines(advice),
    links.filter(({ url }) => url.length <= MAX_URL).map(({ text, url }) => `${harmless(text)}: ${url}`),
    context.map((line) => harmless(line)),
  ];
  return paragraphs
    .filter((paragraph) => paragraph.length > 0)
    .map((paragraph) => `${paragraph.join("\n")}\n`)
    .join("\n");
}

/** Values in one column. */
function factLines(facts: readonly Fact[]): readonly string[] {
  const shown = facts.slice(0, MAX_LINES).map(({ label, value, url }) => ({
    label: `${plain(label, { max: MAX_LABEL })}:`,
    value: harmless(value) || "–",
    link: url === undefined || url.length > MAX_URL ? "" : ` (${url})`,
  }));
  const width = Math.max(0, ...shown.map(({ label }) => label.length)) + 1;
  const hidden = facts.length - shown.length;
  return [
    ...shown.map(({ label, value, link }) => `${label.padEnd(width)}${value}${link}`),
    ...(hidden > 0 ? [`… and ${hidden} more`] : []),
  ];
}

/** One line of text that leads nowhere: what reads as an address becomes a link in mail programs and telephones. */
export function harmless(text: string, max: number = MAX_VALUE): string {
  return withoutLinks(plain(text, { max }));
}
