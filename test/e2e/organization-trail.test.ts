import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bucketWriter, openOnMinistack } from "#test/support/deployment.ts";
import { startEmulators } from "#test/support/emulators.ts";
import type { Ministack } from "#test/support/ministack.ts";
import { logFile, trailStopped } from "#test/support/records.ts";
import { type SlackStandIn, startSlackStandIn } from "#test/support/slack-stand-in/server.ts";
import type { TerraformRoot } from "#test/support/terraform.ts";
import { toldAlerts } from "#test/support/told.ts";
import { isRecord, list, only, type PlannedResource, resourcesOf, resourcesOfState } from "#test/terraform/plan.ts";

let ministack: Ministack;
let slack: SlackStandIn;
let root: TerraformRoot;

beforeAll(async () => {
  ministack = await startEmulators();
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

/** A policy as it stands in the state. */
const policyOf = (resources: readonly PlannedResource[], address: string): unknown =>
  JSON.parse(String(only(resources, address).policy));

describe("examples/organization-trail", () => {
  test("lets only the bucket of the log archive's account call the function", async () => {
    const resources = resourcesOf((await root.plan()).json);
    const { principal, source_account, action, qualifier } = only(resources, "aws_lambda_permission.bucket[0]");
    expect({
      permission: { principal, source_account, action, qualifier },
      madeByModule: resources.filter(({ address }) => /^module\..*notification/.test(address)),
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

  describe("lets in by name, and for nothing else,", () => {
    const BUCKET = "arn:aws:s3:::cloudtrail-to-slack-000000000000-us-east-1";
    const TRAIL = { "aws:SourceArn": "arn:aws:cloudtrail:us-east-1:111111111111:trail/cloudtrail-to-slack" };
    const READER = { AWS: "arn:aws:iam::000000000000:role/cloudtrail-to-slack-role" };
    const CLOUDTRAIL = { Service: "cloudtrail.amazonaws.com" };
    let resources: readonly PlannedResource[];

    beforeAll(async () => {
      resources = resourcesOfState(await root.state());
    });

    test("the trail and the function to the bucket", () => {
      expect(policyOf(resources, "aws_s3_bucket_policy.trail")).toEqual({
        Version: "2012-10-17",
        Statement: [
          {
            Sid: "ReadAclByCloudTrail",
            Effect: "Allow",
            Principal: CLOUDTRAIL,
            Action: "s3:GetBucketAcl",
            Resource: BUCKET,
            Condition: { StringEquals: TRAIL },
          },
          {
            Sid: "WriteByCloudTrail",
            Effect: "Allow",
            Principal: CLOUDTRAIL,
            Action: "s3:PutObject",
            Resource: [`${BUCKET}/AWSLogs/111111111111/*`, `${BUCKET}/AWSLogs/o-abcdefghij/*`],
            Condition: { StringEquals: { ...TRAIL, "s3:x-amz-acl": "bucket-owner-full-control" } },
          },
          {
            Sid: "ReadByFunction",
            Effect: "Allow",
            Principal: READER,
            Action: "s3:GetObject",
            Resource: `${BUCKET}/AWSLogs/*`,
          },
          {
            Sid: "ListByFunction",
            Effect: "Allow",
            Principal: READER,
            Action: "s3:ListBucket",
            Resource: BUCKET,
          },
        ],
      });
    });

    test("the owner, the trail and the function to the key", () => {
      expect(policyOf(resources, "aws_kms_key_policy.trail")).toEqual({
        Version: "2012-10-17",
        Statement: [
          {
            Sid: "AdministerByOwner",
            Effect: "Allow",
            Principal: { AWS: "arn:aws:iam::000000000000:root" },
            Action: "kms:*",
            Resource: "*",
          },
          {
            Sid: "EncryptByCloudTrail",
            Effect: "Allow",
            Principal: CLOUDTRAIL,
            Action: ["kms:GenerateDataKey*", "kms:DescribeKey"],
            Resource: "*",
            Condition: { StringEquals: TRAIL },
          },
          {
            Sid: "DecryptByFunction",
            Effect: "Allow",
            Principal: READER,
            Action: "kms:Decrypt",
            Resource: "*",
          },
        ],
      });
    });

    test("the function, from its own side, to both", async () => {
      const { Statement } = Object(policyOf(resources, "aws_iam_role_policy.function"));
      const { kms_key_arn } = await root.outputs();
      expect({
        keyIs: only(resources, "aws_kms_key.trail").arn,
        allowed: list(Statement).filter((each) => isRecord(each) && /LogFiles$/.test(String(each.Sid))),
      }).toEqual({
        keyIs: kms_key_arn,
        allowed: [
          { Sid: "ReadLogFiles", Effect: "Allow", Action: ["s3:GetObject"], Resource: [`${BUCKET}/AWSLogs/*`] },
          { Sid: "DecryptLogFiles", Effect: "Allow", Action: ["kms:Decrypt"], Resource: [kms_key_arn] },
        ],
      });
    });

    test("the bucket to the function", () => {
      const { bucket, lambda_function, topic, queue, eventbridge } = only(
        resources,
        "aws_s3_bucket_notification.trail",
      );
      const targets = list(lambda_function).map((target) => {
        const { id: _, ...rest } = Object(target);
        return rest;
      });
      expect({ bucket, targets, topic, queue, eventbridge }).toEqual({
        bucket: "cloudtrail-to-slack-000000000000-us-east-1",
        targets: [
          {
            lambda_function_arn: "arn:aws:lambda:us-east-1:000000000000:function:cloudtrail-to-slack:live",
            events: ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"],
            filter_prefix: "AWSLogs/",
            filter_suffix: ".json.gz",
          },
        ],
        topic: [],
        queue: [],
        eventbridge: false,
      });
    });
  });

  test("plans nothing after an apply", async () => {
    expect(await root.pendingChanges()).toEqual([]);
  });
});
