import { describe, expect, test } from "vitest";
import { bucketCandidates, s3Place } from "#cli/scan/bucket.ts";
import type { OpenBucket } from "#cli/scan/candidates.ts";
import { fakeS3 } from "#test/support/fake-s3.ts";
import { logFile, record } from "#test/support/records.ts";
import { jsonLines, scanning } from "#test/support/scanning.ts";

const FOLDER = "AWSLogs/111111111111/CloudTrail/eu-central-1/2025/06";
const keyAt = (day: string, time: string) =>
  `${FOLDER}/${day}/111111111111_CloudTrail_eu-central-1_202506${day}T${time}Z_x.json.gz`;

/** Scans a bucket with these objects. */
async function bucketOf(objects: Readonly<Record<string, Uint8Array | number>>) {
  const { endpoint, asked } = await fakeS3(objects);
  const config = {
    endpoint,
    forcePathStyle: true,
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    region: "eu-central-1",
    maxAttempts: 1,
  };
  const openBucket: OpenBucket = (place, sinceMs) => bucketCandidates(place, sinceMs, config);
  const scan = async (...args: readonly string[]) => {
    const rules = ["--no-default-rules", "--rule", "true", "--json"];
    const { exitCode, output, said } = await scanning([...args, ...rules], { openBucket });
    return {
      exitCode,
      ids: jsonLines(output)
        .map(({ eventID }) => eventID)
        .toSorted(),
      said,
    };
  };
  return { scan, asked };
}

const file = (eventID: string) => logFile(record({ eventID }));

describe("scan s3://", () => {
  const objects = {
    [keyAt("09", "2355")]: file("a"),
    [keyAt("10", "2230")]: file("b"),
    [keyAt("10", "2320")]: file("c"),
    [keyAt("11", "0915")]: file("d"),
    "AWSLogs/111111111111/CloudTrail-Digest/eu-central-1/2025/06/11/x.json.gz": file("digest"),
    "AWSLogs/readme.txt": file("readme"),
    "other/e.json.gz": file("e"),
  };

  test("reads all below a prefix, over several pages of keys", async () => {
    const { scan } = await bucketOf(objects);
    expect(await scan("s3://b/AWSLogs/")).toEqual({
      exitCode: 0,
      ids: ["a", "b", "c", "d"],
      said: ["4 alerts in 4 records of 4 files; 2 files hold no records."],
    });
    expect((await scan("s3://b")).ids).toEqual(["a", "b", "c", "d", "e"]);
  });

  test("does not ask for what was delivered well before --since", async () => {
    const { scan, asked } = await bucketOf(objects);
    const { ids } = await scan("s3://b/AWSLogs/", "--since", "2025-06-11");
    expect([ids, asked.map((name) => name.slice(37, 50)).toSorted()]).toEqual([
      ["c", "d"],
      ["20250610T2320", "20250611T0915"],
    ]);
  });

  test("goes on behind an object that is forbidden", async () => {
    const { scan } = await bucketOf({ ...objects, [keyAt("10", "2230")]: 403 });
    const { exitCode, ids, said } = await scan("s3://b/AWSLogs/");
    expect([exitCode, ids, said[0]]).toEqual([
      1,
      ["a", "c", "d"],
      expect.stringMatching(
        /^cloudtrail-to-slack: s3:\/\/b\/AWSLogs\/.*T2230Z_x\.json\.gz could not be read: AccessDenied: no$/,
      ),
    ]);
  });

  test("says that there is no such bucket, and that nothing lies below a prefix", async () => {
    const { scan } = await bucketOf(objects);
    expect([await scan("s3://another/x"), await scan("s3://b/nothing/")]).toEqual([
      {
        exitCode: 1,
        ids: [],
        said: ['cloudtrail-to-slack: the bucket "another" does not exist; name it as s3://bucket/prefix'],
      },
      {
        exitCode: 1,
        ids: [],
        said: ["cloudtrail-to-slack: there is no file at these paths; name log files, or what lies above them"],
      },
    ]);
  });

  test.each([
    ["s3://b", { bucket: "b", prefix: "" }],
    ["s3://b/", { bucket: "b", prefix: "" }],
    ["s3://b/AWSLogs/1", { bucket: "b", prefix: "AWSLogs/1" }],
    ["s3://", undefined],
    ["./s3://b", undefined],
    ["logs", undefined],
  ])("takes %s for %j", (place, expected) => {
    expect(s3Place(place)).toEqual(expected);
  });
});
