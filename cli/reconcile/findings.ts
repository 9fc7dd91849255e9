import type { ObjectRef } from "#model/source-item.ts";

/** A log file whose content is not what its digest file says. */
export interface Altered {
  /** `s3://bucket/key`, as all names here. */
  readonly object: string;
  readonly digest: string;
  /** When that happened, seen from the function. */
  readonly when: "before it was processed" | "after it was processed" | "not processed yet";
  /** SHA-256 of the unpacked bytes, in hexadecimal digits. */
  readonly expected: string;
  /** The same of what is there or was processed; undefined when it cannot be unpacked. */
  readonly found: string | undefined;
}

/** A log file that is not in the bucket any more. */
export interface Removed {
  readonly object: string;
  readonly digest: string;
  readonly processed: boolean;
}

/** A digest file that does not follow the one before it. */
export interface Break {
  readonly digest: string;
  /** `restart`: it names none, though there are earlier ones; log file validation was off in between. */
  readonly what: "previous removed" | "previous altered" | "restart";
  /** The one that it names. */
  readonly previous: string | undefined;
}

/** What a comparison brought. `listed = processed + missing + unknown +` those of `removed` that were not processed. */
export interface Findings {
  /** How many digest files were read. */
  readonly digests: number;
  /** The ends of the first and last of their hours, ISO 8601. */
  readonly span: readonly [from: string, to: string] | undefined;
  readonly listed: number;
  readonly processed: number;
  /** Listed, not processed, and not known to be removed. */
  readonly missing: readonly ObjectRef[];
  /** Not in the ledger, but of a time of which it knows nothing. */
  readonly unknown: number;
  /** The ledger knows of the hours that ended at this time or later, ISO 8601. */
  readonly knownSince: string;
  readonly altered: readonly Altered[];
  readonly removed: readonly Removed[];
  readonly breaks: readonly Break[];
  /** Files that the command could not read, and why. */
  readonly unreadable: readonly { readonly object: string; readonly reason: string }[];
  /** Digest files that show the function what is wrong, so that it tells. */
  readonly toTell: readonly ObjectRef[];
  readonly interrupted: boolean;
}
