import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import {
  AllocateAddressCommand,
  AssociateAddressCommand,
  CreateSecurityGroupCommand,
  DescribeNetworkInterfacesCommand,
  ModifyNetworkInterfaceAttributeCommand,
} from "@aws-sdk/client-ec2";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { CreateStateMachineCommand, SFNClient } from "@aws-sdk/client-sfn";
import { DeleteParameterCommand, PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { expect, test } from "vitest";
import { runProgram } from "#cli/program.ts";
import { EXIT } from "#cli/respond/exit.ts";
import { fakeTerminal } from "#test/support/dead-letters.ts";
import { blocks } from "#test/support/documents.ts";
import { repoRoot } from "#test/support/tools.ts";
import type { Fault } from "#test/support/truth/faults.ts";
import { KINDS, misfits } from "./support/json-lines.ts";
import { ACCOUNT, BUCKET, elsewhere, keysIn, launch, type Ran, REGION, respond } from "./support/scene.ts";
import { useScene } from "./support/use-scene.ts";

const scene = await useScene();

/** Does something while calls fail. */
async function failing<T>(on: string, fault: Fault, work: () => Promise<T>): Promise<T> {
  const injected = scene.truth.inject({ on, times: 1_000, fault });
  return work().finally(injected.remove);
}
const denied = { kind: "denied" } as const;
const contain = (id: string) => respond("-i", id, "--json");

/** A state machine whose executions never end, found as the deployed one is. */
async function withStateMachine<T>(
  work: () => Promise<T>,
  settings: Readonly<Record<string, unknown>> = {},
): Promise<T> {
  const definition = JSON.stringify({ StartAt: "A", States: { A: { Type: "Wait", Seconds: 600, End: true } } });
  const roleArn = `arn:aws:iam::${ACCOUNT}:role/test`;
  const { stateMachineArn } = await new SFNClient(scene.truth.client).send(
    new CreateStateMachineCommand({ name: "incident-response", definition, roleArn }),
  );
  const ssm = new SSMClient(scene.truth.client);
  const Name = "/cloudtrail-to-slack/incident-response";
  const Value = JSON.stringify({ stateMachineArn, bucket: BUCKET, ...settings });
  await ssm.send(new PutParameterCommand({ Name, Value, Type: "String" }));
  return work().finally(() => ssm.send(new DeleteParameterCommand({ Name })));
}

/** Somebody puts an interface of the contained instance into a group of theirs. */
async function meddle(id: string): Promise<void> {
  const made = { GroupName: "theirs", Description: "x", VpcId: scene.vpcId };
  const { GroupId = "" } = await scene.ec2.send(new CreateSecurityGroupCommand(made));
  const Filters = [{ Name: "attachment.instance-id", Values: [id] }];
  const { NetworkInterfaces = [] } = await scene.ec2.send(new DescribeNetworkInterfacesCommand({ Filters }));
  const NetworkInterfaceId = NetworkInterfaces[0]?.NetworkInterfaceId;
  await scene.ec2.send(new ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId, Groups: [GroupId] }));
}

/** How each code of the contract comes about. */
const WAYS: Readonly<Record<number, (id: string) => Promise<Ran>>> = {
  [EXIT.done]: contain,
  [EXIT.internal]: async (id) => {
    await contain(id);
    const [Key = ""] = (await keysIn(scene, "cases/")).filter((key) => key.includes(id) && key.endsWith("before.json"));
    await scene.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: Key.replace("before", "manifest-1"), Body: "{" }));
    return respond("status", id, "--json");
  },
  [EXIT.usage]: (id) => respond("-i", id, "--allow-cidr", "0.0.0.0/0", "--json"),
  [EXIT.notFound]: () => contain("i-0123456789abcdef0"),
  [EXIT.partial]: (id) => failing("sns:Publish", denied, () => contain(id)),
  [EXIT.notIsolated]: (id) => failing("CreateSecurityGroup", denied, () => contain(id)),
  [EXIT.containedBefore]: async (id) => {
    await contain(id);
    return contain(id);
  },
  [EXIT.forbidden]: (id) => failing("GetCallerIdentity", denied, () => contain(id)),
  [EXIT.stillRunning]: (id) => withStateMachine(() => failing("DescribeExecution", denied, () => contain(id))),
  [EXIT.drift]: async (id) => {
    await contain(id);
    await meddle(id);
    return respond("restore", id, "--reason", "test", "--json");
  },
};

test("G15: every exit code of the contract comes about, with JSON lines that fit their schema", async () => {
  expect(Object.keys(WAYS).map(Number)).toEqual(Object.values(EXIT));
  const seen = new Set<unknown>();
  for (const [code, way] of Object.entries(WAYS)) {
    Object.assign(scene, await elsewhere(scene));
    const ran = await way(await launch(scene));
    expect([ran.code, ran.code === Number(code) ? "" : ran.said]).toEqual([Number(code), ""]);
    expect([code, misfits(ran.lines)]).toEqual([code, []]);
    for (const { event } of ran.lines) seen.add(event);
  }
  expect([...seen].sort()).toEqual([
    "begun",
    "contained-before",
    "ended",
    "isolated",
    "not-followed",
    "not-isolated",
    "problem",
    "refused",
    "started",
    "step",
  ]);
});

