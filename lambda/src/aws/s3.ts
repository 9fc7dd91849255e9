import { GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { LogFileError, messageOf } from "#model/errors.ts";
import type { ObjectStore } from "#model/ports.ts";
import { nameOfObject } from "#model/source-item.ts";
import { impatience } from "./impatience.ts";

/** Objects in Amazon S3. */
export function s3ObjectStore(client: S3Client = new S3Client({ requestHandler: impatience(5_000) })): ObjectStore {
  return {
    async *read(object) {
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket: object.bucket, Key: object.key }));
        if (Body === undefined) throw new Error("S3 answered without a body");
        yield* unlessSilent(Body as AsyncIterable<Uint8Array>);
      } catch (cause) {
        throw failed(`${nameOfObject(object)} could not be read`, cause);
      }
    },

    async list(bucket, prefix) {
      const keys: string[] = [];
      const folders: string[] = [];
      const page = { Bucket: bucket, Prefix: prefix, Delimiter: "/" };
      let ContinuationToken: string | undefined;
      try {
        do {
          const answer = await client.send(
            new ListObjectsV2Command({ ...page, ...(ContinuationToken === undefined ? {} : { ContinuationToken }) }),
          );
          keys.push(...(answer.Contents ?? []).flatMap(({ Key }) => Key ?? []));
          folders.push(...(answer.CommonPrefixes ?? []).flatMap(({ Prefix }) => Prefix ?? []));
          ContinuationToken = answer.NextContinuationToken;
        } while (ContinuationToken !== undefined);
      } catch (cause) {
        throw failed(`the keys below s3://${bucket}/${prefix} could not be listed`, cause);
      }
      return { keys, folders };
    },
  };
}

/** How long S3 may keep us waiting for the next bytes; while alerts are told, it waits for us. In milliseconds. */
const MAX_SILENCE_MS = 15_000;

async function* unlessSilent(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  try {
    for (;;) {
      let timer: NodeJS.Timeout | undefined;
      const silence = new Promise<never>((_resolve, reject) => {
        timer = setTimeout(() => reject(new Error("no bytes came for too long")), MAX_SILENCE_MS);
      });
      const next = await Promise.race([iterator.next(), silence]).finally(() => clearTimeout(timer));
      if (next.done) return;
      yield next.value;
    }
  } finally {
    // Not waited for: a stream that does not answer does not end either.
    iterator.return?.().catch(() => {});
  }
}

function failed(what: string, cause: unknown): LogFileError {
  const kind = cause instanceof Error && cause.name !== "Error" ? `${cause.name}: ` : "";
  const missing = cause instanceof Error && cause.name === "NoSuchKey";
  return new LogFileError(`${what}: ${kind}${messageOf(cause)}`, { cause, missing });
}
