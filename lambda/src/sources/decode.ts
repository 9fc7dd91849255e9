import { SourceError } from "#model/errors.ts";
import type { SourceItem } from "#model/source-item.ts";
import { decodeS3 } from "./s3.ts";
import { decodeSns } from "./sns.ts";

/** One decoder per envelope, found by shape: each answers undefined to what it does not know. */
const DECODERS = [decodeS3, decodeSns];

/** What to read or tell, by the payload that invoked the function. Never throws. */
export function decode(payload: unknown): readonly SourceItem[] {
  for (const decoder of DECODERS) {
    const items = decoder(payload);
    if (items !== undefined) return items;
  }
  const keys =
    typeof payload === "object" && payload !== null ? Object.keys(payload).slice(0, 5).join(", ").slice(0, 100) : "";
  const error = new SourceError(
    `the payload (${keys === "" ? typeof payload : `with ${keys}`}) is neither an S3 event notification nor one through SNS`,
  );
  return [{ kind: "undecodable", error }];
}
