import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { run } from "#test/support/tools.ts";

/** Half of 512 MB, so that the rest of the function has the other half. In MB. */
const MEMORY_MB = 256;
const SCRIPT = fileURLToPath(new URL("./read-large-file.ts", import.meta.url));

/** @returns what the script says of the file, or what it printed */
async function readLargeFile(what: string, times: number): Promise<unknown> {
  // Both bounds of the heap, as Lambda sets them; otherwise each version of Node has its own for young objects.
  const args = ["--max-old-space-size=200", "--max-semi-space-size=16", SCRIPT, what, `${times}`];
  const { stdout } = await run(process.execPath, args, { timeoutMs: 60_000 });
  return JSON.parse(stdout);
}

test.each([
  ["200,000 records, 370 MB", "records", 200, { elements: 200_001, fault: "" }],
  ["a text of 200 MB", "a text that does not end", 200, { elements: 1, fault: "file ends in the midst of a record" }],
  ["a key of 200 MB", "a key that does not end", 200, { elements: 1, fault: "file is not JSON" }],
  [
    "200 MB of brackets",
    "brackets that do not close",
    200,
    { elements: 1, fault: "file ends in the midst of a record" },
  ],
  ["200 MB of white space", "white space", 200, { elements: 2, fault: "" }],
  ["5 records that are all empty lists", "small lists", 5, { elements: 6, fault: "" }],
])(`reads %s within ${MEMORY_MB} MB`, { timeout: 60_000 }, async (_name, what, times, expected) => {
  const told = await readLargeFile(what, times);
  expect(told).toEqual({ ...expected, malformed: 0, megabytes: expect.any(Number) });
  expect(told).toHaveProperty(
    "megabytes",
    expect.toSatisfy((megabytes: number) => megabytes < MEMORY_MB),
  );
});
