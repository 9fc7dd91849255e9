import * as v from "valibot";
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
