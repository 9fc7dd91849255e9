/**
 * Characters that draw nothing or turn the reading direction: control, format (zero width, bidi, tags), surrogates
 * without a partner, private use (`\p{C}` is Unicode's "other"), variation selectors, fillers. Line and paragraph separators are spaces to people.
 */
const INVISIBLE = /[\p{C}\p{Default_Ignorable_Code_Point}]/gu;
const WHITE_SPACE = /[\s\p{Z}]+/gu;

/**
 * Foreign text made harmless: one line, nothing invisible, and no longer than `max` as Slack counts (see {@link lengthOf});
 * a text that is cut ends with an ellipsis.
 */
export function plain(text: string, { max }: { readonly max: number }): string {
  return cut(text.replace(WHITE_SPACE, " ").replace(INVISIBLE, "").trim(), max);
}

/** The length of a text as Slack counts it at most: escaped, in UTF-16 units. */
export function lengthOf(text: string): number {
  return escapeMrkdwn(text).length;
}

function cut(text: string, max: number): string {
  if (lengthOf(text) <= max) return text;
  let kept = "";
  let length = 1;
  for (const character of text) {
    length += lengthOf(character);
    if (length > max) break;
    kept += character;
  }
  return `${kept}…`;
}

/** Breaks what reads as an address: programs make links of it. */
export function withoutLinks(text: string): string {
  return text.replaceAll("://", "[:]//").replaceAll(/\bwww\./gi, "www[.]");
}

/** For text that Slack reads as mrkdwn. https://docs.slack.dev/messaging/formatting-message-text#escaping */
export function escapeMrkdwn(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
