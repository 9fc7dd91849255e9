import type { Fact } from "#model/news.ts";
import { type CloudTrailRecord, textAt } from "#model/record.ts";

/** Which key a call about access keys made or changed, and whose it is. */
export function accessKeyDetails(record: CloudTrailRecord): readonly Fact[] {
  if (!/^(Create|Update|Delete)AccessKey$/.test(textAt(record, "eventName") ?? "")) return [];
  const made = (key: string) => textAt(record, "responseElements", "accessKey", key);
  const facts: readonly (readonly [string, string | undefined])[] = [
    ["Access key", made("accessKeyId") ?? textAt(record, "requestParameters", "accessKeyId")],
    ["Of user", textAt(record, "requestParameters", "userName") === undefined ? made("userName") : undefined],
  ];
  return facts.flatMap(([label, value]) => (value === undefined ? [] : [{ label, value }]));
}
