import * as v from "valibot";
import { SourceError } from "#model/errors.ts";
import type { SourceItem } from "#model/source-item.ts";
import { decodeS3 } from "./s3.ts";

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

/**
 * Decodes S3 notifications that come through an SNS topic.
 * @returns undefined when the payload did not come from SNS
 */
export function decodeSns(payload: unknown): readonly SourceItem[] | undefined {
  const envelope = v.safeParse(Envelope, payload);
  if (!envelope.success) return undefined;
  return envelope.output.Records.flatMap(({ Sns }): readonly SourceItem[] => {
    const undecodable = (reason: string): SourceItem => ({
      kind: "undecodable",
      error: new SourceError(`a message of the topic ${Sns.TopicArn ?? "(no ARN)"} ${reason}`),
    });
    let message: unknown;
    try {
      message = JSON.parse(Sns.Message);
    } catch {
      return [undecodable("is not JSON")];
    }
    return decodeS3(message) ?? [undecodable("is not an S3 event notification")];
  });
}
