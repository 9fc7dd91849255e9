import { readFileSync } from "node:fs";
import path from "node:path";
import { strToU8, zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { defaultRules } from "#default-rules";
import { fakeS3 } from "#test/support/fake-s3.ts";
import { logFile, record, trailStopped } from "#test/support/records.ts";
import { folderOf, jsonLines } from "#test/support/scanning.ts";
import { repoRoot, run } from "#test/support/tools.ts";

const manifest = JSON.parse(readFileSync(path.join(repoRoot, "package.json"), "utf8"));

/** As somebody has it who installed nothing of ours: neither this process's packages nor its npm settings. */
function clean(home: string, more: Readonly<Record<string, string>> = {}) {
  return {
    HOME: home,
    PATH: (process.env.PATH ?? "")
      .split(path.delimiter)
      .filter((folder) => !folder.includes("node_modules"))
      .join(path.delimiter),
    npm_config_cache: path.join(home, ".npm"),
    npm_config_update_notifier: "false",
    AWS_EC2_METADATA_DISABLED: "true",
    ...more,
  };
}

/** Packs this repository and installs the package in a folder. */
async function installed(): Promise<string> {
  const folder = folderOf({ "package.json": "{}" });
  const env = clean(folder);
  await run("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], { cwd: repoRoot, env });
  const tarball = `./${manifest.name}-${manifest.version}.tgz`;
  await run("npm", ["install", "--offline", "--ignore-scripts", "--no-audit", "--no-fund", tarball], {
    cwd: folder,
    env,
  });
  return folder;
}

describe("the npm package", { timeout: 180_000 }, () => {
  test("is installed from its tarball without another package, and does its work", async () => {
    const folder = await installed();
    const s3 = await fakeS3({ "AWSLogs/a.json.gz": logFile(trailStopped("111111111111", { eventID: "in a bucket" })) });
    const logs = folderOf({
      "a.json.gz": logFile(trailStopped("111111111111", { eventID: "in a file" }), record()),
      "b.zip": zipSync({ "b.json": strToU8(JSON.stringify([trailStopped("111111111111", { eventID: "in a zip" })])) }),
    });
    const bin = async (...args: readonly string[]) => {
      const credentials = { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test", AWS_ENDPOINT_URL: s3.endpoint };
      const env = clean(folder, credentials);
      const { stdout, stderr } = await run("npx", ["--no-install", "cloudtrail-to-slack", ...args], {
        cwd: folder,
        env,
      });
      return { stdout, stderr: stderr.replace(/^npm warn.*\n/gm, "") };
    };
    const lock = JSON.parse(readFileSync(path.join(folder, "package-lock.json"), "utf8"));
    const ids = async (...paths: readonly string[]) =>
      jsonLines((await bin("scan", ...paths, "--json")).stdout.trimEnd()).map(({ eventID }) => eventID);

    expect(Object.keys(lock.packages)).toEqual(["", `node_modules/${manifest.name}`]);
    expect(await bin("--version")).toEqual({ stdout: `${manifest.version}\n`, stderr: "" });
    expect((await bin("rules")).stdout).toMatch(new RegExp(`^${defaultRules.length} rules in \\d+ packs, `));
    expect((await bin("rules", "show", "trail-stopped")).stdout).toContain("StopLogging");
    expect((await bin("validate", "--all-packs")).stdout).toBe(`${defaultRules.length} rules, no problem.\n`);
    expect((await bin("test")).stdout).toMatch(
      new RegExp(`^${defaultRules.length} rules, \\d+ records: each as its file says\\.\n$`),
    );
    expect((await bin("convert", "'a' in event and event['a'] == 'b'")).stdout).toMatch(/^\S.*'b'.*\n$/);
    expect((await bin("preview", "--out", "page.html")).stdout).toContain(
      "one for each default rule, and 6 notices: open page.html",
    );
    expect(readFileSync(path.join(folder, "page.html"), "utf8")).toMatch(/<style>[^<]*\.message \{[^<]*<\/style>/);
    expect(await ids(logs)).toEqual(["in a file", "in a zip"]);
    expect(await ids("s3://b/AWSLogs/")).toEqual(["in a bucket"]);
  });

  test("`npm run --silent cli --` runs the sources in the repository", async () => {
    const { stdout } = await run("npm", ["run", "--silent", "cli", "--", "--version"], { cwd: repoRoot });
    expect(stdout).toBe(`${manifest.version}\n`);
  });
});
