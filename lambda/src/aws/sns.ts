import { PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import type { Publisher } from "#model/ports.ts";

/** Topics of Amazon SNS. */
export function snsPublisher(client: SNSClient = new SNSClient({})): Publisher {
  return {
    async publish({ topicArn, subject, body }) {
      await client.send(new PublishCommand({ TopicArn: topicArn, Subject: subject, Message: body }));
    },
  };
}
