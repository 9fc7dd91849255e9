import { slackDate } from "./date.ts";
import { emojiOf, emojiText } from "./emoji.ts";
import { listOf, objectOf, textOf } from "./json.ts";
import { type Child, type Element, element, link, withAttributes } from "./tree.ts";

/** From the innermost outwards. */
const STYLES = { code: "code", bold: "strong", italic: "em", strike: "s", underline: "u" } as const;

/** One part of a rich_text block. https://docs.slack.dev/reference/block-kit/blocks/rich-text-block */
export function richTextPart(value: unknown): Element {
  const part = objectOf(value);
  const inner = () => listOf(part.elements).map(richTextElement);
  switch (part.type) {
    case "rich_text_section":
      return element("div", "text", ...inner());
    case "rich_text_preformatted":
      return element("pre", "", ...inner());
    case "rich_text_quote":
      return element("blockquote", "text", ...inner());
    case "rich_text_list":
      return list(part);
    default:
      return element("div", "unknown", `unsupported part: ${textOf(part.type)}`);
  }
}

function list({ style, indent, offset, elements }: ReturnType<typeof objectOf>): Element {
  const ordered = style === "ordered";
  const depth = textOf(indent) || "0";
  const items = listOf(elements).map((item) => element("li", "", richTextPart(item)));
  const start = ordered && Number(offset) > 0 ? { start: String(Number(offset) + 1) } : {};
  const drawn = withAttributes(element(ordered ? "ol" : "ul", "list", ...items), { "data-indent": depth, ...start });
  return { ...drawn, variables: { "--indent": /^[0-8]$/.test(depth) ? depth : "0" } };
}

function richTextElement(value: unknown): Child {
  const part = objectOf(value);
  switch (part.type) {
    case "text":
      return styled(textOf(part.text), part.style);
    case "link":
      return styled(link(textOf(part.url), textOf(part.text) || textOf(part.url)), part.style);
    case "emoji":
      return part.unicode === undefined ? emojiText(textOf(part.name)) : emojiOf(textOf(part.unicode));
    case "broadcast":
      return element("span", "mention broadcast", `@${textOf(part.range)}`);
    case "user":
      return element("span", "mention", `@${textOf(part.user_id)}`);
    case "usergroup":
      return element("span", "mention broadcast", `@${textOf(part.usergroup_id)}`);
    case "channel":
      return element("span", "mention", `#${textOf(part.channel_id)}`);
    case "date":
      return slackDate(textOf(part.format), Number(part.timestamp), textOf(part.fallback));
    case "color":
      return textOf(part.value);
    default:
      return element("span", "unknown", `unsupported element: ${textOf(part.type)}`);
  }
}

function styled(content: Child, style: unknown): Child {
  const given = objectOf(style);
  return Object.entries(STYLES).reduce<Child>(
    (inner, [key, tag]) => (given[key] === true ? element(tag, "", inner) : inner),
    content,
  );
}
