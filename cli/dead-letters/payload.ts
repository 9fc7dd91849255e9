import type { DeadLetter } from "./ports.ts";

/** What to invoke the function with for a message. */
export interface LetterPayload {
  /** JSON. */
  readonly text: string;
  readonly value: unknown;
  /** Whether it goes as a queue would bring it, because its body is no JSON and so no payload. */
  readonly wrapped: boolean;
}

/** The body itself where it can be a payload: the function then says what fails. Else the envelope of a queue. */
export function payloadOf({ id, body }: Pick<DeadLetter, "id" | "body">): LetterPayload {
  try {
    return { text: body, value: JSON.parse(body), wrapped: false };
  } catch {
    // No receipt and no queue's ARN: the function must not change how long this message is hidden.
    const value = { Records: [{ eventSource: "aws:sqs", messageId: id, body }] };
    return { text: JSON.stringify(value), value, wrapped: true };
  }
}
