import {
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { clientConfig } from "./deployment.ts";
import type { Ministack } from "./ministack.ts";

/** Fills and empties queues of the emulator. */
export function queueClient(ministack: Ministack) {
  const sqs = new SQSClient(clientConfig(ministack));
  return {
    /** Sends bodies as one batch; what is no text goes as JSON. */
    send: async (url: string, ...bodies: readonly unknown[]): Promise<void> => {
      const Entries = bodies.map((body, index) => ({
        Id: String(index),
        MessageBody: typeof body === "string" ? body : JSON.stringify(body),
      }));
      await sqs.send(new SendMessageBatchCommand({ QueueUrl: url, Entries }));
    },
    /** Up to ten bodies that lie in a queue now. */
    receive: async (url: string): Promise<readonly string[]> => {
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: 10 }));
      return Messages.map(({ Body = "" }) => Body);
    },
    /** The same, but they stay visible. */
    look: async (url: string): Promise<readonly string[]> => {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: 10, VisibilityTimeout: 0 }),
      );
      return Messages.map(({ Body = "" }) => Body);
    },
    /** How many messages there are, the hidden and the delayed ones too. */
    count: async (url: string): Promise<number> => {
      const { Attributes = {} } = await sqs.send(
        new GetQueueAttributesCommand({
          QueueUrl: url,
          AttributeNames: [
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesDelayed",
          ],
        }),
      );
      return Object.values(Attributes).reduce((total, value) => total + Number(value), 0);
    },
  };
}

/** The URL of a queue of the emulator, by its ARN. */
export function queueUrl(ministack: Ministack, arn: string): string {
  const [account, name] = arn.split(":").slice(-2);
  return `${ministack.endpoint}/${account}/${name}`;
}
