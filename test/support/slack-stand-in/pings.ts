import { isObject, type JsonObject } from "./checks.ts";

const manual = /<!(?:channel|here|everyone|group)(?:\|[^<>]*)?>|<@[A-Z0-9]+(?:\|[^<>]*)?>|<!subteam\^[^<>]*>/gi;
const bare = /(?<![\w.@-])@(?:channel|here|everyone)(?![\w.@-])/gi;

/**
 * Returns everything in a message that would notify people, in order of appearance: `<!channel>`, `<!here>`,
 * `<!everyone>`, `<@U…>` and `<!subteam^…>` where Slack parses text (top-level text, mrkdwn objects, legacy
 * attachments), a bare `@channel` where Slack links names (`link_names`, `parse: "full"`, mrkdwn without `verbatim`),
 * and the broadcast, user and usergroup elements of rich_text. The text of plain_text objects and of rich_text never
 * notifies anyone. https://docs.slack.dev/messaging/formatting-message-text
 */
export function pings(payload: unknown): string[] {
  if (!isObject(payload)) return [];
  const linkNames = Boolean(payload.link_names) || payload.parse === "full";
  const attachments = Array.isArray(payload.attachments) ? payload.attachments.filter(isObject) : [];
  return [
    ...inText(payload.text, linkNames),
    ...inBlocks(payload.blocks, linkNames),
    ...attachments.flatMap((attachment) => inAttachment(attachment, linkNames)),
  ];
}

function inAttachment(attachment: JsonObject, linkNames: boolean): string[] {
  const { blocks, fields, ...texts } = attachment;
  const fieldTexts = Array.isArray(fields) ? fields.filter(isObject).flatMap((field) => Object.values(field)) : [];
  return [
    ...[...Object.values(texts), ...fieldTexts].flatMap((value) => inText(value, linkNames)),
    ...inBlocks(blocks, linkNames),
  ];
}

function inBlocks(value: unknown, linkNames: boolean): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => inBlocks(item, linkNames));
  if (!isObject(value)) return [];
  switch (value.type) {
    case "mrkdwn":
      return inText(value.text, linkNames || value.verbatim !== true);
    case "plain_text":
    case "text":
      return [];
    case "broadcast":
      return [`broadcast ${String(value.range)}`];
    case "user":
      return [`user ${String(value.user_id)}`];
    case "usergroup":
      return [`usergroup ${String(value.usergroup_id)}`];
    default:
      return Object.values(value).flatMap((item) => inBlocks(item, linkNames));
  }
}

function inText(text: unknown, linkNames: boolean): string[] {
  if (typeof text !== "string") return [];
  return [...(text.match(manual) ?? []), ...(linkNames ? (text.match(bare) ?? []) : [])];
}
