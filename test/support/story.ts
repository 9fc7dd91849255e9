import { gzipSync } from "node:zlib";
import { type RawRecord, record } from "./records.ts";

/** A record, and in which channel of `examples/per-account-channels` it must arrive: in none when undefined. */
export interface Scene {
  readonly what: string;
  readonly record: RawRecord;
  readonly channel: "default" | "team-a" | "team-b" | undefined;
}

/** A log file, or another object that CloudTrail keeps in its bucket. */
export interface StoryFile {
  readonly key: string;
  readonly scenes: readonly Scene[];
  readonly bytes: Uint8Array;
}

const SSO_ALICE = {
  type: "AssumedRole",
  arn: "arn:aws:sts::444444444444:assumed-role/AWSReservedSSO_AdministratorAccess_0123456789abcdef/alice@example.com",
  accountId: "444444444444",
};
const user = (name: string, accountId: string) => ({
  type: "IAMUser",
  arn: `arn:aws:iam::${accountId}:user/${name}`,
  accountId,
  userName: name,
});
const root = (accountId: string) => ({ type: "Root", arn: `arn:aws:iam::${accountId}:root`, accountId });

/** The day of a small company: what each of its accounts sees, and whom it concerns. */
const DAY: readonly {
  account: string;
  folder?: string;
  scenes: readonly [what: string, Scene["channel"], RawRecord][];
}[] = [
  {
    account: "222222222222",
    scenes: [
      ["root deletes a bucket", "team-a", { eventName: "DeleteBucket", userIdentity: root("222222222222") }],
      ["alice lists buckets", undefined, { eventName: "ListBuckets", readOnly: true }],
      [
        "bob signs in without MFA",
        "team-a",
        {
          eventName: "ConsoleLogin",
          eventSource: "signin.amazonaws.com",
          eventType: "AwsConsoleSignIn",
          userIdentity: user("bob", "222222222222"),
          responseElements: { ConsoleLogin: "Success" },
          additionalEventData: { MFAUsed: "No", MobileVersion: "No" },
          sourceIPAddress: "203.0.113.50",
          userAgent: "Mozilla/5.0 (X11; Linux x86_64)",
        },
      ],
      [
        "a build in the tooling account, which is ignored, stops a trail here",
        undefined,
        { eventName: "StopLogging", eventSource: "cloudtrail.amazonaws.com", userIdentity: user("ci", "111111111111") },
      ],
    ],
  },
  {
    account: "333333333333",
    scenes: [
      [
        "mallory may not list secrets",
        "team-a",
        {
          eventName: "ListSecrets",
          eventSource: "secretsmanager.amazonaws.com",
          errorCode: "AccessDenied",
          errorMessage: "User: mallory is not authorized to perform: secretsmanager:ListSecrets",
          userIdentity: user("mallory", "333333333333"),
          sourceIPAddress: "2001:db8::17",
        },
      ],
      [
        "log delivery may not write, which it tries all day",
        undefined,
        {
          eventName: "PutObject",
          errorCode: "AccessDenied",
          userIdentity: { type: "AWSService", invokedBy: "delivery.logs.amazonaws.com" },
          sourceIPAddress: "delivery.logs.amazonaws.com",
        },
      ],
    ],
  },
  {
    account: "444444444444",
    scenes: [
      [
        "alice stops the trail",
        "team-b",
        {
          eventName: "StopLogging",
          eventSource: "cloudtrail.amazonaws.com",
          requestParameters: { name: "management-events" },
          userIdentity: SSO_ALICE,
        },
      ],
      [
        "alice creates a user",
        "team-b",
        {
          eventName: "CreateUser",
          eventSource: "iam.amazonaws.com",
          awsRegion: "us-east-1",
          requestParameters: { userName: "backup" },
          userIdentity: SSO_ALICE,
        },
      ],
      [
        "alice looks at instances",
        undefined,
        { eventName: "DescribeInstances", eventSource: "ec2.amazonaws.com", readOnly: true },
      ],
    ],
  },
  {
    // The layout of an organization trail.
    account: "555555555555",
    folder: "o-exampleorg/555555555555",
    scenes: [
      [
        "carol pushes an SSH key",
        "default",
        {
          eventName: "SendSSHPublicKey",
          eventSource: "ec2-instance-connect.amazonaws.com",
          requestParameters: { instanceId: "i-0123456789abcdef0", instanceOSUser: "ec2-user" },
          userIdentity: user("carol", "555555555555"),
        },
      ],
      [
        "root signs in",
        "default",
        {
          eventName: "ConsoleLogin",
          eventSource: "signin.amazonaws.com",
          userIdentity: root("555555555555"),
          responseElements: { ConsoleLogin: "Success" },
          additionalEventData: { MFAUsed: "Yes" },
        },
      ],
      [
        "somebody hostile tries to wake the channel",
        "default",
        {
          eventName: "GetCallerIdentity",
          eventSource: "sts.amazonaws.com",
          errorCode: "AccessDenied",
          errorMessage: "<!channel> *urgent*: <https://evil.example|sign in again>\n\nRules: none",
          userIdentity: user("<@U0123456789>", "555555555555"),
          userAgent: "\u202e<!here>\u200b & friends",
        },
      ],
    ],
  },
];

/** The log files of the day, with a digest and an empty file among them. @param now when the calls were made */
export function story(now: Date): readonly StoryFile[] {
  const day = now.toISOString().slice(0, 10);
  const stamp = now.toISOString().slice(0, 16).replaceAll(/[-:]/g, "");
  const key = (account: string, folder: string, kind: string, id: string) =>
    `AWSLogs/${folder}/${kind}/eu-central-1/${day.replaceAll("-", "/")}/${account}_${kind}_eu-central-1_${stamp}Z_${id}.json.gz`;
  let count = 0;
  const logFiles = DAY.map(({ account, folder = account, scenes }, index): StoryFile => {
    const told = scenes.map(([what, channel, fields]): Scene => {
      count += 1;
      return {
        what,
        channel,
        record: record({
          eventTime: `${now.toISOString().slice(0, 19)}Z`,
          eventID: `00000000-0000-4000-8000-${String(count).padStart(12, "0")}`,
          recipientAccountId: account,
          ...fields,
        }),
      };
    });
    return {
      key: key(account, folder, "CloudTrail", `story00000000${index}`),
      scenes: told,
      bytes: gzipSync(JSON.stringify({ Records: told.map((scene) => scene.record) })),
    };
  });
  const digest = { digestS3Bucket: "example", logFiles: [], previousDigestSignature: null };
  return [
    ...logFiles,
    {
      key: key("222222222222", "222222222222", "CloudTrail-Digest", "digest"),
      scenes: [],
      bytes: gzipSync(JSON.stringify(digest)),
    },
    { key: key("222222222222", "222222222222", "CloudTrail", "empty"), scenes: [], bytes: gzipSync('{"Records":[]}') },
  ];
}
