import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { AutoScalingClient, DescribeAutoScalingGroupsCommand } from "@aws-sdk/client-auto-scaling";
import {
  CreateSnapshotsCommand,
  DescribeInstancesCommand,
  DescribeSnapshotsCommand,
  DescribeVpcsCommand,
  EC2Client,
  SendDiagnosticInterruptCommand,
  StopInstancesCommand,
} from "@aws-sdk/client-ec2";
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
import type { Fault } from "#test/support/truth/faults.ts";
import { iamActionsOf } from "#test/support/truth/iam-actions.ts";
import { launch } from "#test/support/truth/shapes.ts";
import { startTruth } from "#test/support/truth/truth.ts";
import { useTruth } from "#test/support/truth/use-truth.ts";

const truth = await useTruth();
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

describe("faults", () => {
  // The SDK calls a connection that breaks a timeout, and a client that gave up an abort.
  const cases: readonly (readonly [fault: Fault, seen: string, applied: boolean])[] = [
    [{ kind: "error", code: "Unavailable", status: 503 }, "Unavailable", false],
    [{ kind: "throttle" }, "RequestLimitExceeded", false],
    [{ kind: "denied" }, "UnauthorizedOperation", false],
    [{ kind: "internal" }, "InternalError", false],
    [{ kind: "reset" }, "TimeoutError", false],
    [{ kind: "never" }, "AbortError", false],
    [{ kind: "lost" }, "TimeoutError", true],
    [{ kind: "silence" }, "AbortError", true],
    [{ kind: "late-error" }, "InternalError", true],
    [{ kind: "slow", ms: 20 }, "done", true],
  ];

  test.each(cases)("%j is seen as %s, with an effect: %s", async (fault, seen, applied) => {
    const { id } = await launch(truth);
    truth.forgetCalls();
    const injected = truth.inject({ on: "SendDiagnosticInterrupt", fault });
    const call = ec2.send(new SendDiagnosticInterruptCommand({ InstanceId: id }), {
      abortSignal: AbortSignal.timeout(1_500),
    });
    const told = await outcomeOf(call);
    const [recorded] = truth.calls("SendDiagnosticInterrupt");
    expect({
      told,
      hits: injected.hits(),
      interrupts: truth.interrupts(id).length,
      applied: recorded?.applied,
    }).toEqual({
      told: seen,
      hits: 1,
      interrupts: applied ? 1 : 0,
      applied,
    });
    expect(recorded?.outcome).toBe(fault.kind === "slow" ? "done" : "fault");
  });

  test("hit the calls that were meant and no other", async () => {
    const { id } = await launch(truth);
    truth.forgetCalls();
    const onIt = ({ action, params }: { action: string; params: Readonly<Record<string, string>> }) =>
      action === "DescribeInstances" && params["InstanceId.1"] === id;
    const injected = truth.inject({ on: onIt, from: 2, times: 2, fault: { kind: "internal" } });
    const describe = (ids: readonly string[]) =>
      outcomeOf(ec2.send(new DescribeInstancesCommand({ InstanceIds: [...ids] })));
    const seen = [
      await describe([id]),
      await describe([id]),
      await describe([]),
      await describe([id]),
      await describe([id]),
    ];
    expect([seen, injected.hits()]).toEqual([["done", "InternalError", "done", "InternalError", "done"], 2]);
    injected.remove();
    truth.inject({ on: onIt, times: Number.POSITIVE_INFINITY, fault: { kind: "denied" } });
    expect([await describe([id]), await describe([id])]).toEqual(["UnauthorizedOperation", "UnauthorizedOperation"]);
    truth.forgetCalls();
    expect(await describe([id])).toBe("done");
  });

  test("somebody else can act just before a call", async () => {
    const { id } = await launch(truth);
    const other = new EC2Client({ ...once, endpoint: truth.moto });
    const meanwhile = () => other.send(stop(id));
    truth.inject({ on: "SendDiagnosticInterrupt", fault: { kind: "meanwhile", run: meanwhile } });
    const interrupt = ec2.send(new SendDiagnosticInterruptCommand({ InstanceId: id }));
    expect(await outcomeOf(interrupt)).toBe("IncorrectInstanceState");
  });

  test("a rate limit throttles what exceeds it", async () => {
    truth.limit({ on: "DescribeVpcs", perSecond: 0.001, burst: 2 });
    const seen: unknown[] = [];
    for (let calls = 0; calls < 3; calls += 1) seen.push(await outcomeOf(ec2.send(new DescribeVpcsCommand({}))));
    expect(seen).toEqual(["done", "done", "RequestLimitExceeded"]);
  });

  test("errors come in the words of each service", async () => {
    for (const service of ["autoscaling", "kms", "s3", "sns"]) {
      truth.inject({ on: (call) => call.service === service, fault: { kind: "throttle" } });
      truth.inject({ on: (call) => call.service === service, from: 2, fault: { kind: "denied" } });
    }
    const twice = async (call: () => Promise<unknown>) => [await outcomeOf(call()), await outcomeOf(call())];
    expect([
      await twice(() => new AutoScalingClient(once).send(new DescribeAutoScalingGroupsCommand({}))),
      await twice(() => new KMSClient(once).send(new ListKeysCommand({}))),
      await twice(() => s3.send(new GetObjectCommand({ Bucket: "b", Key: "k" }))),
      await twice(() => new SNSClient(once).send(new CreateTopicCommand({ Name: "x" }))),
    ]).toEqual([
      ["Throttling", "AccessDenied"],
      ["ThrottlingException", "AccessDeniedException"],
      ["SlowDown", "AccessDenied"],
      ["Throttling", "AccessDenied"],
    ]);
  });
});

test("one proxy serves two emulators", async () => {
  const seen: string[] = [];
  const other = createServer((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers.host}`);
    response.setHeader("content-type", "application/x-amz-json-1.1").end('{"Keys":[]}');
  });
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { port } = other.address() as AddressInfo;
  const both = await startTruth({ moto: truth.moto, others: `http://127.0.0.1:${port}` });
  await new KMSClient({ ...once, endpoint: both.url }).send(new ListKeysCommand({}));
  const { Vpcs = [] } = await new EC2Client({ ...once, endpoint: both.url }).send(new DescribeVpcsCommand({}));
  await both.stop();
  other.close();
  expect({ seen, networks: Vpcs.length > 0 }).toEqual({ seen: [`POST / ${new URL(both.url).host}`], networks: true });
});

test("a lost answer of a call without a token leaves two sets behind when it is repeated blindly", async () => {
  const { id } = await launch(truth);
  truth.inject({ on: "CreateSnapshots", fault: { kind: "lost" } });
  await new EC2Client(truth.client).send(new CreateSnapshotsCommand({ InstanceSpecification: { InstanceId: id } }));
  const mine = (await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }))).Reservations?.[0]?.Instances?.[0];
  const Values = [mine?.BlockDeviceMappings?.[0]?.Ebs?.VolumeId ?? ""];
  const { Snapshots } = await ec2.send(new DescribeSnapshotsCommand({ Filters: [{ Name: "volume-id", Values }] }));
  expect(Snapshots).toHaveLength(2);
});
