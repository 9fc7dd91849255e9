import { blockLength } from "./blocks.ts";
import { isObject, type JsonObject, Refused, slackLength } from "./checks.ts";

export { pings } from "./pings.ts";

/** https://docs.slack.dev/reference/block-kit/blocks */
const maxBlocks = 50;
/** https://docs.slack.dev/reference/methods/chat.postMessage: attachments of one message. */
const maxAttachments = 100;
/** https://api.slack.com/changelog/2018-04-truncating-really-long-messages: Slack cuts there; the stand-in refuses. */
const maxTextCharacters = 40_000;
/** https://github.com/slackapi/bolt-js/issues/2509: undocumented, seen to begin between 12,000 and 13,300. */
const maxBlockTextCharacters = 12_000;

/**
 * Returns the error word with which Slack would refuse a message (`invalid_payload`, `no_text`, `invalid_blocks`,
 * `invalid_blocks_format`, `too_many_attachments`, `msg_blocks_too_long`, `msg_too_long`), or undefined if it would
 * post it. Where Slack's behaviour is unknown it is the stricter of the two.
 */
export function checkMessage(payload: unknown): string | undefined {
  try {
    check(payload);
    return undefined;
  } catch (error) {
    if (error instanceof Refused) return error.word;
    throw error;
  }
}

/**
 * Returns the reason why Slack would refuse a message, with the place of the fault such as `blocks/3/text`, or
 * undefined. For people: Slack itself tells a webhook no more than {@link checkMessage} does.
 */
export function explainMessage(payload: unknown): string | undefined {
  try {
    check(payload);
    return undefined;
  } catch (error) {
    if (error instanceof Refused) return `${error.word}: ${error.message}`;
    throw error;
  }
}

function check(payload: unknown): void {
  if (!isObject(payload)) throw new Refused("invalid_payload", "the payload must be an object");
  const { text } = payload;
  if (text !== undefined && typeof text !== "string") throw new Refused("invalid_payload", "text must be a string");
  if (slackLength(text ?? "", true) > maxTextCharacters) {
    throw new Refused("msg_too_long", `text must have at most ${maxTextCharacters} characters`);
  }
  const attachments = attachmentsOf(payload);
  const blocks = [
    ...blocksOf(payload, "blocks"),
    ...attachments.flatMap((attachment, index) => blocksOf(attachment, `attachments/${index}/blocks`)),
  ];
  const hasText = (text ?? "").trim() !== "";
  if (!hasText && blocks.length === 0 && !attachments.some(hasLegacyText)) {
    throw new Refused("no_text", "text, blocks and attachments are empty");
  }
  checkBlocks(blocks);
}

interface PlacedBlock {
  readonly at: string;
  readonly block: unknown;
}

function blocksOf(owner: JsonObject, at: string): readonly PlacedBlock[] {
  const blocks = owner.blocks ?? [];
  if (!Array.isArray(blocks)) throw new Refused("invalid_blocks_format", `${at}: must be a list`);
  return blocks.map((block: unknown, index) => ({ at: `${at}/${index}`, block }));
}

function checkBlocks(blocks: readonly PlacedBlock[]): void {
  if (blocks.length > maxBlocks) throw new Refused("invalid_blocks", `no more than ${maxBlocks} blocks allowed`);
  const ids = blocks.flatMap(({ block }) => (isObject(block) ? [block.block_id] : [])).filter(Boolean);
  if (new Set(ids).size < ids.length) throw new Refused("invalid_blocks", "block_id must be unique");
  const length = blocks.reduce((total, { at, block }) => total + blockLength(block, at), 0);
  if (length > maxBlockTextCharacters) {
    throw new Refused("msg_blocks_too_long", `all blocks must have at most ${maxBlockTextCharacters} characters`);
  }
}

function attachmentsOf(payload: JsonObject): readonly JsonObject[] {
  const attachments = payload.attachments ?? [];
  if (!Array.isArray(attachments) || !attachments.every(isObject)) {
    throw new Refused("invalid_payload", "attachments must be a list of objects");
  }
  if (attachments.length > maxAttachments) {
    throw new Refused("too_many_attachments", `no more than ${maxAttachments} attachments allowed`);
  }
  const strange = attachments.findIndex(({ color }) => color !== undefined && !isColor(color));
  if (strange >= 0) throw new Refused("invalid_payload", `attachments/${strange}/color must be a colour`);
  return attachments;
}

/** https://docs.slack.dev/reference/messaging/attachments: hexadecimal digits, or one of three words. */
function isColor(color: unknown): boolean {
  return typeof color === "string" && /^(#?[0-9a-f]{6}|#?[0-9a-f]{3}|good|warning|danger)$/i.test(color);
}

function hasLegacyText(attachment: JsonObject): boolean {
  const { text, pretext, title, fallback, fields } = attachment;
  const hasFields = Array.isArray(fields) && fields.length > 0;
  return hasFields || [text, pretext, title, fallback].some((value) => typeof value === "string" && value !== "");
}
