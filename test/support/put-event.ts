import type { Ministack } from "./ministack.ts";

/** An event as `aws events put-events` takes it. https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsRequestEntry.html */
export interface EventEntry {
  readonly Source: string;
  readonly DetailType: string;
  /** JSON. */
  readonly Detail: string;
}

/**
 * Puts an event on the emulator's default bus. By hand, because nothing else here needs the SDK's client.
 * @throws Error when the bus refuses it
 */
export async function putEvent({ endpoint, env }: Ministack, entry: EventEntry): Promise<void> {
  const scope = `${env.AWS_ACCESS_KEY_ID}/20260101/${env.AWS_REGION}/events/aws4_request`;
  const response = await fetch(endpoint, {
    method: "POST",
    headers: {
      "content-type": "application/x-amz-json-1.1",
      "x-amz-target": "AWSEvents.PutEvents",
      // The emulator reads the key and asks for no valid signature.
      authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`,
    },
    body: JSON.stringify({ Entries: [entry] }),
  });
  const answer = await response.text();
  if (!response.ok || !answer.includes('"FailedEntryCount": 0')) throw new Error(`PutEvents: ${answer}`);
}
