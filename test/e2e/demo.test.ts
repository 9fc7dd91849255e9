import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { strToU8, zipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { record, trailStopped } from "#test/support/records.ts";
import { repoRoot, run } from "#test/support/tools.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "logs-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** The README's command, with what it prints. */
async function demo(...settings: readonly string[]): Promise<string> {
  const { stdout, stderr } = await run("make", ["demo", ...settings], { cwd: repoRoot, timeoutMs: 240_000 });
  return stdout + stderr;
}

describe("make demo ONCE=1", () => {
  test("shows the messages of the built-in story, and ends by itself", async () => {
    const printed = await demo("ONCE=1");
    expect(printed).toMatch(/alerts +8 of 8 expected: #default 3, #team-a 3, #team-b 2/);
    expect(printed).toContain("Every expected alert arrived.");
  });

  test("takes log files of the user's: plain, packed, or in a zip", async () => {
    const log = (id: string, account: string) =>
      strToU8(
        JSON.stringify({
          Records: [trailStopped(account, { eventID: id, userIdentity: { type: "IAMUser" } }), record()],
        }),
      );
    await writeFile(path.join(folder, "plain.json"), log("plain", "222222222222"));
    await writeFile(path.join(folder, "logs.zip"), zipSync({ "a/b.json": log("zipped", "444444444444") }));
    const printed = await demo("ONCE=1", `LOGS=${folder}`);
    expect(printed).toMatch(/files +2\n +records +4\n +alerts +2 of 2 expected: #default 0, #team-a 1, #team-b 1/);
  });

  test("says what is wrong with a folder that is not there", async () => {
    await expect(demo("ONCE=1", "LOGS=/nowhere")).rejects.toThrow("LOGS=/nowhere: there is no such file or folder.");
  });
});
