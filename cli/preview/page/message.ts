import { block, fieldGrid } from "./blocks.ts";
import { listOf, objectOf, textOf } from "./json.ts";
import { mrkdwn, plainText } from "./mrkdwn.ts";
import { type Child, type Element, element, link, withAttributes } from "./tree.ts";

/** Who writes, as Slack shows it. */
const APP_NAME = "CloudTrail to Slack";

/** Slack's names for colours. https://docs.slack.dev/legacy/legacy-messaging/legacy-secondary-message-attachments */
const COLOURS: Readonly<Record<string, string>> = { good: "#2eb886", warning: "#daa038", danger: "#a30200" };

/**
 * A message with who wrote it and when, as Slack draws it.
 * @param payload what was posted
 * @param beside what stands behind the author: the time, the channel
 */
export function message(payload: unknown, ...beside: readonly Child[]): Element {
  const avatar = withAttributes(element("span", "avatar"), { "aria-hidden": "true" });
  const author = [element("span", "author", APP_NAME), element("span", "badge", "APP")];
  const head = element("div", "message-head", ...author, ...beside);
  return element("article", "message", avatar, element("div", "", head, messageBody(payload)));
}

/** Everything below a message's author: text (only without blocks, as in Slack), blocks and attachments. */
export function messageBody(payload: unknown): Element {
  const { text, blocks, attachments } = objectOf(payload);
  const drawn = listOf(blocks).map(block);
  const plain =
    drawn.length === 0 && textOf(text) !== "" ? [element("div", "block text", ...mrkdwn(textOf(text)))] : [];
  return element("div", "blocks", ...plain, ...drawn, ...listOf(attachments).map(attachment));
}

function attachment(value: unknown): Element {
  const given = objectOf(value);
  const line = (className: string, text: unknown): readonly Child[] =>
    textOf(text) === "" ? [] : [element("div", className, ...mrkdwn(textOf(text)))];
  const fields = listOf(given.fields).map(objectOf);
  const content = [
    ...line("text", given.pretext),
    ...line("author", given.author_name),
    ...title(textOf(given.title), textOf(given.title_link)),
    ...line("text", given.text),
    ...listOf(given.blocks).map(block),
    ...(fields.length === 0
      ? []
      : [
          fieldGrid(
            fields.map((field) => [element("strong", "", textOf(field.title)), "\n", ...mrkdwn(textOf(field.value))]),
          ),
        ]),
    ...line("footer", given.footer),
  ];
  const shown = content.length === 0 ? line("text", given.fallback) : content;
  const colour = colourOf(textOf(given.color));
  const bar = { ...element("div", "bar"), variables: colour === undefined ? {} : { "--bar": colour } };
  return element("div", "attachment", bar, element("div", "", ...shown));
}

function title(text: string, url: string): readonly Child[] {
  if (text === "") return [];
  const label = plainText(text);
  return [element("div", "title", url === "" ? label : link(url, label))];
}

function colourOf(given: string): string | undefined {
  const colour = Object.hasOwn(COLOURS, given) ? (COLOURS[given] ?? "") : given;
  return /^#?[0-9a-f]{6}$/i.test(colour) ? colour.replace(/^#?/, "#") : undefined;
}
