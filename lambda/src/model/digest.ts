import type { ObjectRef } from "./source-item.ts";

/** A file, and the hash that CloudTrail gave it: SHA-256 of its unpacked bytes, in hexadecimal digits. */
export interface SealedFile {
  readonly object: ObjectRef;
  readonly sha256: string;
}

/** An hourly digest file: every log file that CloudTrail delivered for an account and a region. */
export interface Digest {
  readonly accountId: string;
  /** ISO 8601, UTC. */
  readonly endTime: string;
  /** Of the digest file itself. */
  readonly sha256: string;
  readonly files: readonly SealedFile[];
  /** The digest file of the hour before: they form a chain. */
  readonly previous: SealedFile | undefined;
}

/** A file that is not what CloudTrail wrote. */
export interface Alteration {
  readonly file: SealedFile;
  /** The hash of what lies there now, or `unreadable`; undefined when nothing does. */
  readonly found: string | undefined;
}

/** To look for digest files whose notification never came. */
export interface ReconcileRequest {
  readonly bucket: string;
  /** Of the keys, such as `AWSLogs/`. */
  readonly prefix: string;
  /** How far to look back. */
  readonly hours: number;
}
