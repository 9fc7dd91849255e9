import * as v from "valibot";
import type { Decoder } from "./decoder.ts";

/**
 * What CloudTrail itself publishes to the topic of a trail; the keys are not encoded. By hand it is the shortest way to
 * have files read again.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/configure-sns-notifications-for-cloudtrail.html
 */
const Notification = v.object({ s3Bucket: v.string(), s3ObjectKey: v.array(v.string()) });

/** CloudTrail's own notification: one bucket, any number of keys. */
export const decodeCloudTrailTopic: Decoder = (payload) => {
  const notification = v.safeParse(Notification, payload);
  if (!notification.success) return undefined;
  const { s3Bucket: bucket, s3ObjectKey } = notification.output;
  return [{ kind: "objects", objects: s3ObjectKey.map((key) => ({ bucket, key })) }];
};
