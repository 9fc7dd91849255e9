import * as v from "valibot";
import type { QueueMessage } from "#model/source-item.ts";
import type { Decoder } from "./decoder.ts";
import { shown } from "./shown.ts";

/** The shape in which a queue invokes a function. https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html */
const Batch = v.object({
  Records: v.pipe(
    v.array(
      v.object({
        eventSource: v.literal("aws:sqs"),
        messageId: v.string(),
        body: v.string(),
        eventSourceARN: v.optional(v.string()),
        receiptHandle: v.optional(v.string()),
        attributes: v.optional(v.object({ ApproximateReceiveCount: v.optional(v.string()) })),
      }),
    ),
    v.minLength(1),
  ),
});

/** Messages of an SQS queue, each of which is acknowledged by itself. */
export const decodeSqs: Decoder = (payload, readInner) => {
  const batch = v.safeParse(Batch, payload);
  if (!batch.success) return undefined;
  return batch.output.Records.flatMap(({ messageId, body, eventSourceARN }) =>
    readInner(body, `the message ${shown(messageId)} of the queue ${shown(eventSourceARN ?? "(no ARN)")}`).map(
      (item) => ({
        ...item,
        ackId: messageId,
      }),
    ),
  );
};

/** The messages that a payload consists of, where it comes from a queue. */
export function queueMessages(payload: unknown): readonly QueueMessage[] {
  const batch = v.safeParse(Batch, payload);
  if (!batch.success) return [];
  return batch.output.Records.flatMap(({ messageId: id, eventSourceARN: queue, receiptHandle, attributes }) => {
    if (queue === undefined || receiptHandle === undefined) return [];
    const receives = Math.max(1, Number(attributes?.ApproximateReceiveCount) || 1);
    return [{ id, queue, receiptHandle, receives }];
  });
}
