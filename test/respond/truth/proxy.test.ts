import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { AutoScalingClient, DescribeAutoScalingGroupsCommand } from "@aws-sdk/client-auto-scaling";
import {
  CreateSecurityGroupCommand,
  CreateSnapshotsCommand,
  DescribeInstancesCommand,
  DescribeSnapshotsCommand,
  DescribeVpcsCommand,
  EC2Client,
  SendDiagnosticInterruptCommand,
  StopInstancesCommand,
} from "@aws-sdk/client-ec2";
import { KMSClient, ListKeysCommand } from "@aws-sdk/client-kms";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { CreateTopicCommand, SNSClient } from "@aws-sdk/client-sns";
import { describe, expect, test } from "vitest";
import type { Fault } from "#test/support/truth/faults.ts";
import { createNetwork } from "#test/support/truth/networks.ts";
import { launch, launchMany } from "#test/support/truth/shapes.ts";
import { startTruth } from "#test/support/truth/truth.ts";
import { useTruth } from "#test/support/truth/use-truth.ts";
import { journalTests } from "./journal-tests.ts";

const truth = await useTruth();
const once = { ...truth.client, maxAttempts: 1 };
const ec2 = new EC2Client(once);
const s3 = new S3Client({ ...once, forcePathStyle: true });

const nameOf = (error: unknown) => (error instanceof Error ? error.name : error);
const outcomeOf = (call: Promise<unknown>) => call.then(() => "done", nameOf);
const stop = (id: string, options = {}) => new StopInstancesCommand({ InstanceIds: [id], ...options });

journalTests(truth);

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

  test("a fault in one region hits nothing in another, which can be forgotten alone", async () => {
    const elsewhere = new EC2Client({ ...once, region: "eu-west-1" });
    const injected = truth.inject({ on: "DescribeVpcs", region: "eu-west-1", times: 9, fault: { kind: "denied" } });
    expect(await outcomeOf(ec2.send(new DescribeVpcsCommand({})))).toBe("done");
    truth.forgetCalls("us-east-1");
    expect(await outcomeOf(elsewhere.send(new DescribeVpcsCommand({})))).toBe("UnauthorizedOperation");
    expect([injected.hits(), truth.calls("DescribeVpcs").map(({ region }) => region)]).toEqual([1, ["eu-west-1"]]);
    truth.forgetCalls("eu-west-1");
    expect(await outcomeOf(elsewhere.send(new DescribeVpcsCommand({})))).toBe("done");
  });

  test.each(cases)("%j is seen as %s, with an effect: %s", async (fault, seen, applied) => {
    const { id } = await launch(truth);
    truth.forgetCalls();
    const injected = truth.inject({ on: "SendDiagnosticInterrupt", fault });
    const call = ec2.send(new SendDiagnosticInterruptCommand({ InstanceId: id }), {
      abortSignal: AbortSignal.timeout(fault.kind === "never" || fault.kind === "silence" ? 2_000 : 20_000),
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

test("a function is played by the test", async () => {
  const lambda = new LambdaClient(once);
  const seen: unknown[] = [];
  truth.plays("notifier", (event, { qualifier, type }) => {
    seen.push([event, qualifier, type]);
    if (type === "RequestResponse") throw new Error("no");
  });
  const arn = "arn:aws:lambda:us-east-1:123456789012:function:notifier:live";
  const Payload = Buffer.from('{"a":1}');
  const sent = await lambda.send(new InvokeCommand({ FunctionName: arn, InvocationType: "Event", Payload }));
  const asked = await lambda.send(new InvokeCommand({ FunctionName: "notifier", Qualifier: "live", Payload }));
  expect({ seen, status: sent.StatusCode, error: asked.FunctionError, call: truth.calls("lambda:Invoke")[0] }).toEqual({
    seen: [
      [{ a: 1 }, "live", "Event"],
      [{ a: 1 }, "live", "RequestResponse"],
    ],
    status: 202,
    error: "Unhandled",
    call: expect.objectContaining({
      mutating: true,
      params: { FunctionName: arn, InvocationType: "Event", Payload: '{"a":1}' },
    }),
  });
});

test("changes happen one after the other: of twenty groups of one name, one is made", async () => {
  const network = await createNetwork(ec2);
  const group = { GroupName: "quarantine", Description: "Test", VpcId: network.vpcId };
  const create = () => outcomeOf(ec2.send(new CreateSecurityGroupCommand(group)));
  const seen = await Promise.all(Array.from({ length: 20 }, create));
  expect(seen.filter((each) => each === "done")).toHaveLength(1);
  expect(new Set(seen)).toEqual(new Set(["done", "InvalidGroup.Duplicate"]));
});

test("many instances are launched at once, each with an interface of its own", async () => {
  const ids = await launchMany(truth, await createNetwork(ec2), 5);
  const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [...ids] }));
  const interfaces = Reservations.flatMap(({ Instances = [] }) => Instances).flatMap((each) => each.NetworkInterfaces);
  expect([ids.length, new Set(interfaces.map((each) => each?.NetworkInterfaceId)).size]).toEqual([5, 5]);
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
