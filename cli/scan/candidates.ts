import { s3Place } from "./bucket.ts";
import type { Candidate } from "./candidate.ts";
import { bytesAt, localCandidates } from "./folder.ts";

/** The objects of a bucket below a prefix; those that were delivered before a time may be skipped. */
export type OpenBucket = (
  place: { readonly bucket: string; readonly prefix: string },
  sinceMs: number | undefined,
) => AsyncIterable<Candidate>;

/** What lies at the paths of a command line. */
export interface Candidates {
  /** Throws a CommandError when a bucket cannot be asked. */
  readonly all: AsyncIterable<Candidate>;
  /** How many of them it helps to read at the same time. */
  readonly concurrency: number;
  /** How much of all is read, from 0 to 1; undefined where nobody knows how much there is. */
  readonly share: () => number | undefined;
}

/** As many objects are on their way at the same time: each takes some 50 ms to begin. Disks do not need it. */
const BUCKET_CONCURRENCY = 8;

/** What lies at paths of this machine and below `s3://bucket/prefix`, in the order given. */
export async function candidatesAt(
  paths: readonly string[],
  sinceMs: number | undefined,
  openBucket: OpenBucket,
): Promise<Candidates> {
  const buckets = paths.filter((path) => s3Place(path) !== undefined).length;
  const bytes = buckets === 0 ? await bytesAt(paths) : 0;
  let read = 0;
  const onBytes = (more: number) => {
    read += more;
  };
  return {
    all: (async function* () {
      for (const path of paths) {
        const place = s3Place(path);
        if (place === undefined) yield* localCandidates(path, onBytes);
        else yield* openBucket(place, sinceMs);
      }
    })(),
    // A zip is open only until the next path is begun.
    concurrency: buckets === paths.length ? BUCKET_CONCURRENCY : 1,
    share: () => (bytes === 0 ? undefined : Math.min(1, read / bytes)),
  };
}