test("the schema knows every kind of line that the sources print, and no other", () => {
  const folder = path.join(repoRoot, "cli/respond");
  const files = [path.join(repoRoot, "cli/respond.ts"), ...readdirSync(folder).map((name) => path.join(folder, name))];
  const sources = files.map((file) => readFileSync(file, "utf8")).join("\n");
  const printed = Array.from(sources.matchAll(/(?:show\.event\(\s*|event: )"([a-z-]+)"/g), ([, kind]) => kind);
  expect([...new Set(printed)].sort()).toEqual([...KINDS].sort());
});

test("the lines of plans, of status and of verify fit it, too", async () => {
  const id = await launch(scene);
  const plan = await respond("-i", id, "--dry-run", "--json");
  await contain(id);
  const status = await respond("status", id, "--json");
  const verified = await respond("verify", id, "--json");
  const lines = [...plan.lines, ...status.lines, ...verified.lines];
  expect(misfits(lines)).toEqual([]);
  expect(new Set(lines.map(({ event }) => event))).toEqual(new Set(["begun", "planned", "status", "verified"]));
});

test("G15: the first line tells which, where and as whom, before anything is asked of the instance", async () => {
  const id = await launch(scene);
  const terminal = fakeTerminal();
  let before: readonly string[] = [];
  const run = () => {
    before = [...terminal.written];
  };
  scene.truth.inject({ on: ({ service }) => service === "ec2", fault: { kind: "meanwhile", run } });
  await runProgram(["respond", "-i", id], terminal);
  expect(before).toEqual([expect.stringMatching(`^contain ${id} in ${REGION} of the account ${ACCOUNT}, as arn:aws:`)]);
});

test("executions that cannot be read are not taken for a case that is not there: exit 7", async () => {
  const id = await launch(scene);
  const restore = () => respond("restore", id, "--reason", "test");
  const { code, said } = await withStateMachine(() => failing("ListExecutions", denied, restore));
  expect({ code, said }).toEqual({
    code: EXIT.forbidden,
    said: expect.stringContaining(`the executions of ${id} cannot be read`),
  });
});

test("a dry run knows how the module is set", async () => {
  const id = await launch(scene);
  const Filters = [{ Name: "attachment.instance-id", Values: [id] }];
  const { NetworkInterfaces = [] } = await scene.ec2.send(new DescribeNetworkInterfacesCommand({ Filters }));
  const { AllocationId } = await scene.ec2.send(new AllocateAddressCommand({ Domain: "vpc" }));
  const NetworkInterfaceId = NetworkInterfaces[0]?.NetworkInterfaceId;
  await scene.ec2.send(new AssociateAddressCommand({ AllocationId, NetworkInterfaceId }));
  const planned = async (mode: string, settings: Readonly<Record<string, unknown>>) => {
    const plan = () => respond("-i", id, "--mode", mode, "--dry-run", "--json");
    const { lines } = await withStateMachine(plan, settings);
    const of = (name: string) => lines.find(({ event, step }) => event === "planned" && step === name)?.skipped;
    return ["CutAddresses", "Interrupt", "ForensicInstance", "Replacement"].map(of);
  };
  const forensic = { ami: scene.imageId, subnetIds: [scene.subnetId] };
  const replacementLaunchTemplate = { id: "lt-0123456789abcdef0" };
  expect(await planned("full", {})).toEqual([false, false, true, true]);
  expect(await planned("full", { nmi: false, forensic, replacementLaunchTemplate })).toEqual([
    false,
    true,
    false,
    false,
  ]);
  expect((await planned("contain", { forensicCidrs: ["192.0.2.0/24"] }))[0]).toBe(true);
});

test("what AWS refuses before there is a case is exit 7, too", async () => {
  expect(await failing("DescribeInstances", denied, () => respond("--tag", "fleet=red", "--json"))).toMatchObject({
    code: EXIT.forbidden,
    lines: [{ event: "problem", exitCode: EXIT.forbidden }],
  });
});

/** What differs from run to run, as the page has it. */
const asOnThePage = (text: string, id: string) =>
  text
    .replaceAll(id, "i-0123456789abcdef0")
    .replaceAll(/arn:aws:(sts|iam)::\d+:\S+/g, "arn:aws:iam::123456789012:user/alice")
    .replaceAll(/\beni-[0-9a-f]+/g, "eni-0123456789abcdef0")
    .replaceAll(/\bvol-[0-9a-f]+/g, "vol-0123456789abcdef0")
    .replaceAll(/ir-\d{8}T\d{6}Z-(\S+)-[0-9a-f]{4}/g, "ir-20260102T030405Z-$1-1a2b")
    .replaceAll(/\d\.\d s\b/g, "0.3 s");

test.each(["--dry-run", ""])("docs/cli.md shows what respond prints: %s", async (option) => {
  const line = `$ cloudtrail-to-slack ${["respond -i i-0123456789abcdef0", option].join(" ").trim()}\n`;
  const [shown = ""] = blocks("docs/cli.md", "console").filter((block) => block.startsWith(line));
  const id = await launch(await elsewhere(scene));
  const { out } = await respond("-i", id, ...(option === "" ? [] : [option]));
  const sorted = (text: string) => asOnThePage(text, id).split("\n").sort();
  // Steps run beside each other: which ends first is chance.
  expect(sorted(out)).toEqual(sorted(shown.slice(line.length).trimEnd()));
});
