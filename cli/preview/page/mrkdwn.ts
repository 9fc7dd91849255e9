import { slackDate } from "./date.ts";
import { emojiText } from "./emoji.ts";
import { type Child, element, link } from "./tree.ts";

const INLINE = new RegExp(
  [
    "`(?<code>[^`\\n]+)`",
    "<(?<control>[^<>]+)>",
    "(?<![\\w*])\\*(?<bold>\\S(?:[^*\\n]*\\S)?)\\*(?![\\w*])",
    "(?<![\\w_])_(?<italic>\\S(?:[^_\\n]*\\S)?)_(?![\\w_])",
    "(?<![\\w~])~(?<strike>\\S(?:[^~\\n]*\\S)?)~(?![\\w~])",
    ":(?<emoji>[a-z0-9_+-]+):",
  ].join("|"),
  "g",
);

/** plain_text: nothing is parsed but `:emoji:`, and not even that where the sender says so. */
export function plainText(text: string, parsesEmoji = true): string {
  const shown = unescapeText(text);
  return parsesEmoji ? shown.replace(/:([a-z0-9_+-]+):/g, (_all, name: string) => emojiText(name)) : shown;
}

/** mrkdwn: quotes by line, and inside of them styles, code, links, mentions, dates and emoji. */
export function mrkdwn(text: string): readonly Child[] {
  return text.split(/(```[\s\S]+?```)/).flatMap((part) => {
    const isCode = part.startsWith("```") && part.length > 6;
    return isCode ? [element("pre", "", unescapeText(part.slice(3, -3).replace(/^\n/, "")))] : quotesIn(part);
  });
}

function quotesIn(text: string): readonly Child[] {
  const drawn: Child[] = [];
  let quote: Child[] | undefined;
  const endQuote = () => {
    if (quote !== undefined) drawn.push(element("blockquote", "", ...quote));
    quote = undefined;
  };
  for (const line of text.split(/(?<=\n)/)) {
    const [mark] = /^(?:>|&gt;) ?/.exec(line) ?? [];
    if (mark === undefined) {
      endQuote();
      drawn.push(...inline(line));
    } else {
      quote ??= [];
      quote.push(...inline(line.slice(mark.length)));
    }
  }
  endQuote();
  return drawn;
}

function inline(text: string): readonly Child[] {
  const drawn: Child[] = [];
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    drawn.push(unescapeText(text.slice(end, match.index)), ...styled(match.groups ?? {}, match[0]));
    end = match.index + match[0].length;
  }
  drawn.push(unescapeText(text.slice(end)));
  return drawn.filter((child) => child !== "");
}

function styled(found: Readonly<Record<string, string | undefined>>, all: string): readonly Child[] {
  const { code, control, bold, italic, strike, emoji } = found;
  if (code !== undefined) return [element("code", "", unescapeText(code))];
  if (control !== undefined) return [controlled(control)];
  if (bold !== undefined) return [element("strong", "", ...inline(bold))];
  if (italic !== undefined) return [element("em", "", ...inline(italic))];
  if (strike !== undefined) return [element("s", "", ...inline(strike))];
  return [emoji === undefined ? all : emojiText(emoji)];
}

/** What stands in angle brackets: an address, a mention, a date. */
function controlled(content: string): Child {
  const bar = content.indexOf("|");
  const target = unescapeText(bar < 0 ? content : content.slice(0, bar));
  const label = bar < 0 ? undefined : unescapeText(content.slice(bar + 1));
  if (target.startsWith("!date^")) {
    const [, seconds = "", format = ""] = target.split("^");
    return slackDate(format, Number(seconds), label ?? target);
  }
  if (target.startsWith("!")) {
    const name = target.slice(1).replace(/^subteam\^/, "");
    return element("span", "mention broadcast", label ?? `@${name}`);
  }
  if (/^[@#]/.test(target)) return element("span", "mention", target.charAt(0) + (label ?? target.slice(1)));
  return link(target, label ?? target);
}

function unescapeText(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}
