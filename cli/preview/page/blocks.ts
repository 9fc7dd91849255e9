import { type JsonObject, listOf, objectOf, textOf } from "./json.ts";
import { mrkdwn, plainText } from "./mrkdwn.ts";
import { richTextPart } from "./rich-text.ts";
import { type Child, type Element, element, link, withAttributes } from "./tree.ts";

/** One block of a message, as Slack draws it. https://docs.slack.dev/reference/block-kit/blocks */
export function block(value: unknown): Element {
  const given = objectOf(value);
  switch (given.type) {
    case "header":
      return element("h3", "block", ...textObject(given.text));
    case "section":
      return section(given);
    case "context":
      return element("div", "block context", ...listOf(given.elements).map(contextElement));
    case "divider":
      return element("hr", "divider");
    case "actions":
      return element("div", "block actions", ...listOf(given.elements).map(button));
    case "image":
      return element("div", "block", image(given));
    case "rich_text":
      return element("div", "block", ...listOf(given.elements).map(richTextPart));
    default:
      return element("div", "block unknown", `unsupported block: ${textOf(given.type)}`);
  }
}

function textObject(value: unknown): readonly Child[] {
  const { type, text, emoji } = objectOf(value);
  return type === "mrkdwn" ? mrkdwn(textOf(text)) : [plainText(textOf(text), emoji !== false)];
}

function section({ text, fields, accessory }: JsonObject): Element {
  const content = element(
    "div",
    "",
    ...(text === undefined ? [] : [element("div", "text", ...textObject(text))]),
    ...(fields === undefined ? [] : [fieldGrid(listOf(fields).map(textObject))]),
  );
  if (accessory === undefined) return element("div", "block section", content);
  const beside = objectOf(accessory).type === "image" ? image(objectOf(accessory)) : button(accessory);
  return element("div", "block section", content, beside);
}

/** Short texts, two beside each other where there is room. */
export function fieldGrid(fields: readonly (readonly Child[])[]): Element {
  return element("div", "fields", ...fields.map((field) => element("div", "text", ...field)));
}

function contextElement(value: unknown): Element {
  const given = objectOf(value);
  return given.type === "image" ? image(given) : element("div", "text", ...textObject(given));
}

/** Images stay on their servers: nothing is fetched from anybody, so the description stands in. */
function image({ alt_text: alt }: JsonObject): Element {
  return withAttributes(element("span", "image", `🖼 ${textOf(alt)}`), { role: "img", "aria-label": textOf(alt) });
}

function button(value: unknown): Element {
  const { style, text, url, accessibility_label: name } = objectOf(value);
  const className = style === "primary" || style === "danger" ? `button ${style}` : "button";
  const label = plainText(textOf(objectOf(text).text), objectOf(text).emoji !== false);
  const drawn = url === undefined ? element("span", className, label) : link(textOf(url), label, className);
  return name === undefined || drawn.tag !== "a" ? drawn : withAttributes(drawn, { "aria-label": textOf(name) });
}
