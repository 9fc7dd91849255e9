import {
  checkUrl,
  checkWord,
  invalidBlocks,
  isObject,
  type JsonObject,
  listOf,
  objectOf,
  optionalBoolean,
  optionalString,
  slackLength,
  stringOf,
} from "./checks.ts";

/** Items of one list: Slack names no limit; this one keeps the stand-in's work bounded. */
const maxElements = 1000;

const styles = ["bold", "italic", "strike", "code", "underline", "highlight", "client_highlight", "unlink"];

/**
 * Checks a rich_text block and returns the characters of its text; throws `Refused` if Slack would not take it.
 * https://docs.slack.dev/reference/block-kit/blocks/rich-text-block
 */
export function richTextLength(block: JsonObject, at: string): number {
  const elements = listOf(objectOf(block, at, ["block_id", "elements"]).elements, `${at}/elements`, maxElements);
  return sum(elements, `${at}/elements`, partLength);
}

function partLength(value: unknown, at: string): number {
  const type = isObject(value) ? value.type : undefined;
  switch (type) {
    case "rich_text_section":
      return sectionLength(value, at);
    case "rich_text_quote":
      return inlineLength(objectOf(value, at, ["elements", "border"]), at);
    case "rich_text_preformatted":
      return preformattedLength(objectOf(value, at, ["elements", "border"]), at);
    case "rich_text_list":
      return listLength(objectOf(value, at, ["elements", "style", "indent", "offset", "border"]), at);
    default:
      return invalidBlocks(at, `unsupported type: ${String(type)}`);
  }
}

function sectionLength(value: unknown, at: string): number {
  const section = objectOf(value, at, ["elements"]);
  checkWord(section.type, `${at}/type`, ["rich_text_section"]);
  return inlineLength(section, at);
}

function inlineLength(part: JsonObject, at: string): number {
  return sum(listOf(part.elements, `${at}/elements`, maxElements), `${at}/elements`, elementLength);
}

function preformattedLength(part: JsonObject, at: string): number {
  return sum(listOf(part.elements, `${at}/elements`, maxElements), `${at}/elements`, (element, place) => {
    checkWord(isObject(element) ? element.type : undefined, `${place}/type`, ["text", "link"]);
    return elementLength(element, place);
  });
}

function listLength(list: JsonObject, at: string): number {
  checkWord(list.style, `${at}/style`, ["bullet", "ordered"]);
  checkWord(list.indent ?? 0, `${at}/indent`, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
  return sum(listOf(list.elements, `${at}/elements`, maxElements), `${at}/elements`, sectionLength);
}

function elementLength(value: unknown, at: string): number {
  const type = isObject(value) ? value.type : undefined;
  const allowed = (keys: readonly string[]): JsonObject => checkStyle(objectOf(value, at, [...keys, "style"]), at);
  switch (type) {
    case "text": {
      const text = allowed(["text"]).text;
      return typeof text === "string" && text !== "" ? slackLength(text, false) : invalidBlocks(at, "text is empty");
    }
    case "link": {
      const link = allowed(["url", "text", "unsafe"]);
      checkUrl(link.url, `${at}/url`);
      optionalBoolean(link.unsafe, `${at}/unsafe`);
      return slackLength(stringOf(link.text ?? link.url, `${at}/text`, 40_000), false);
    }
    case "emoji":
      return stringOf(allowed(["name", "unicode", "skin_tone", "url"]).name, `${at}/name`, 255).length;
    case "user":
      return stringOf(allowed(["user_id"]).user_id, `${at}/user_id`, 255).length;
    case "usergroup":
      return stringOf(allowed(["usergroup_id"]).usergroup_id, `${at}/usergroup_id`, 255).length;
    case "channel":
      return stringOf(allowed(["channel_id"]).channel_id, `${at}/channel_id`, 255).length;
    case "broadcast":
      checkWord(allowed(["range"]).range, `${at}/range`, ["here", "channel", "everyone"]);
      return 0;
    case "date": {
      const date = allowed(["timestamp", "format", "url", "fallback"]);
      if (!Number.isSafeInteger(date.timestamp)) invalidBlocks(at, "timestamp must be a whole number of seconds");
      if (date.url !== undefined) checkUrl(date.url, `${at}/url`);
      optionalString(date.fallback, `${at}/fallback`, 3000);
      return stringOf(date.format, `${at}/format`, 3000).length;
    }
    case "color":
      return stringOf(allowed(["value"]).value, `${at}/value`, 7).length;
    default:
      return invalidBlocks(at, `unsupported type: ${String(type)}`);
  }
}

function checkStyle(element: JsonObject, at: string): JsonObject {
  if (element.style === undefined) return element;
  const style = objectOf(element.style, `${at}/style`, styles);
  for (const [key, value] of Object.entries(style)) optionalBoolean(value, `${at}/style/${key}`);
  return element;
}

function sum(items: readonly unknown[], at: string, length: (item: unknown, at: string) => number): number {
  return items.reduce<number>((total, item, index) => total + length(item, `${at}/${index}`), 0);
}
