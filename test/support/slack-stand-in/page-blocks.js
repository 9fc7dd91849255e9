// Draws Block Kit blocks and attachments as Slack does. Foreign text only ever becomes a text node.
import { element, emojiText, link, mrkdwn, plainText } from "./page-mrkdwn.js";

/** Everything below a message's author: text (only without blocks, as in Slack), blocks and attachments. */
export function messageBody(payload) {
  const body = element("div", "blocks");
  const message = payload ?? {};
  if (list(message.blocks).length > 0) body.append(...list(message.blocks).map(block));
  else if (message.text) body.append(element("div", "block text", mrkdwn(String(message.text))));
  body.append(...list(message.attachments).map(attachment));
  return body;
}

function list(value) {
  return Array.isArray(value) ? value : [];
}

function textObject(text, className = "text") {
  const content = String(text?.text ?? "");
  return element("div", className, text?.type === "mrkdwn" ? mrkdwn(content) : plainText(content));
}

function block(value) {
  switch (value?.type) {
    case "header":
      return element("h3", "block", plainText(String(value.text?.text ?? "")));
    case "section":
      return section(value);
    case "context":
      return element("div", "block context", ...list(value.elements).map(contextElement));
    case "divider":
      return element("hr", "divider");
    case "actions":
      return element("div", "block actions", ...list(value.elements).map(button));
    case "image":
      return element("div", "block", image(value));
    case "rich_text":
      return element("div", "block", ...list(value.elements).map(richTextPart));
    default:
      return element("div", "block unknown", `unsupported block: ${value?.type}`);
  }
}

function section(value) {
  const content = element("div");
  if (value.text) content.append(textObject(value.text));
  if (value.fields) content.append(element("div", "fields", ...list(value.fields).map((field) => textObject(field))));
  const drawn = element("div", "block section", content);
  if (value.accessory)
    drawn.append(value.accessory.type === "image" ? image(value.accessory) : button(value.accessory));
  return drawn;
}

function contextElement(value) {
  return value?.type === "image" ? image(value) : textObject(value, "text");
}

/** Images stay on their servers: the page makes no request to anyone, so the description stands in. */
function image(value) {
  const drawn = element("span", "image", `🖼 ${value.alt_text ?? ""}`);
  drawn.setAttribute("role", "img");
  drawn.setAttribute("aria-label", String(value.alt_text ?? ""));
  return drawn;
}

function button(value) {
  const style = ["primary", "danger"].includes(value?.style) ? value.style : "";
  const label = plainText(String(value?.text?.text ?? ""));
  const drawn = value?.url
    ? link(String(value.url), label, `button ${style}`)
    : element("span", `button ${style}`, label);
  if (value?.accessibility_label) drawn.setAttribute("aria-label", value.accessibility_label);
  return drawn;
}

function richTextPart(value) {
  const inner = () => list(value.elements).map(richTextElement);
  switch (value?.type) {
    case "rich_text_section":
      return element("div", "text", ...inner());
    case "rich_text_preformatted":
      return element("pre", "", ...inner());
    case "rich_text_quote":
      return element("blockquote", "text", ...inner());
    case "rich_text_list": {
      const items = list(value.elements).map((item) => element("li", "", richTextPart(item)));
      const drawn = element(value.style === "ordered" ? "ol" : "ul", "list", ...items);
      drawn.dataset.indent = String(value.indent ?? 0);
      drawn.style.setProperty("--indent", String(Number(value.indent ?? 0)));
      if (value.offset) drawn.start = Number(value.offset) + 1;
      return drawn;
    }
    default:
      return element("div", "unknown", `unsupported part: ${value?.type}`);
  }
}

function richTextElement(value) {
  switch (value?.type) {
    case "text":
      return styled(String(value.text ?? ""), value.style);
    case "link":
      return styled(link(String(value.url), String(value.text ?? value.url)), value.style);
    case "emoji":
      return value.unicode ? fromUnicode(String(value.unicode)) : emojiText(String(value.name));
    case "broadcast":
      return element("span", "mention broadcast", `@${value.range}`);
    case "user":
    case "usergroup":
      return element("span", "mention", `@${value.user_id ?? value.usergroup_id}`);
    case "channel":
      return element("span", "mention", `#${value.channel_id}`);
    case "date":
      return String(value.fallback ?? new Date(Number(value.timestamp) * 1000).toLocaleString());
    case "color":
      return String(value.value);
    default:
      return element("span", "unknown", `unsupported element: ${value?.type}`);
  }
}

function fromUnicode(hex) {
  const points = hex.split("-").map((part) => Number.parseInt(part, 16));
  return points.every((point) => point > 0 && point <= 0x10ffff) ? String.fromCodePoint(...points) : hex;
}

function styled(content, style) {
  const tags = { code: "code", bold: "strong", italic: "em", strike: "s", underline: "u" };
  return Object.entries(tags).reduce((inner, [key, tag]) => (style?.[key] ? element(tag, "", inner) : inner), content);
}

function attachment(value) {
  const content = element("div");
  const add = (className, text) => text && content.append(element("div", className, mrkdwn(String(text))));
  add("text", value.pretext);
  add("author", value.author_name);
  if (value.title) {
    const title = plainText(String(value.title));
    content.append(value.title_link ? link(String(value.title_link), title, "title") : element("div", "title", title));
  }
  add("text", value.text);
  content.append(...list(value.blocks).map(block));
  if (list(value.fields).length > 0) {
    const fields = list(value.fields).map((field) =>
      element(
        "div",
        "text",
        element("strong", "", String(field?.title ?? "")),
        "\n",
        mrkdwn(String(field?.value ?? "")),
      ),
    );
    content.append(element("div", "fields", ...fields));
  }
  add("footer", value.footer);
  if (content.childElementCount === 0) add("text", value.fallback);
  const bar = element("div", "bar");
  const colors = { good: "#2eb886", warning: "#daa038", danger: "#a30200" };
  const color = Object.hasOwn(colors, value.color) ? colors[value.color] : String(value.color ?? "");
  if (/^#?[0-9a-f]{6}$/i.test(color)) bar.style.setProperty("--bar", color.replace(/^#?/, "#"));
  return element("div", "attachment", bar, content);
}
