import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { inRegion } from "#test/support/deployment.ts";
import { blocks, documents } from "#test/support/documents.ts";
import { type Ministack, startMinistack } from "#test/support/ministack.ts";
import { openRoot } from "#test/support/terraform.ts";
import { repoRoot } from "#test/support/tools.ts";

/** What the blocks of the documents take from the root around them. */
const AROUND = `
resource "aws_s3_bucket" "cloudtrail" {
  bucket = "example-cloudtrail-logs"
}

variable "team_a_hook" {
  type      = string
  sensitive = true
}
`;

const found = documents().flatMap((document) =>
  blocks(document, "hcl").map((block, index) => ({ name: `${document} block ${index + 1}`, block })),
);

let ministack: Ministack;
beforeAll(async () => {
  // The region of the ARNs in the documents.
  ministack = inRegion(await startMinistack(), "eu-central-1");
});
afterAll(async () => {
  await ministack?.stop();
});

describe("blocks of HCL in the documents", () => {
  test("are there", () => expect(found.length).toBeGreaterThan(1));

  test.each(found)("$name plans as it stands", async ({ block }) => {
    const folder = await mkdtemp(path.join(tmpdir(), "documents-"));
    const source = block.replaceAll(
      /source( *)= "\.\/modules\/cloudtrail_to_slack(\/[a-z/-]+)?"/g,
      // With two slashes, so that what is above the folder belongs to it, as with a relative path.
      (_, spaces: string, folder = "") => `source${spaces}= ${JSON.stringify(`${repoRoot}/${folder}`)}`,
    );
    expect(source).not.toBe(block);
    await writeFile(path.join(folder, "main.tf"), source + AROUND);
    const variables = { team_a_hook: "https://hooks.slack.com/services/T00000000/B00000000/none" };
    const root = await openRoot(folder, { env: ministack.env, variables });
    try {
      await root.init();
      expect((await root.plan()).changes).toBe(true);
    } finally {
      await root.close();
      await rm(folder, { recursive: true, force: true });
    }
  });
});
