import { type MessageAttributeValue, PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import type { Publisher, TopicMessage } from "#model/ports.ts";
import { impatience } from "./impatience.ts";

/** Topics of Amazon SNS. */
export function snsPublisher(
  client: SNSClient = new SNSClient({ maxAttempts: 2, requestHandler: impatience(4_000) }),
): Publisher {
  return {
    async publish({ topicArn, subject, texts, attributes }) {
      await client.send(
        new PublishCommand({
          TopicArn: topicArn,
          Subject: subject,
          MessageStructure: "json",
          Message: JSON.stringify(texts),
          MessageAttributes: attributeValues(attributes),
        }),
      );
    },
  };
}

/** https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html */
function attributeValues(attributes: TopicMessage["attributes"]): Record<string, MessageAttributeValue> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [
      name,
      typeof value === "string"
        ? { DataType: "String", StringValue: value }
        : { DataType: "String.Array", StringValue: JSON.stringify(value) },
    ]),
  );
}
