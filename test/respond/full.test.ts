import { DescribeInstancesCommand, DescribeVolumesCommand } from "@aws-sdk/client-ec2";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Deployed, deploy } from "./support/deployed.ts";
import { elsewhere, groupsOf, keysIn, launch, objectIn, respond, type Scene } from "./support/scene.ts";

let deployed: Deployed;
let scene: Scene;
beforeAll(async () => {
  deployed = await deploy(({ imageId, subnetId }) => ({
    nmiGraceSeconds: 30,
    snapshotLockDays: 7,
    forensic: { ami: imageId, subnetIds: [subnetId] },
  }));
  scene = deployed.scene;
});
afterAll(() => deployed?.stop());

async function instance(id: string) {
  const { Reservations = [] } = await scene.ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
  return Reservations[0]?.Instances?.[0];
}

test("D1 D2 D3 D4 D6 D7 D8 D9 D10 trap 21 25 30: full isolates, pictures, interrupts, stops, snapshots, detaches, and hands copies to a forensic machine, in this order", async () => {
  const id = await launch(scene, {
    BlockDeviceMappings: [
      { DeviceName: "/dev/sda1", Ebs: { VolumeSize: 8, DeleteOnTermination: true } },
      { DeviceName: "/dev/sdb", Ebs: { VolumeSize: 9, DeleteOnTermination: true } },
    ],
  });
  const { code, out, said } = await respond("-i", id, "--mode", "full", "--yes");
  expect({ code, out: code === 0 ? "" : out + said }).toEqual({ code: 0, out: "" });
  expect(out.split("\n").at(-1)).toBe(`Security Response mechanism complete for instance: ${id}`);

  const order = [
    "ModifyNetworkInterfaceAttribute",
    "GetConsoleScreenshot",
    "SendDiagnosticInterrupt",
    "StopInstances",
    "DetachVolume",
    "RunInstances",
    "AttachVolume",
  ];
  const first = order.map((action) => scene.truth.calls(`ec2:${action}`)[0]?.number ?? -1);
  expect(first).toEqual([...first].sort((one, other) => one - other));
  expect(first).not.toContain(-1);
  const counts = [
    "CreateSnapshots",
    "SendDiagnosticInterrupt",
    "StopInstances",
    "DetachVolume",
    "RunInstances",
    "CreateVolume",
    "LockSnapshot",
  ];
  expect(counts.map((action) => scene.truth.calls(`ec2:${action}`).length)).toEqual([2, 1, 1, 2, 1, 2, 4]);

  expect((await instance(id))?.State?.Name).toBe("stopped");
  const { Volumes = [] } = await scene.ec2.send(
    new DescribeVolumesCommand({ Filters: [{ Name: "tag:ir:step", Values: ["ForensicVolumes"] }] }),
  );
  expect(Volumes.map(({ Attachments }) => Attachments?.[0]?.Device).sort()).toEqual(["/dev/sdf", "/dev/sdg"]);
  const machine = await instance(Volumes[0]?.Attachments?.[0]?.InstanceId ?? "");
  expect(machine?.Tags).toEqual(expect.arrayContaining([{ Key: "ir:step", Value: "ForensicInstance" }]));
  const [manifest = ""] = (await keysIn(scene, "cases/")).filter(
    (key) => key.endsWith("manifest-1.json") && key.includes(id),
  );
  const { memory, outcome, steps } = JSON.parse((await objectIn(scene, manifest)).toString());
  expect({ outcome, method: memory.method }).toEqual({ outcome: "done", method: "nmi" });
  expect(steps.length).toBeGreaterThan(20);

  // And everything back.
  const restored = await respond("restore", id, "--reason", "drill");
  expect({ code: restored.code, out: restored.code === 0 ? "" : restored.out + restored.said }).toEqual({
    code: 0,
    out: "",
  });
  expect({ groups: await groupsOf(scene, id), state: (await instance(id))?.State?.Name }).toEqual({
    groups: [[scene.groupId]],
    state: "running",
  });
});

test("with the module, contain runs on the state machine; an instance that does not exist is exit 3", async () => {
  const here = await elsewhere(scene);
  const id = await launch(here);
  const { code, out } = await respond("-i", id);
  expect({ code, last: out.split("\n").at(-1) }).toEqual({
    code: 0,
    last: `Security Response mechanism complete for instance: ${id}`,
  });
  expect((await groupsOf(here, id)).flat()).not.toContain(here.groupId);
  expect((await respond("-i", "i-0123456789abcdef0")).code).toBe(3);
});

test("full wants --yes where nobody can be asked: exit 2, and nothing is changed", async () => {
  const id = await launch(await elsewhere(scene));
  const { code } = await respond("-i", id, "--mode", "full", "--json");
  expect({ code, changed: scene.truth.calls(({ mutating }) => mutating).length }).toEqual({ code: 2, changed: 0 });
});

test.each([
  ["contain", 0],
  ["full", 4],
] as const)(
  "where the execution cannot be started, the process of the operator isolates: %s",
  async (mode, expected) => {
    const here = await elsewhere(scene);
    const id = await launch(here);
    const refused = here.truth.inject({ on: "StartExecution", times: 1_000, fault: { kind: "denied" } });
    const { code, out } = await respond("-i", id, "--mode", mode, "--yes");
    refused.remove();
    expect({ code, out: code === expected ? "" : out }).toEqual({ code: expected, out: "" });
    expect((await groupsOf(here, id)).flat()).not.toContain(here.groupId);
    expect(out).toContain("this process contains");
    expect(out.includes("the rest of full is not done")).toBe(mode === "full");
  },
);

test.each([
  ["nobody may ask how it stands", "DescribeExecution", "denied", 1_000, 8, "cannot be followed"],
  ["its history is secret", "GetExecutionHistory", "denied", 1_000, 0, "Security Response mechanism complete"],
  ["Step Functions throttles", "states:DescribeExecution", "throttle", 3, 0, "Security Response mechanism complete"],
] as const)(
  "an execution that runs is never taken for a failure of the command: %s",
  async (_what, on, kind, times, expected, text) => {
    const here = await elsewhere(scene);
    const id = await launch(here);
    const injected = here.truth.inject({ on, times, fault: { kind } });
    const { code, out } = await respond("-i", id);
    expect({ code, hits: injected.hits() > 0, out }).toEqual({
      code: expected,
      hits: true,
      out: expect.stringContaining(text),
    });
    injected.remove();
    // It says how to look, and that is so.
    if (expected === 8) expect(out).toContain(`respond status ${id}; aws stepfunctions describe-execution`);
    await expect.poll(async () => (await groupsOf(here, id)).flat(), { timeout: 30_000 }).not.toContain(here.groupId);
  },
);

test("an execution whose bucket refused is restored by the operator's process, from the history of the execution", async () => {
  const here = await elsewhere(scene);
  const id = await launch(here);
  const refused = here.truth.inject({
    on: ({ service }) => service === "s3",
    times: 10_000,
    fault: { kind: "denied" },
  });
  expect((await respond("-i", id)).code).toBe(4);
  refused.remove();
  expect((await groupsOf(here, id)).flat()).not.toContain(here.groupId);
  const { code, out, said } = await respond("restore", id, "--reason", "false alarm");
  expect({ code, out: code === 0 ? "" : out + said }).toEqual({ code: 0, out: "" });
  expect(await groupsOf(here, id)).toEqual([[here.groupId]]);
});
