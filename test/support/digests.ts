import { createHash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import { BUCKET, type RawRecord } from "./records.ts";

/** What digest files seal a file with: SHA-256 of its unpacked bytes, in hexadecimal digits. */
export function sealOf(packed: Uint8Array): string {
  return createHash("sha256").update(gunzipSync(packed)).digest("hex");
}

/** Where CloudTrail puts the digest file of the hour until a time such as `20250611T090000Z`, for 111111111111. */
export function digestKeyOf(until: string, { account = "111111111111", region = "eu-central-1" } = {}): string {
  const day = `${until.slice(0, 4)}/${until.slice(4, 6)}/${until.slice(6, 8)}`;
  return `AWSLogs/${account}/CloudTrail-Digest/${region}/${day}/${account}_CloudTrail-Digest_${region}_trail_${region}_${until}.json.gz`;
}

/** The content of a digest file, without a predecessor; `overrides` go beside the rest. @param files their seals, by key */
export function digest(files: Readonly<Record<string, string>>, overrides: RawRecord = {}): RawRecord {
  return {
    awsAccountId: "111111111111",
    digestStartTime: "2025-06-11T08:00:00Z",
    digestEndTime: "2025-06-11T09:00:00Z",
    digestS3Bucket: BUCKET,
    digestS3Object: digestKeyOf("20250611T090000Z"),
    newestEventTime: "2025-06-11T08:59:00Z",
    oldestEventTime: "2025-06-11T08:01:00Z",
    previousDigestS3Bucket: null,
    previousDigestS3Object: null,
    previousDigestHashValue: null,
    previousDigestHashAlgorithm: null,
    previousDigestSignature: null,
    digestSignatureAlgorithm: "SHA256withRSA",
    logFiles: Object.entries(files).map(([s3Object, hashValue]) => ({
      s3Bucket: BUCKET,
      s3Object,
      hashValue,
      hashAlgorithm: "SHA-256",
      newestEventTime: "2025-06-11T08:59:00Z",
      oldestEventTime: "2025-06-11T08:01:00Z",
    })),
    ...overrides,
  };
}

/** What a digest file says about the one of the hour before. */
export function follows(key: string, packed: Uint8Array): RawRecord {
  return {
    previousDigestS3Bucket: BUCKET,
    previousDigestS3Object: key,
    previousDigestHashValue: sealOf(packed),
    previousDigestHashAlgorithm: "SHA-256",
    previousDigestSignature: "00",
  };
}

/** A digest file as CloudTrail stores it. */
export function digestFile(content: RawRecord): Uint8Array {
  return gzipSync(JSON.stringify(content));
}
