import { spawnSync } from "node:child_process";
import path from "node:path";
import { expect, test } from "vitest";
import { repoRoot } from "#test/support/tools.ts";

test("docs/incident-response.md names the tests that there are", () => {
  const script = path.join(repoRoot, "test/support/response-table.ts");
  const { status, stderr } = spawnSync(process.execPath, [script, "--check"], { encoding: "utf8" });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});
