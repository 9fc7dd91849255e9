import type { ReconcileRequest } from "./digest.ts";
import type { SourceError } from "./errors.ts";
import type { Notice } from "./news.ts";
import type { WindowEnd } from "./repeat-window.ts";

/** An object in Amazon S3. The key is decoded: as the bucket knows it. */
export interface ObjectRef {
  readonly bucket: string;
  readonly key: string;
  /** The bucket's region, where whoever told of the object said it. */
  readonly region?: string | undefined;
}

/** What people and the ledger call an object. */
export function nameOfObject({ bucket, key }: ObjectRef): string {
  return `s3://${bucket}/${key}`;
}

/** A message as a queue handed it out. */
export interface QueueMessage {
  readonly id: string;
  /** ARN of the queue. */
  readonly queue: string;
  /** Stands for this handing out: the next one has another. */
  readonly receiptHandle: string;
  /** How often it was handed out so far, this time included. */
  readonly receives: number;
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
  /** The time of a window is over: what it counted is to be told. */
  | { readonly kind: "window"; readonly end: WindowEnd }
  /** Digest files are to be looked for. */
  | { readonly kind: "reconcile"; readonly request: ReconcileRequest }
  /** Something that needs no answer, such as `s3:TestEvent`. */
  | { readonly kind: "control"; readonly what: string }
  | { readonly kind: "undecodable"; readonly error: SourceError }
);

/** What CloudTrail keeps at a key, told by the folder (path segment) that it lies in. */
export const OBJECT_KINDS = ["log", "digest", "insight", "network-activity", "aggregated", "other"] as const;
export type ObjectKind = (typeof OBJECT_KINDS)[number];
