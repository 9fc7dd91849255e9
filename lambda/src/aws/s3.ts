import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { LogFileError, messageOf } from "#model/errors.ts";
import type { ObjectStore } from "#model/ports.ts";

/** Objects in Amazon S3. */
export function s3ObjectStore(client: S3Client = new S3Client({})): ObjectStore {
  return {
    async get({ bucket, key }, maxBytes) {
      const name = `s3://${bucket}/${key}`;
      try {
        const { Body, ContentLength = 0 } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
        if (Body === undefined) throw new Error("S3 answered without a body");
        if (ContentLength > maxBytes) throw new Error(`it holds ${ContentLength} bytes, more than ${maxBytes}`);
        return await Body.transformToByteArray();
      } catch (cause) {
        const kind = cause instanceof Error && cause.name !== "Error" ? `${cause.name}: ` : "";
        throw new LogFileError(`${name} could not be read: ${kind}${messageOf(cause)}`, { cause });
      }
    },
  };
}
