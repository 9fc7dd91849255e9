import { readFileSync } from "node:fs";
import path from "node:path";
import { DescribeNetworkInterfacesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import {
  DescribeExecutionCommand,
  type ExecutionListItem,
  ListExecutionsCommand,
  SFNClient,
} from "@aws-sdk/client-sfn";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { clientConfig, openOnMinistack } from "#test/support/deployment.ts";
import { type Ministack, startMinistack } from "#test/support/ministack.ts";
import { adaptPolicies } from "#test/support/ministack-policies.ts";
import { type EventEntry, putEvent } from "#test/support/put-event.ts";
import { type SlackStandIn, startSlackStandIn } from "#test/support/slack-stand-in/server.ts";
import type { TerraformRoot } from "#test/support/terraform.ts";
import { headlineOf, textsOf } from "#test/support/told.ts";
import { repoRoot } from "#test/support/tools.ts";
import { launch, type Victim } from "#test/support/truth/shapes.ts";
import { startTruth, type Truth } from "#test/support/truth/truth.ts";

let truth: Truth;
let ministack: Ministack;
let slack: SlackStandIn;
let root: TerraformRoot;
let sfn: SFNClient;
let bucket: string;
let stateMachineArn: string;
let topicArn: string;
let victim: Victim;

beforeAll(async () => {
  truth = await startTruth();
  ministack = await startMinistack({
    functionEnv: {
      AWS_ENDPOINT_URL_EC2: truth.url,
      AWS_ENDPOINT_URL_AUTO_SCALING: truth.url,
      AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2: truth.url,
    },
  });
  slack = await startSlackStandIn({ messagesPerSecond: 1_000, burst: 1_000 });
  root = await openOnMinistack("examples/incident-response", {
    ministack: { ...ministack, env: { ...ministack.env, AWS_ENDPOINT_URL_CLOUDWATCH: truth.moto } },
    functionName: "cloudtrail-to-slack",
    variables: { hook: slack.hook("default"), forensic_cidrs: ["192.0.2.0/24"] },
  });
  await root.apply();
  const outputs = await root.outputs();
  bucket = String(outputs.bucket);
  stateMachineArn = String(outputs.state_machine_arn);
  topicArn = String(outputs.topic_arn);
  sfn = new SFNClient(clientConfig(ministack));
  victim = await launch(truth, { interfaces: 2 });
  truth.forgetCalls();
});

afterAll(async () => {
  // The queues would take a minute to go; everything ends with the emulators.
  await root?.close();
  await slack?.close();
  await ministack?.stop();
  await truth?.stop();
});

/** The finding of examples/incident-response/drill.json about the instance of this test, changed. */
function drill(change: (detail: Record<string, unknown>) => unknown = (detail) => detail): EventEntry {
  const text = readFileSync(path.join(repoRoot, "examples/incident-response/drill.json"), "utf8");
  const [entry]: readonly EventEntry[] = JSON.parse(text);
  if (entry === undefined) throw new Error("drill.json holds no event");
  const detail = entry.Detail.replace("i-0123456789abcdef0", victim.id).replace("111111111111", "000000000000");
  return { ...entry, Detail: JSON.stringify(change(JSON.parse(detail))) };
}

const executions = async () => (await sfn.send(new ListExecutionsCommand({ stateMachineArn }))).executions ?? [];

const describeExecution = async (execution: ExecutionListItem | undefined) =>
  sfn.send(new DescribeExecutionCommand({ executionArn: execution?.executionArn }));

/** What is kept of the only case: objects by name. */
async function evidenceOf(Bucket: string): Promise<ReadonlyMap<string, string>> {
  const s3 = new S3Client(clientConfig(ministack));
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: "cases/" }));
  const objects = Contents.map(async ({ Key = "" }) => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    return [Key.split("/").slice(2).join("/"), (await Body?.transformToString()) ?? ""] as const;
  });
  return new Map(await Promise.all(objects));
}

async function groupsOfInterfaces(): Promise<readonly (readonly string[])[]> {
  const ec2 = new EC2Client(truth.client);
  const filter = { Filters: [{ Name: "attachment.instance-id", Values: [victim.id] }] };
  const { NetworkInterfaces = [] } = await ec2.send(new DescribeNetworkInterfacesCommand(filter));
  return NetworkInterfaces.map(({ Groups = [] }) => Groups.map(({ GroupName = "" }) => GroupName));
}

describe("examples/incident-response", () => {
  test("plans nothing after an apply", async () => {
    expect(await root.pendingChanges()).toEqual([]);
  });

  test.each<[what: string, change: (detail: Record<string, unknown>) => unknown]>([
    ["a sample", (detail) => ({ ...detail, service: { additionalInfo: { sample: true } } })],
    ["an archived finding", (detail) => ({ ...detail, service: { archived: true } })],
    ["a finding whose target the instance is", (detail) => ({ ...detail, service: { resourceRole: "TARGET" } })],
    ["a finding of medium severity", (detail) => ({ ...detail, severity: 6.9 })],
    ["a finding of another account", (detail) => ({ ...detail, accountId: "111111111111" })],
    ["a finding about no instance", (detail) => ({ ...detail, resource: { resourceType: "S3Bucket" } })],
  ])("does nothing about %s", async (_, change) => {
    await putEvent(ministack, drill(change));
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await executions()).toEqual([]);
  });

  test("isolates the instance of a finding, keeps the evidence and tells Slack", async () => {
    await adaptPolicies(ministack, bucket, topicArn);
    await putEvent(ministack, drill());
    await expect.poll(async () => (await executions())[0]?.status, { timeout: 60_000 }).toMatch(/^(SUCCEEDED|FAILED)$/);
    const [execution] = await executions();
    const evidence = await evidenceOf(bucket);
    expect([...evidence.keys()]).toEqual(expect.arrayContaining(["before.json", "manifest-1.json", "screenshot.jpg"]));
    const { steps } = JSON.parse(evidence.get("manifest-1.json") ?? "{}");
    expect(steps.filter((step: { status: string }) => step.status === "failed")).toEqual([]);
    expect(execution?.status).toBe("SUCCEEDED");
    expect(execution?.name).toMatch(new RegExp(`^ir-000000000000-us-east-1-${victim.id}-[0-9a-f]{8}$`));
    const groups = await groupsOfInterfaces();
    expect(groups).toEqual([[expect.stringMatching(/^ir-quarantine-vpc-/)], groups[0]]);
    await expect.poll(() => slack.received().length, { timeout: 30_000 }).toBeGreaterThanOrEqual(2);
    const told = slack.received().map((message) => `${headlineOf(message)} ${textsOf(message.payload).join(" ")}`);
    expect(told.filter((text) => text.includes(victim.id))).toEqual(told);
    expect(told.join("\n")).toContain(`Security Response mechanism complete for instance: ${victim.id}`);
  });

  test("does nothing about an update of a finding that it has handled", async () => {
    truth.forgetCalls();
    await putEvent(
      ministack,
      drill((detail) => ({ ...detail, severity: 9, updatedAt: "2026-01-01T00:15:00Z" })),
    );
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(await executions()).toHaveLength(1);
    expect(truth.calls()).toEqual([]);
  });

  test("remembers of the execution who asked for it", async () => {
    const [execution] = await executions();
    const { input = "{}" } = await describeExecution(execution);
    const { trigger, requestedBy } = JSON.parse(input).request;
    expect([trigger.kind, trigger.findingId, requestedBy]).toEqual(["drill", "drill-1", "incident-response.drill"]);
  });
});
