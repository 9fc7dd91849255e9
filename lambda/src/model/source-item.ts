import type { SourceError } from "./errors.ts";
import type { Notice } from "./news.ts";

/** An object in Amazon S3. The key is decoded: as the bucket knows it. */
export interface ObjectRef {
  readonly bucket: string;
  readonly key: string;
}

/** One acknowledgeable part of a payload. */
export type SourceItem = {
  /** Id of the queue message that it came with: only what belongs to a failed id comes again. */
  readonly ackId?: string;
} & (
  | { readonly kind: "objects"; readonly objects: readonly ObjectRef[] }
  /** Records that came by themselves, as they stand in the payload; `from` names where, for people. */
  | { readonly kind: "records"; readonly records: readonly unknown[]; readonly from: string }
  | { readonly kind: "notice"; readonly notice: Notice }
  /** Something that needs no answer, such as `s3:TestEvent`. */
  | { readonly kind: "control"; readonly what: string }
  | { readonly kind: "undecodable"; readonly error: SourceError }
);

/** What CloudTrail keeps at a key, told by the folder (path segment) that it lies in. */
export const OBJECT_KINDS = ["log", "digest", "insight", "network-activity", "aggregated", "other"] as const;
export type ObjectKind = (typeof OBJECT_KINDS)[number];
