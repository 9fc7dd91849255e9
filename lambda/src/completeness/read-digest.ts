import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import * as v from "valibot";
import type { Digest } from "#model/digest.ts";
import { LogFileError, messageOf } from "#model/errors.ts";

/** A log file takes about 300 bytes in a digest file; 64 MB name some 200,000, for one account, region and hour. */
const MAX_BYTES = 64 * 2 ** 20;

const sha256 = v.pipe(v.string(), v.toLowerCase(), v.regex(/^[0-9a-f]{64}$/));

/**
 * Of an hour of one account and region. The first one of a trail has nothing before it.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html
 */
const DigestFile = v.object({
  awsAccountId: v.string(),
  digestEndTime: v.string(),
  previousDigestS3Bucket: v.nullish(v.string()),
  previousDigestS3Object: v.nullish(v.string()),
  previousDigestHashValue: v.nullish(sha256),
  logFiles: v.array(v.object({ s3Bucket: v.string(), s3Object: v.string(), hashValue: sha256 })),
});

/**
 * Reads a digest file: gzip of JSON.
 * @throws LogFileError when it cannot be read as one
 */
export async function readDigest(chunks: AsyncIterable<Uint8Array>, name: string): Promise<Digest> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    if (length > MAX_BYTES) throw new LogFileError(`${name} has more than ${MAX_BYTES} bytes`);
    parts.push(chunk);
  }
  const packed = Buffer.concat(parts);
  let unpacked = packed;
  try {
    if (packed[0] === 0x1f && packed[1] === 0x8b) unpacked = gunzipSync(packed, { maxOutputLength: MAX_BYTES });
  } catch (cause) {
    throw new LogFileError(`${name} is not gzip: ${messageOf(cause)}`, { cause, damaged: true });
  }
  let value: unknown;
  try {
    value = JSON.parse(unpacked.toString());
  } catch {
    // The parser's message quotes the text around the place: foreign, so it stays out.
    throw new LogFileError(`${name} is not JSON`, { damaged: true });
  }
  const parsed = v.safeParse(DigestFile, value);
  if (!parsed.success) {
    const path = v.getDotPath(parsed.issues[0]) ?? "as a whole";
    throw new LogFileError(`${name} is no digest file: ${path} is not what it should be`, { damaged: true });
  }
  const { awsAccountId, digestEndTime, logFiles, ...before } = parsed.output;
  const { previousDigestS3Bucket: bucket, previousDigestS3Object: key, previousDigestHashValue: hash } = before;
  return {
    accountId: awsAccountId,
    endTime: digestEndTime,
    sha256: createHash("sha256").update(unpacked).digest("hex"),
    files: logFiles.map(({ s3Bucket, s3Object, hashValue }) => ({
      object: { bucket: s3Bucket, key: s3Object },
      sha256: hashValue,
    })),
    previous: bucket && key && hash ? { object: { bucket, key }, sha256: hash } : undefined,
  };
}
