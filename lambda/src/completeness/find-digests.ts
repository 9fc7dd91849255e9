import type { ReconcileRequest } from "#model/digest.ts";
import type { ObjectStore } from "#model/ports.ts";
import type { ObjectRef } from "#model/source-item.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** The levels above the folder with digest files: `AWSLogs`, an organization's id, an account's id. */
const LEVEL = /(^|\/)(AWSLogs|o-[a-z0-9]{10,32}|\d{12})\/$/;
/** How deep a prefix of the trail's own is looked for. */
const MAX_ABOVE = 2;
const DIGESTS = /(^|\/)\d{12}\/CloudTrail-Digest\/$/;
/** `111111111111_CloudTrail-Digest_eu-central-1_trail_eu-central-1_20250611T091500Z.json.gz` ends with the hour's end. */
const END_TIME = /_(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z\.json\.gz$/;

/**
 * The digest files of the last hours below a prefix, of every account and region, the oldest first.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html
 * @throws what listing throws
 */
export async function findDigests(
  objects: Pick<ObjectStore, "list">,
  { bucket, prefix, hours }: ReconcileRequest,
  nowMs: number,
): Promise<readonly ObjectRef[]> {
  const fromMs = nowMs - hours * HOUR_MS;
  // Level by level, each with several questions at a time: an organization has a folder for each account and region.
  let levels: readonly string[] = [prefix];
  const regions: string[] = [];
  for (let depth = 0; levels.length > 0; depth++) {
    const below = (await inBatches(levels, (folder) => objects.list(bucket, folder))).flatMap(({ folders }) => folders);
    const digests = below.filter((folder) => DIGESTS.test(folder));
    const lists = await inBatches(digests, (folder) => objects.list(bucket, folder));
    regions.push(...lists.flatMap(({ folders }) => folders));
    // With no prefix given, one of the trail's own may lie above AWSLogs.
    const mayBeAbove = prefix === "" && depth < MAX_ABOVE;
    levels = below.filter((folder) => LEVEL.test(folder) || (mayBeAbove && !folder.includes("AWSLogs/")));
  }
  const spans = regions.flatMap((region) => days(fromMs, nowMs).map((day) => region + day));
  const keys = (await inBatches(spans, (span) => objects.list(bucket, span))).flatMap((list) => list.keys);
  const timed = keys.map((key) => ({ key, endMs: endMsOf(key) })).filter(({ endMs }) => endMs >= fromMs);
  return timed.sort((a, b) => a.endMs - b.endMs).map(({ key }) => ({ bucket, key }));
}

/** How many questions S3 is asked at the same time. */
const BATCH = 20;

async function inBatches<T, R>(items: readonly T[], ask: (item: T) => Promise<R>): Promise<readonly R[]> {
  const answers: R[] = [];
  for (let start = 0; start < items.length; start += BATCH) {
    answers.push(...(await Promise.all(items.slice(start, start + BATCH).map(ask))));
  }
  return answers;
}

/** `2025/06/11/`, one for each day (UTC) that begins or ends in a span. */
function days(fromMs: number, toMs: number): readonly string[] {
  const first = Math.floor(fromMs / DAY_MS);
  return Array.from({ length: Math.floor(toMs / DAY_MS) - first + 1 }, (_, index) => {
    const [date = ""] = new Date((first + index) * DAY_MS).toISOString().split("T");
    return `${date.replaceAll("-", "/")}/`;
  });
}

function endMsOf(key: string): number {
  const [, year, month, day, hour, minute, second] = END_TIME.exec(key) ?? [];
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}
