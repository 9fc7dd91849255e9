import { PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import type { Publisher } from "#model/ports.ts";
import { impatience } from "./impatience.ts";

/** Topics of Amazon SNS. */
export function snsPublisher(
  client: SNSClient = new SNSClient({ maxAttempts: 2, requestHandler: impatience(4_000) }),
): Publisher {
  return {
    async publish({ topicArn, subject, body }) {
      await client.send(new PublishCommand({ TopicArn: topicArn, Subject: subject, Message: body }));
    },
  };
}
