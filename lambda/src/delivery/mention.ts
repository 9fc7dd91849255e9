import type { Mention } from "#model/destination.ts";
import type { SlackMessage } from "./slack-message.ts";

/** A line that calls somebody. https://docs.slack.dev/reference/block-kit/blocks/rich-text-block */
interface MentionBlock {
  readonly type: "rich_text";
  readonly elements: readonly [{ readonly type: "rich_text_section"; readonly elements: readonly [MentionElement] }];
}

type MentionElement =
  | { readonly type: "usergroup"; readonly usergroup_id: string }
  | { readonly type: "broadcast"; readonly range: "here" | "channel" };

/** A message that may call somebody. */
export interface CallingMessage extends Omit<SlackMessage, "blocks"> {
  readonly blocks?: readonly (NonNullable<SlackMessage["blocks"]>[number] | MentionBlock)[];
}

/**
 * The message below a line that calls somebody: an element of its own, so that no text of a record stands beside it. A
 * message without blocks begins with it. https://docs.slack.dev/messaging/formatting-message-text#advanced
 * @param isPlain whether the message is text only
 */
export function withMention(
  message: SlackMessage,
  mention: Mention | undefined,
  { isPlain }: { readonly isPlain: boolean },
): CallingMessage {
  if (mention === undefined) return message;
  if (isPlain) {
    const call = mention.kind === "group" ? `<!subteam^${mention.id}>` : `<!${mention.range}>`;
    return { ...message, text: `${call} ${message.text}` };
  }
  const element: MentionElement =
    mention.kind === "group"
      ? { type: "usergroup", usergroup_id: mention.id }
      : { type: "broadcast", range: mention.range };
  const line: MentionBlock = { type: "rich_text", elements: [{ type: "rich_text_section", elements: [element] }] };
  return { ...message, blocks: [line, ...(message.blocks ?? [])] };
}
