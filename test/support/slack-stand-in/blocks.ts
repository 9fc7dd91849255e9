import {
  checkUrl,
  checkWord,
  invalidBlocks,
  isObject,
  type JsonObject,
  listOf,
  objectOf,
  optionalString,
  stringOf,
  textObjectLength,
} from "./checks.ts";
import { richTextLength } from "./rich-text.ts";

const anyText = ["plain_text", "mrkdwn"];

/**
 * Checks one Block Kit block of a message and returns the characters of all its text; throws `Refused` with Slack's
 * word otherwise. It knows the blocks that a webhook message is made of and refuses the interactive rest.
 * https://docs.slack.dev/reference/block-kit/blocks
 */
export function blockLength(block: unknown, at: string): number {
  if (!isObject(block)) return invalidBlocks(at, "must be an object");
  optionalString(block.block_id, `${at}/block_id`, 255);
  switch (block.type) {
    case "header":
      return textObjectLength(objectOf(block, at, ["block_id", "text"]).text, `${at}/text`, 150, ["plain_text"]);
    case "section":
      return sectionLength(objectOf(block, at, ["block_id", "text", "fields", "accessory", "expand"]), at);
    case "divider":
      objectOf(block, at, ["block_id"]);
      return 0;
    case "context":
      return contextLength(objectOf(block, at, ["block_id", "elements"]), at);
    case "actions":
      return actionsLength(objectOf(block, at, ["block_id", "elements"]), at);
    case "image": {
      const image = objectOf(block, at, ["block_id", "image_url", "alt_text", "title"]);
      checkImage(image, at);
      return image.title === undefined ? 0 : textObjectLength(image.title, `${at}/title`, 2000, ["plain_text"]);
    }
    case "rich_text":
      return richTextLength(block, at);
    default:
      return invalidBlocks(at, `unsupported type: ${String(block.type)}`);
  }
}

function sectionLength(section: JsonObject, at: string): number {
  const { text, fields, accessory } = section;
  if (text === undefined && fields === undefined) invalidBlocks(at, "must have text or fields");
  let length = text === undefined ? 0 : textObjectLength(text, `${at}/text`, 3000, anyText);
  if (fields !== undefined) {
    for (const [index, field] of listOf(fields, `${at}/fields`, 10).entries()) {
      length += textObjectLength(field, `${at}/fields/${index}`, 2000, anyText);
    }
  }
  if (accessory === undefined) return length;
  if (isObject(accessory) && accessory.type === "image") {
    checkImage(objectOf(accessory, `${at}/accessory`, ["image_url", "alt_text"]), `${at}/accessory`);
    return length;
  }
  return length + buttonLength(accessory, `${at}/accessory`);
}

function contextLength(context: JsonObject, at: string): number {
  let length = 0;
  for (const [index, element] of listOf(context.elements, `${at}/elements`, 10).entries()) {
    const place = `${at}/elements/${index}`;
    if (isObject(element) && element.type === "image") {
      checkImage(objectOf(element, place, ["image_url", "alt_text"]), place);
    } else {
      length += textObjectLength(element, place, 3000, anyText);
    }
  }
  return length;
}

function actionsLength(actions: JsonObject, at: string): number {
  const elements = listOf(actions.elements, `${at}/elements`, 25);
  const ids = elements.flatMap((element) => (isObject(element) ? [element.action_id] : [])).filter(Boolean);
  if (new Set(ids).size < ids.length) invalidBlocks(at, "action_id must be unique");
  return elements.reduce<number>(
    (length, element, index) => length + buttonLength(element, `${at}/elements/${index}`),
    0,
  );
}

/** https://docs.slack.dev/reference/block-kit/block-elements/button-element */
function buttonLength(value: unknown, at: string): number {
  const button = objectOf(value, at, ["text", "action_id", "url", "value", "style", "accessibility_label"]);
  checkWord(button.type, `${at}/type`, ["button"]);
  if (button.url !== undefined) checkUrl(button.url, `${at}/url`);
  if (button.style !== undefined) checkWord(button.style, `${at}/style`, ["primary", "danger"]);
  optionalString(button.action_id, `${at}/action_id`, 255);
  optionalString(button.value, `${at}/value`, 2000);
  optionalString(button.accessibility_label, `${at}/accessibility_label`, 75);
  return textObjectLength(button.text, `${at}/text`, 75, ["plain_text"]);
}

/** https://docs.slack.dev/reference/block-kit/blocks/image-block */
function checkImage(image: JsonObject, at: string): void {
  checkUrl(image.image_url, `${at}/image_url`);
  stringOf(image.alt_text, `${at}/alt_text`, 2000);
}
