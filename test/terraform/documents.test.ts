import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { inRegion } from "#test/support/deployment.ts";
import { blocks, documents } from "#test/support/documents.ts";
import { type Ministack, startMinistack } from "#test/support/ministack.ts";
import type { PlannedResource } from "./plan.ts";
import { MODULE, planTogether } from "./together.ts";

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

/** Where the documents have the module. */
const SOURCE = /source( *)= "\.\/modules\/cloudtrail_to_slack(\/[a-z/-]+)?"/g;

const found = new Map(
  documents().flatMap((document) =>
    blocks(document, "hcl").map((block, index) => [`${document} block ${index + 1}`, block] as const),
  ),
);

let ministack: Ministack;
let planned: ReadonlyMap<string, readonly PlannedResource[]>;
beforeAll(async () => {
  // The region of the ARNs in the documents.
  ministack = inRegion(await startMinistack(), "eu-central-1");
  const sources = [...found].map(([name, block]) => {
    const source = block.replaceAll(SOURCE, (_, spaces: string, below = "") => `source${spaces}= "${MODULE}${below}"`);
    return [name, source + AROUND] as const;
  });
  const variables = { team_a_hook: "https://hooks.slack.com/services/T00000000/B00000000/none" };
  planned = await planTogether(new Map(sources), ministack, variables);
});
afterAll(async () => {
  await ministack?.stop();
});

describe("blocks of HCL in the documents", () => {
  test("are there", () => expect(found.size).toBeGreaterThan(1));

  test.each([...found])("%s plans the module as it stands", (name, block) => {
    expect(block).toMatch(new RegExp(SOURCE.source));
    expect(planned.get(name)?.map(({ type }) => type)).toContain("aws_lambda_function");
  });
});
