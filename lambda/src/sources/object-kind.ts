import type { ObjectKind } from "#model/source-item.ts";

/**
 * The folders that CloudTrail writes, below `[prefix/]AWSLogs/[o-…/]ACCOUNT/`.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-find-log-files.html
 */
const FOLDERS: ReadonlyMap<string, ObjectKind> = new Map([
  ["CloudTrail", "log"],
  ["CloudTrail-Digest", "digest"],
  ["CloudTrail-Insight", "insight"],
  ["CloudTrail-NetworkActivity", "network-activity"],
  ["CloudTrail-Aggregated", "aggregated"],
]);

const ACCOUNT = /^\d{12}$/;

/**
 * What lies at a key, told by the path segment after the account id, so that a prefix that happens to contain one of
 * the folders' names does not confuse. A key without such a segment is a log file when it is named like one.
 */
export function objectKind(key: string): ObjectKind {
  if (key.endsWith("/")) return "other";
  const segments = key.split("/");
  const folder = segments.findIndex(
    (segment, index) => FOLDERS.has(segment) && ACCOUNT.test(segments[index - 1] ?? ""),
  );
  const kind = FOLDERS.get(segments[folder] ?? "");
  if (kind !== undefined) return kind;
  return /_CloudTrail_[^/]*\.json(\.gz)?$/.test(key) ? "log" : "other";
}
