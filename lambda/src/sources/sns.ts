import * as v from "valibot";
import type { Decoder } from "./decoder.ts";
import { shown } from "./shown.ts";

/** The shape in which SNS invokes a function. https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html */
const Envelope = v.object({
  Records: v.pipe(
    v.array(
      v.object({
        EventSource: v.literal("aws:sns"),
        Sns: v.object({ Message: v.string(), TopicArn: v.optional(v.string()) }),
      }),
    ),
    v.minLength(1),
  ),
});

/** What an SNS topic hands to a function that is subscribed to it. */
export const decodeSns: Decoder = (payload, readInner) => {
  const envelope = v.safeParse(Envelope, payload);
  if (!envelope.success) return undefined;
  return envelope.output.Records.flatMap(({ Sns }) =>
    readInner(Sns.Message, `a message of the topic ${shown(Sns.TopicArn ?? "(no ARN)")}`),
  );
};
