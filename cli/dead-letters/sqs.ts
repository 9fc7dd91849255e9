import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  type Message,
  ReceiveMessageCommand,
  SQSClient,
  type SQSClientConfig,
} from "@aws-sdk/client-sqs";
import { type Asked, awsError, regionOf } from "#cli/shared/aws-error.ts";
import { CommandError } from "#cli/shared/command-error.ts";
import type { DeadLetter, DeadLetterQueue } from "./ports.ts";

/** Above 0, so that every server of the queue is asked: none is then an answer. */
const WAIT_SECONDS = 2;
const BATCH = 10;
const ARN = /^arn:[^:]+:sqs:[^:]*:(\d{12}):([^:]+)$/;

/**
 * A dead-letter queue in Amazon SQS.
 * @param queue its name, ARN or URL
 * @throws CommandError when it cannot be found
 */
export async function sqsDeadLetters(queue: string, config: SQSClientConfig): Promise<DeadLetterQueue> {
  const client = new SQSClient({ maxAttempts: 5, ...config });
  const name = queue.split(/[/:]/).at(-1) ?? queue;
  const asked: Asked = {
    what: `the queue "${name}" in ${await regionOf(client)}`,
    whenMissing: "name it with --queue, or the function with --function-name, or the region with --region",
    permissions: [
      "sqs:GetQueueUrl",
      "sqs:GetQueueAttributes",
      "sqs:ReceiveMessage",
      "sqs:DeleteMessage",
      "sqs:ChangeMessageVisibility",
    ],
  };
  const told = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      throw awsError(error, asked);
    }
  };
  const QueueUrl = /^https?:/.test(queue) ? queue : await told(urlOf(queue, client));

  return {
    name,
    async count() {
      const AttributeNames = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"] as const;
      const command = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...AttributeNames] });
      const { Attributes = {} } = await told(client.send(command));
      const [waiting = 0, hidden = 0] = AttributeNames.map((attribute) => Number(Attributes[attribute] ?? 0));
      return { waiting, hidden };
    },
    async receive(max, hiddenSeconds) {
      const command = new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: max,
        VisibilityTimeout: hiddenSeconds,
        WaitTimeSeconds: WAIT_SECONDS,
        MessageSystemAttributeNames: ["SentTimestamp", "ApproximateReceiveCount"],
        // https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html#invocation-dlq
        MessageAttributeNames: ["ErrorMessage"],
      });
      const { Messages = [] } = await told(client.send(command));
      return Messages.map(toLetter);
    },
    async remove({ receipt }) {
      await told(client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: receipt })));
    },
    async show(letters) {
      for (let start = 0; start < letters.length; start += BATCH) {
        const Entries = letters.slice(start, start + BATCH).map(({ receipt }, index) => ({
          Id: String(index),
          ReceiptHandle: receipt,
          VisibilityTimeout: 0,
        }));
        const { Failed = [] } = await told(client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries })));
        // What is the sender's fault is a receipt that ran out: the message is visible, or gone.
        const [failed] = Failed.filter(({ SenderFault }) => SenderFault !== true);
        if (failed !== undefined) throw new CommandError(`${asked.what} answered ${failed.Code}: ${failed.Message}`);
      }
    },
  };
}

async function urlOf(queue: string, client: SQSClient): Promise<string> {
  const [, account, name = queue] = ARN.exec(queue) ?? [];
  const owner = account === undefined ? {} : { QueueOwnerAWSAccountId: account };
  const { QueueUrl = "" } = await client.send(new GetQueueUrlCommand({ QueueName: name, ...owner }));
  return QueueUrl;
}

function toLetter({ MessageId, ReceiptHandle, Body, Attributes, MessageAttributes }: Message): DeadLetter {
  const { SentTimestamp, ApproximateReceiveCount } = Attributes ?? {};
  return {
    id: MessageId ?? "",
    receipt: ReceiptHandle ?? "",
    body: Body ?? "",
    sentAt: SentTimestamp === undefined ? undefined : new Date(Number(SentTimestamp)).toISOString(),
    received: Number(ApproximateReceiveCount ?? 1),
    error: MessageAttributes?.ErrorMessage?.StringValue,
  };
}
