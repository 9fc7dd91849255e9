import * as v from "valibot";
import type { Decoder } from "./decoder.ts";
import { shown } from "./shown.ts";

/**
 * The JSON in which SNS delivers to a queue without raw message delivery.
 * https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
 */
const Notification = v.object({ Type: v.literal("Notification"), TopicArn: v.string(), Message: v.string() });

/** What SNS tells about a subscription itself. A queue is subscribed without anybody visiting the address in it. */
const Confirmation = v.object({
  Type: v.picklist(["SubscriptionConfirmation", "UnsubscribeConfirmation"]),
  TopicArn: v.string(),
});

/** What an SNS topic puts into a queue. */
export const decodeSnsNotification: Decoder = (payload, readInner) => {
  if (v.is(Confirmation, payload)) return [{ kind: "control", what: `sns:${payload.Type}` }];
  const notification = v.safeParse(Notification, payload);
  if (!notification.success) return undefined;
  const { Message, TopicArn } = notification.output;
  return readInner(Message, `a message of the topic ${shown(TopicArn)}`);
};
