import type { Alteration, Digest } from "#model/digest.ts";
import type { Notice } from "#model/news.ts";
import { MAX_REPORTED } from "#model/outcome.ts";
import { type MessageSettings, PLAIN_MESSAGES } from "#model/settings.ts";
import { accountInWords } from "./account.ts";
import { timeIn } from "./time.ts";

const MEANING =
  "CloudTrail signs what it wrote in its digest files. Whoever can change or remove the files may be covering tracks: see who wrote to the bucket, and compare with aws cloudtrail validate-logs.";

/** That files are not what CloudTrail wrote: one message for all that one digest file shows, none when there are none. */
export function alterationNotices(
  digest: Digest,
  digestName: string,
  alterations: readonly Alteration[],
  messages: MessageSettings = PLAIN_MESSAGES,
): readonly Notice[] {
  if (alterations.length === 0) return [];
  const count = alterations.length;
  return [
    {
      kind: "notice",
      severity: "critical",
      title:
        count === 1
          ? "A CloudTrail file is not what CloudTrail wrote"
          : `${count} CloudTrail files are not what CloudTrail wrote`,
      accountId: digest.accountId,
      facts: [
        ...alterations.slice(0, MAX_REPORTED).map(({ file, found }) => ({
          label: found === undefined ? "Missing" : "Altered",
          value: `s3://${file.object.bucket}/${file.object.key}`,
        })),
        { label: "Digest file", value: digestName },
        { label: "Where", value: accountInWords(digest.accountId, messages) },
        { label: "Hour until", value: timeIn(digest.endTime, messages.timeZone) },
        { label: "Meaning", value: MEANING },
      ],
    },
  ];
}
