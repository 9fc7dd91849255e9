import * as v from "valibot";
import { SourceError } from "#model/errors.ts";
import type { SourceItem } from "#model/source-item.ts";
import type { Decoder } from "./decoder.ts";
import { objectRemoved } from "./object-removed.ts";
import { shown } from "./shown.ts";

/** https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html */
const Event = v.object({
  "detail-type": v.string(),
  source: v.string(),
  id: v.optional(v.string()),
  time: v.optional(v.string()),
  // What else it may be costs a parameter of a link, not the event.
  region: v.fallback(v.optional(v.string()), undefined),
  detail: v.unknown(),
});
type Event = v.InferOutput<typeof Event>;

/** Of `Object Created` and `Object Deleted`. https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html */
const ObjectDetail = v.object({
  bucket: v.object({ name: v.string() }),
  object: v.object({ key: v.string() }),
  reason: v.optional(v.string()),
  "deletion-type": v.optional(v.string()),
  requester: v.optional(v.string()),
  "source-ip-address": v.optional(v.string()),
});

/** What `reason` says when a lifecycle rule removed the object, as its owner wants. */
const LIFECYCLE = "Lifecycle Expiration";

/**
 * EventBridge events of S3 and of CloudTrail. Keys arrive as they are, in contrast to bucket notifications. CloudTrail
 * names its types `AWS API Call via CloudTrail`, `AWS Console Sign In via CloudTrail`, `AWS Insight via CloudTrail` and
 * so on; the detail of each is a record.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
 */
export const decodeEventBridge: Decoder = (payload) => {
  const event = v.safeParse(Event, payload);
  return event.success ? [decodeEvent(event.output)] : undefined;
};

function decodeEvent(event: Event): SourceItem {
  const type = event["detail-type"];
  const name = `the EventBridge event ${shown(event.id ?? "(no id)")} of the type "${shown(type)}"`;
  if (type.endsWith(" via CloudTrail")) return { kind: "records", records: [event.detail], from: name };
  // A schedule whose payload was lost on the way; the next one looks back.
  if (event.source === "aws.events" && type === "Scheduled Event") return { kind: "control", what: type };
  if (event.source !== "aws.s3") {
    const expected = "expected the objects of a bucket (aws.s3), or one that comes via CloudTrail";
    return {
      kind: "undecodable",
      error: new SourceError(`${name} from ${shown(event.source)} is not one to read; ${expected}`),
    };
  }
  const detail = v.safeParse(ObjectDetail, event.detail);
  if (!detail.success) return { kind: "undecodable", error: new SourceError(`${name} names no bucket and key`) };
  const { bucket, object, reason, requester, "deletion-type": deletion, "source-ip-address": from } = detail.output;
  switch (type) {
    case "Object Created":
      return { kind: "objects", objects: [{ bucket: bucket.name, key: object.key, region: event.region }] };
    case "Object Deleted":
      if (reason === LIFECYCLE) return { kind: "control", what: `${type}: ${reason}` };
      return objectRemoved({
        bucket: bucket.name,
        key: object.key,
        event: [type, reason, deletion].filter(Boolean).join(", "),
        who: requester,
        from,
        when: event.time,
      });
    default:
      return { kind: "control", what: type };
  }
}
