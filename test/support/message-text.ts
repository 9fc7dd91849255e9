import type { SlackMessage } from "#delivery/slack-message.ts";
import type { RawRecord } from "./records.ts";

/** What people read of a message of ours, top to bottom: bold is between asterisks, links are their texts in brackets. */
export function shownText({ blocks = [], attachments }: SlackMessage): string {
  return [...blocks, ...(attachments ?? []).flatMap((attachment) => attachment.blocks)].map(ofBlock).join("\n");
}

type ShownBlock = NonNullable<SlackMessage["blocks"]>[number];

function ofBlock(block: ShownBlock): string {
  switch (block.type) {
    case "header":
      return block.text.text;
    case "section":
      return block.fields.map(({ text }) => text.replace("\n", "  ")).join("\n");
    case "rich_text":
      return block.elements[0].elements
        .map((element) => {
          if (element.type === "link") return `[${element.text}]`;
          return element.style?.bold ? element.text.replace(/^(.*?)(\s*)$/s, "*$1*$2") : element.text;
        })
        .join("");
    case "context":
      return block.elements.map(({ text }) => text).join("  |  ");
    default:
      throw new Error(`nothing is known of ${JSON.stringify(block satisfies never)}`);
  }
}

/** The same call as a message that hands on what CloudTrail wrote: who by ARN, the call, and the record's parts as JSON. */
export function rawText(record: RawRecord): string {
  const { userIdentity, eventName, errorCode, errorMessage } = record;
  const caller = Object(userIdentity).arn ?? Object(userIdentity).invokedBy;
  const ending = errorCode === undefined ? "" : ` but failed due to ${String(errorCode)}: ${String(errorMessage)}`;
  const parts = ["requestParameters", "responseElements", "additionalEventData"].flatMap((key) =>
    record[key] === null || record[key] === undefined ? [] : [`${key}: ${JSON.stringify(record[key], null, 2)}`],
  );
  const fields = ["eventTime", "awsRegion", "sourceIPAddress", "userAgent", "recipientAccountId", "eventID"];
  return [
    `${caller} called ${String(eventName)}${ending}`,
    ...parts,
    ...fields.map((key) => `${key}: ${String(record[key])}`),
  ].join("\n");
}
