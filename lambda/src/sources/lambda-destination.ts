import * as v from "valibot";
import type { Decoder } from "./decoder.ts";

/**
 * A failed asynchronous invocation as Lambda describes it to a destination. A dead-letter queue gets the payload itself,
 * except from emulators; and a destination may be set up by hand.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
 */
const Envelope = v.object({
  requestContext: v.object({ functionArn: v.string() }),
  requestPayload: v.unknown(),
});

/** The payload that failed. */
export const decodeLambdaDestination: Decoder = (payload, readInner) => {
  const envelope = v.safeParse(Envelope, payload);
  if (!envelope.success || envelope.output.requestPayload === undefined) return undefined;
  return readInner(JSON.stringify(envelope.output.requestPayload), "the payload of a failed invocation");
};
