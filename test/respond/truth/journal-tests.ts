import { AutoScalingClient, DescribeAutoScalingGroupsCommand } from "@aws-sdk/client-auto-scaling";
import { DescribeVpcsCommand, EC2Client, StopInstancesCommand } from "@aws-sdk/client-ec2";
import { KMSClient, ListKeysCommand } from "@aws-sdk/client-kms";
import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { CreateTopicCommand, PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { describe, expect, test } from "vitest";
import { iamActionsOf } from "#test/support/truth/iam-actions.ts";
import { launch } from "#test/support/truth/shapes.ts";
import type { Truth } from "#test/support/truth/truth.ts";

/** The tests of what the proxy records, on the proxy of the file that calls this. */
export function journalTests(truth: Truth): void {
  const once = { ...truth.client, maxAttempts: 1 };
  const ec2 = new EC2Client(once);
  const s3 = new S3Client({ ...once, forcePathStyle: true });
  const nameOf = (error: unknown) => (error instanceof Error ? error.name : error);
  const outcomeOf = (call: Promise<unknown>) => call.then(() => "done", nameOf);
  const stop = (id: string, options = {}) => new StopInstancesCommand({ InstanceIds: [id], ...options });

  describe("the journal", () => {
    test("names every call, whatever its protocol, and keeps its parameters", async () => {
      await ec2.send(new DescribeVpcsCommand({ Filters: [{ Name: "is-default", Values: ["true"] }] }));
      await new AutoScalingClient(once).send(new DescribeAutoScalingGroupsCommand({}));
      await new KMSClient(once).send(new ListKeysCommand({ Limit: 5 }));
      await outcomeOf(new SSMClient(once).send(new GetParameterCommand({ Name: "/none" })));
      await new STSClient(once).send(new GetCallerIdentityCommand({}));
      const { TopicArn } = await new SNSClient(once).send(new CreateTopicCommand({ Name: "people" }));
      await new SNSClient(once).send(new PublishCommand({ TopicArn, Message: "a & b" }));
      await s3.send(new CreateBucketCommand({ Bucket: "evidence-names" }));
      const object = { Bucket: "evidence-names", Key: "cases/a b.json", ExpectedBucketOwner: "123456789012" };
      await s3.send(new PutObjectCommand({ ...object, Body: "x", ServerSideEncryption: "aws:kms" }));
      await s3.send(new GetObjectCommand(object));
      await s3.send(new HeadObjectCommand(object));
      await s3.send(new HeadBucketCommand({ Bucket: object.Bucket }));
      await s3.send(new ListObjectsV2Command({ Bucket: object.Bucket, Prefix: "cases/" }));
      const told = truth.calls().map((call) => [`${call.service}:${call.action}`, call.mutating, call.errorCode]);
      expect(told).toEqual([
        ["ec2:DescribeVpcs", false, undefined],
        ["autoscaling:DescribeAutoScalingGroups", false, undefined],
        ["kms:ListKeys", false, undefined],
        ["ssm:GetParameter", false, "ParameterNotFound"],
        ["sts:GetCallerIdentity", false, undefined],
        ["sns:CreateTopic", true, undefined],
        ["sns:Publish", true, undefined],
        ["s3:CreateBucket", true, undefined],
        ["s3:PutObject", true, undefined],
        ["s3:GetObject", false, undefined],
        ["s3:HeadObject", false, undefined],
        ["s3:HeadBucket", false, undefined],
        ["s3:ListObjectsV2", false, undefined],
      ]);
      const paramsOf = (action: string) => truth.calls(action)[0]?.params;
      expect([paramsOf("DescribeVpcs"), paramsOf("ListKeys"), paramsOf("sns:Publish"), paramsOf("PutObject")]).toEqual([
        { "Filter.1.Name": "is-default", "Filter.1.Value.1": "true" },
        { Limit: "5" },
        { Message: "a & b", TopicArn },
        expect.objectContaining({
          Bucket: "evidence-names",
          Key: "cases/a b.json",
          "x-amz-expected-bucket-owner": "123456789012",
          "x-amz-server-side-encryption": "aws:kms",
        }),
      ]);
    });

    test("names the permissions that the calls need", async () => {
      const { id } = await launch(truth, { tags: { Name: "a" } });
      await s3.send(new CreateBucketCommand({ Bucket: "evidence-permissions" }));
      const object = { Bucket: "evidence-permissions", Key: "k" };
      await s3.send(new PutObjectCommand({ ...object, Body: "x", ServerSideEncryption: "aws:kms" }));
      await s3.send(new HeadObjectCommand(object));
      await ec2.send(stop(id));
      await new STSClient(once).send(new GetCallerIdentityCommand({}));
      expect(iamActionsOf(truth.calls((call) => call.service !== "ec2" || call.mutating))).toEqual([
        "ec2:CreateSecurityGroup",
        "ec2:CreateSubnet",
        "ec2:CreateTags",
        "ec2:CreateVpc",
        "ec2:RunInstances",
        "ec2:StopInstances",
        "kms:GenerateDataKey",
        "s3:CreateBucket",
        "s3:GetObject",
        "s3:PutObject",
      ]);
    });

    test("a dry run changes nothing and counts as no change", async () => {
      const { id } = await launch(truth);
      truth.forgetCalls();
      expect(await outcomeOf(ec2.send(stop(id, { DryRun: true })))).toBe("DryRunOperation");
      expect(truth.calls(({ mutating }) => mutating)).toEqual([]);
    });

    test("every attempt is a call with a request id of its own", async () => {
      truth.inject({ on: "DescribeVpcs", times: 2, fault: { kind: "throttle" } });
      await new EC2Client(truth.client).send(new DescribeVpcsCommand({}));
      const calls = truth.calls("ec2:DescribeVpcs");
      expect({
        attempts: calls.map(({ attempt, status, errorCode }) => [attempt, status, errorCode]),
        invocations: new Set(calls.map(({ invocationId }) => invocationId)).size,
        requests: new Set(calls.map(({ requestId }) => requestId)).size,
      }).toEqual({
        attempts: [
          [1, 503, "RequestLimitExceeded"],
          [2, 503, "RequestLimitExceeded"],
          [3, 200, undefined],
        ],
        invocations: 1,
        requests: 3,
      });
    });
  });
}
