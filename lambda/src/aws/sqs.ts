import { ChangeMessageVisibilityCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { MessageQueue } from "#model/ports.ts";
import { impatience } from "./impatience.ts";

/** Queues of Amazon SQS. */
export function sqsMessageQueue(makeClient: () => SQSClient = defaultClient): MessageQueue {
  let client: SQSClient | undefined;
  return {
    async send(queue, body, DelaySeconds) {
      client ??= makeClient();
      const message = { QueueUrl: urlOf(queue), MessageBody: JSON.stringify(body), DelaySeconds };
      await client.send(new SendMessageCommand(message));
    },
    async delay({ queue, receiptHandle: ReceiptHandle }, seconds) {
      client ??= makeClient();
      const QueueUrl = urlOf(queue);
      await client.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: seconds }));
    },
  };
}

/** The address of a queue says which one; where it is asked, the client knows better. */
function defaultClient(): SQSClient {
  // An attempt and another one fit into what is kept for handing back.
  return new SQSClient({ useQueueUrlAsEndpoint: false, maxAttempts: 2, requestHandler: impatience(2_000) });
}

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-message-identifiers.html */
function urlOf(arn: string): string {
  const [, partition, , region, account, name] = arn.split(":");
  return `https://sqs.${region}.amazonaws.com${partition === "aws-cn" ? ".cn" : ""}/${account}/${name}`;
}
