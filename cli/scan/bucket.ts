import { ListObjectsV2Command, S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import { s3ObjectStore } from "#aws/s3.ts";
import { awsError, concernsEverything, regionOf } from "#cli/shared/aws-error.ts";
import { LogFileError } from "#model/errors.ts";
import { nameOfObject } from "#model/source-item.ts";
import { type Candidate, mayBeLogFile } from "./candidate.ts";

/** `s3://bucket/prefix`, taken apart; undefined for a place on this machine. */
export function s3Place(place: string): { readonly bucket: string; readonly prefix: string } | undefined {
  const [, bucket, prefix = ""] = /^s3:\/\/([^/]+)(?:\/(.*))?$/s.exec(place) ?? [];
  return bucket === undefined ? undefined : { bucket, prefix };
}

/** CloudTrail writes into a file's name when it was delivered. */
const DELIVERED = /_(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)Z_[^/]*$/;
/** The name may be that much older than the newest record in the file: clocks differ, and its minutes are in fives. */
const SLACK_MS = 3_600_000;

/**
 * The objects below a prefix, in the order of their keys, listed as they are asked for.
 * @param sinceMs what was delivered before is skipped by its name: it holds no record that is newer
 * @throws CommandError when the bucket cannot be asked
 */
export async function* bucketCandidates(
  { bucket, prefix }: { readonly bucket: string; readonly prefix: string },
  sinceMs: number | undefined,
  config: S3ClientConfig = {},
): AsyncGenerator<Candidate> {
  const client = await clientFor(config);
  const asked = {
    what: `the bucket "${bucket}"`,
    whenMissing: "name it as s3://bucket/prefix",
    permissions: ["s3:ListBucket", "s3:GetObject"],
  };
  const store = s3ObjectStore(client);
  let ContinuationToken: string | undefined;
  do {
    const page = { Bucket: bucket, Prefix: prefix, ...(ContinuationToken === undefined ? {} : { ContinuationToken }) };
    const { Contents = [], NextContinuationToken } = await client
      .send(new ListObjectsV2Command(page))
      .catch((error: unknown) => {
        throw awsError(error, asked);
      });
    for (const { Key: key = "" } of Contents) {
      const object = { bucket, key };
      if (!mayBeLogFile(key) || isBefore(key, sinceMs)) yield { kind: "skipped" };
      else {
        const open = async function* () {
          try {
            yield* store.read(object);
          } catch (error) {
            const cause = error instanceof LogFileError ? (error.cause ?? error) : error;
            throw concernsEverything(cause) ? awsError(cause, asked) : error;
          }
        };
        yield { kind: "file", name: nameOfObject(object), open };
      }
    }
    ContinuationToken = NextContinuationToken;
  } while (ContinuationToken !== undefined);
}

function isBefore(key: string, sinceMs: number | undefined): boolean {
  const [, year, month, day, hour, minute] = DELIVERED.exec(key) ?? [];
  if (sinceMs === undefined || year === undefined) return false;
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}Z`) + SLACK_MS < sinceMs;
}

/** Any region will do to ask where a bucket is. */
async function clientFor(config: S3ClientConfig): Promise<S3Client> {
  const options = { maxAttempts: 5, followRegionRedirects: true, ...config };
  const client = new S3Client(options);
  return regionOf(client).then(
    () => client,
    () => new S3Client({ ...options, region: "us-east-1" }),
  );
}
