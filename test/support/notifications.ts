import {
  GetBucketNotificationConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { clientConfig } from "./deployment.ts";
import type { Ministack } from "./ministack.ts";

/** Does something while a bucket of the emulator tells nobody about it: notifications that never come. */
export async function withoutNotifications<T>(
  ministack: Ministack,
  Bucket: string,
  work: () => Promise<T>,
): Promise<T> {
  const s3 = new S3Client(clientConfig(ministack));
  const { $metadata: _, ...before } = await s3.send(new GetBucketNotificationConfigurationCommand({ Bucket }));
  const set = (NotificationConfiguration: object) =>
    s3.send(new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration }));
  await set({});
  try {
    return await work();
  } finally {
    await set(before);
  }
}
