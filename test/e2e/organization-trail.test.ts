import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bucketWriter, openOnMinistack } from "#test/support/deployment.ts";
import { type Ministack, startMinistack } from "#test/support/ministack.ts";
import { logFile, trailStopped } from "#test/support/records.ts";
import { type SlackStandIn, startSlackStandIn } from "#test/support/slack-stand-in/server.ts";
import type { TerraformRoot } from "#test/support/terraform.ts";
import { toldAlerts } from "#test/support/told.ts";

let ministack: Ministack;
let slack: SlackStandIn;
let root: TerraformRoot;

beforeAll(async () => {
  ministack = await startMinistack();
  slack = await startSlackStandIn();
  root = await openOnMinistack("examples/organization-trail", {
    ministack,
    functionName: "cloudtrail-to-slack",
    // Both providers work in one account here: the emulator refuses a notification across accounts.
    variables: { hook: slack.hook("default"), organization_id: "o-abcdefghij", management_account_id: "111111111111" },
  });
});

afterAll(async () => {
  await root?.close();
  await slack?.close();
  await ministack?.stop();
});

/** The resources that a plan makes, by address. */
function planned(json: unknown): ReadonlyMap<string, Readonly<Record<string, unknown>>> {
  const { resource_changes: changes } = json as {
    resource_changes: { address: string; change: { after: Record<string, unknown> } }[];
  };
  return new Map(changes.map(({ address, change }) => [address, change.after]));
}

describe("examples/organization-trail", () => {
  test("lets only the bucket of the log archive's account call the function", async () => {
    const resources = planned((await root.plan()).json);
    const { principal, source_account, action, qualifier } =
      resources.get("module.cloudtrail_to_slack.aws_lambda_permission.bucket[0]") ?? {};
    expect({
      permission: { principal, source_account, action, qualifier },
      madeByModule: [...resources.keys()].filter((address) => /^module\..*notification/.test(address)),
    }).toEqual({
      permission: {
        principal: "s3.amazonaws.com",
        source_account: "000000000000",
        action: "lambda:InvokeFunction",
        qualifier: "live",
      },
      madeByModule: [],
    });
  });

  test("tells what other accounts of the organization did", async () => {
    await root.apply();
    const { bucket } = await root.outputs();
    const key = "AWSLogs/o-abcdefghij/222222222222/CloudTrail/us-east-1/2025/06/11/a_CloudTrail_us-east-1_x.json.gz";
    await bucketWriter(ministack)(String(bucket), key, logFile(trailStopped("222222222222", { eventID: "member" })));
    await slack.waitFor("default", 1, 30_000);
    expect(toldAlerts(slack.received())).toEqual(["default member"]);
  });

  test("plans nothing after an apply", async () => {
    expect(await root.pendingChanges()).toEqual([]);
  });
});
