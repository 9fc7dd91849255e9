/** What of a log file has an upper bound: the names of the settings `limits.*`. */
export const LIMITS = ["file_bytes", "file_records", "record_bytes", "record_depth", "record_values"] as const;

export type LimitName = (typeof LIMITS)[number];

/**
 * The upper bounds: the unpacked bytes of a file, the elements of its lists, the bytes of one element as it stands in
 * the file, and how deep and how many values a record may be.
 */
export type Limits = Readonly<Record<LimitName, number>>;

/**
 * What the Terraform module sets unless told otherwise. CloudTrail nests about ten deep, and a record is at most 256 KB
 * (1 MB with network activity); a file of 200,000 records unpacks to about 400 MB.
 */
export const DEFAULT_LIMITS: Limits = {
  file_bytes: 4 * 2 ** 30,
  file_records: 5_000_000,
  record_bytes: 2 ** 20,
  record_depth: 64,
  record_values: 100_000,
};

/** A log file that is read once, batch by batch. */
export interface LogFileReading {
  /** Its elements, as they arrive. Throws LogFileError where the file cannot be read any further. */
  readonly batches: AsyncIterable<readonly unknown[]>;
  /** After the last batch: of the unpacked bytes, in hexadecimal digits. */
  readonly sha256: () => string;
}

/** Stands in the place of an element of a log file that is no JSON or too large. */
export class MalformedElement {
  /** Continues "the element …", without a word of what is in it. */
  readonly reason: string;
  /** The limit that it goes beyond, if that is the reason. */
  readonly limit?: LimitName;

  constructor(reason: string, limit?: LimitName) {
    this.reason = reason;
    if (limit !== undefined) this.limit = limit;
  }
}

/** Stands in the place of records that follow each other and that no rule can match: nobody has to look at them. */
export class SkippedElements {
  readonly count: number;

  constructor(count: number) {
    this.count = count;
  }
}
