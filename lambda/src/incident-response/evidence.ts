import { createHash } from "node:crypto";
import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import type { Aws } from "./aws.ts";
import { errorName, isMissing } from "./aws-error.ts";
import type { Evidence } from "./record.ts";

/** Where evidence goes. */
export interface EvidenceBucket {
  readonly bucket: string;
  /** Account that must own it: a bucket that is named by convention can be taken by a stranger. */
  readonly bucketOwner: string;
  /** Null is the key of AWS, `aws/s3`. */
  readonly kmsKeyArn: string | null;
}

/** An object as it stands in the bucket. */
export interface Kept {
  readonly body: Uint8Array;
  readonly versionId: string | undefined;
}

export const sha256 = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex");

/**
 * Writes an object, encrypted with KMS. An earlier one stays as its older version.
 * @param what names it for people
 * @throws what the SDK throws
 */
export async function put(
  { s3 }: Pick<Aws, "s3">,
  { bucket, bucketOwner, kmsKeyArn }: EvidenceBucket,
  key: string,
  body: Uint8Array | string,
  what: string,
  condition: { readonly IfNoneMatch?: "*" } = {},
): Promise<Evidence> {
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  const { VersionId } = await s3.send(
    new PutObjectCommand({
      Bucket: bucket,
      Key: key,
      Body: bytes,
      ContentType: contentType(key),
      ExpectedBucketOwner: bucketOwner,
      ServerSideEncryption: "aws:kms",
      ...(kmsKeyArn === null ? {} : { SSEKMSKeyId: kmsKeyArn }),
      ChecksumSHA256: createHash("sha256").update(bytes).digest("base64"),
      ...condition,
    }),
  );
  return { kind: "object", id: key, what, versionId: VersionId, size: bytes.length, sha256: sha256(bytes) };
}

/**
 * {@link put}, unless the key is taken.
 * @returns undefined when it is
 * @throws what the SDK throws
 */
export async function putOnce(...[aws, where, key, body, what]: Parameters<typeof put>): Promise<Evidence | undefined> {
  try {
    return await put(aws, where, key, body, what, { IfNoneMatch: "*" });
  } catch (error) {
    // 409: somebody else is writing it at this moment.
    if (["PreconditionFailed", "ConditionalRequestConflict"].includes(errorName(error))) return undefined;
    throw error;
  }
}

/**
 * Writes an object, and where it is there already, from an earlier attempt, tells of that one.
 * @throws what the SDK throws
 */
export async function putOrFind(
  aws: Pick<Aws, "s3">,
  where: EvidenceBucket,
  key: string,
  body: Uint8Array | string,
  what: string,
): Promise<Evidence> {
  const written = await putOnce(aws, where, key, body, what);
  if (written !== undefined) return written;
  const found = await getObject(aws, where, key);
  if (found === undefined) throw new Error(`s3://${where.bucket}/${key} is being written by another run`);
  const { body: bytes, versionId } = found;
  return { kind: "object", id: key, what, versionId, size: bytes.length, sha256: sha256(bytes) };
}

/**
 * Reads an object.
 * @returns undefined when it is not there
 * @throws what the SDK throws
 */
export async function getObject(
  { s3 }: Pick<Aws, "s3">,
  { bucket, bucketOwner }: Pick<EvidenceBucket, "bucket" | "bucketOwner">,
  key: string,
  versionId?: string,
): Promise<Kept | undefined> {
  try {
    const { Body, VersionId } = await s3.send(
      new GetObjectCommand({
        Bucket: bucket,
        Key: key,
        ExpectedBucketOwner: bucketOwner,
        ...(versionId === undefined ? {} : { VersionId: versionId }),
      }),
    );
    return { body: (await Body?.transformToByteArray()) ?? new Uint8Array(), versionId: VersionId };
  } catch (error) {
    if (isMissing(error) && errorName(error) !== "NoSuchBucket") return undefined;
    throw error;
  }
}

function contentType(key: string): string {
  if (key.endsWith(".jpg")) return "image/jpeg";
  return key.endsWith(".json") ? "application/json" : "text/plain; charset=utf-8";
}
