import * as v from "valibot";
import { SourceError } from "#model/errors.ts";
import type { SourceItem } from "#model/source-item.ts";
import type { Decoder } from "./decoder.ts";
import { objectRemoved } from "./object-removed.ts";
import { shown } from "./shown.ts";

/**
 * The shape of an S3 event notification.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
 */
const Notification = v.object({
  Records: v.pipe(
    v.array(
      v.object({
        eventSource: v.literal("aws:s3"),
        eventName: v.string(),
        // What else it may be costs a parameter of a link, not the notification.
        awsRegion: v.fallback(v.optional(v.string()), undefined),
        eventTime: v.optional(v.string()),
        userIdentity: v.optional(v.object({ principalId: v.optional(v.string()) })),
        requestParameters: v.optional(v.object({ sourceIPAddress: v.optional(v.string()) })),
        s3: v.object({ bucket: v.object({ name: v.string() }), object: v.object({ key: v.string() }) }),
      }),
    ),
    v.minLength(1),
  ),
});
type Entry = v.InferOutput<typeof Notification>["Records"][number];

/** What S3 sends once when a notification is set up. */
const TestEvent = v.object({ Service: v.literal("Amazon S3"), Event: v.literal("s3:TestEvent") });

/** S3 event notifications. Keys arrive form-encoded: `+` is a space, the rest is percent-encoded. */
export const decodeS3: Decoder = (payload) => {
  if (v.is(TestEvent, payload)) return [{ kind: "control", what: "s3:TestEvent" }];
  const notification = v.safeParse(Notification, payload);
  return notification.success ? notification.output.Records.map(decodeEntry) : undefined;
};

function decodeEntry(entry: Entry): SourceItem {
  const bucket = entry.s3.bucket.name;
  let key: string;
  try {
    key = decodeURIComponent(entry.s3.object.key.replaceAll("+", " "));
  } catch (cause) {
    const message = `the key "${shown(entry.s3.object.key)}" in bucket ${shown(bucket)} is not form-encoded`;
    return { kind: "undecodable", error: new SourceError(message, { cause }) };
  }
  const [what] = entry.eventName.replace(/^s3:/, "").split(":");
  switch (what) {
    case "ObjectCreated":
      return { kind: "objects", objects: [{ bucket, key, region: entry.awsRegion }] };
    case "ObjectRemoved":
      return objectRemoved({
        bucket,
        key,
        event: entry.eventName,
        who: entry.userIdentity?.principalId,
        from: entry.requestParameters?.sourceIPAddress,
        when: entry.eventTime,
      });
    default:
      return { kind: "control", what: entry.eventName };
  }
}
