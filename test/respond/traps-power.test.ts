import { setTimeout as sleep } from "node:timers/promises";
import { DescribeVolumesCommand, StopInstancesCommand } from "@aws-sdk/client-ec2";
import { expect, test, vi } from "vitest";
import type { Call } from "#test/support/truth/journal.ts";
import { createNetwork } from "#test/support/truth/networks.ts";
import { describeInstance, launch as launchShape, type Shape } from "#test/support/truth/shapes.ts";
import { respond } from "./support/scene.ts";
import { type Play, playStep, playSteps, said } from "./support/steps.ts";
import { useScene } from "./support/use-scene.ts";

vi.spyOn(console, "log").mockImplementation(() => {});
const scene = await useScene({ fresh: true });

async function victim(shape: Shape = {}) {
  const made = await launchShape(scene.truth, shape);
  scene.truth.forgetCalls();
  return made;
}

const count = (action: string) => scene.truth.calls(`ec2:${action}`).length;
const stateOf = async (id: string) => (await describeInstance(scene.ec2, id)).State?.Name;
const tagsOf = async (id: string) => ((await describeInstance(scene.ec2, id)).Tags ?? []).map(({ Key }) => Key);
const volumesOf = async (...VolumeIds: string[]) => {
  const { Volumes = [] } = await scene.ec2.send(new DescribeVolumesCommand({ VolumeIds }));
  return Volumes;
};
const forensic = (subnetIds: readonly string[] = [scene.subnetId]) => ({ forensic: { ami: scene.imageId, subnetIds } });

test("trap 14: a one-time spot instance is never stopped, and its request is left alone; its disks are kept twice", async () => {
  const { id } = await victim({ spot: "one-time" });
  const records = await playSteps({ instanceId: id });
  expect([said(records, "Stop"), records.AwaitStopped?.status, records.Detach?.status]).toEqual([
    expect.stringContaining("skipped: a one-time spot"),
    "skipped",
    "skipped",
  ]);
  expect([count("StopInstances"), count("CancelSpotInstanceRequests"), count("CreateSnapshots")]).toEqual([0, 0, 2]);
  expect(await stateOf(id)).toBe("running");
});

test("trap 14: a persistent spot instance is stopped, and its request is not cancelled", async () => {
  const { id } = await victim({ spot: "persistent" });
  const records = await playSteps({ instanceId: id });
  expect([records.Stop?.status, records.AwaitStopped?.status]).toEqual(["ok", "ok"]);
  expect([await stateOf(id), count("CancelSpotInstanceRequests")]).toEqual(["stopped", 0]);
});

test("trap 16: a stop that would destroy an instance store, or is impossible, is not tried, and the reason says how much", async () => {
  const local = await victim({ type: "m5d.large" });
  const records = await playSteps({ instanceId: local.id }, forensic());
  expect(said(records, "Stop")).toMatch(/^skipped: .*destroy 75 GB/);
  const root = await victim({ instanceStore: true });
  expect(said(await playSteps({ instanceId: root.id }), "Stop")).toContain("skipped: its root is an instance store");
  expect([count("StopInstances"), count("DetachVolume")]).toEqual([0, 0]);
  // The forensic machine gets copies all the same.
  expect(records.Attach?.status).toBe("ok");
});

test("trap 20: after an interrupt the operating system, which may be the attacker's, is not asked to stop", async () => {
  const { id } = await victim();
  await playSteps({ instanceId: id });
  const [stop] = scene.truth.calls("ec2:StopInstances");
  expect(stop?.params.Force).toBe("true");
});

test("trap 20: a stop that the operating system was asked for and drags out is forced", async () => {
  const { id } = await victim();
  const late: Play = async (step, state) => {
    const record = await playStep(step, state);
    return step === "Stop" ? { ...record, ended: new Date(Date.now() - 130_000).toISOString() } : record;
  };
  scene.truth.takes({ stopMs: 3_600_000 });
  const records = await playSteps({ instanceId: id }, { nmi: false }, late);
  expect([records.Interrupt?.status, records.AwaitStopped?.status]).toEqual(["skipped", "ok"]);
  expect(scene.truth.calls("ec2:StopInstances").map(({ params }) => params.Force)).toEqual([undefined, "true"]);
});

test("trap 21: a machine that is no Nitro gets no interrupt, and is stopped", async () => {
  const { id } = await victim({ type: "t2.micro" });
  const records = await playSteps({ instanceId: id });
  expect([records.Interrupt?.status, records.AwaitStopped?.status]).toEqual(["skipped", "ok"]);
  expect(count("SendDiagnosticInterrupt")).toBe(0);
});

test("trap 21: where the bucket refuses, the interrupt is sent all the same, once: a tag tells", async () => {
  const { id } = await victim();
  // Without its stop it runs on, as in a second attempt.
  const claims = ({ params }: Call) => params.Key?.includes("claims/Interrupt") === true;
  for (const on of [claims, "StopInstances"]) scene.truth.inject({ on, times: 1_000, fault: { kind: "denied" } });
  const first = await playSteps({ instanceId: id, case: "c1" });
  expect([first.Isolate?.status, first.Interrupt?.status]).toEqual(["ok", "ok"]);
  const second = await playSteps({ instanceId: id, case: "c1" });
  expect(said(second, "Interrupt")).toBe("ok: sent, or about to be, by an earlier attempt");
  expect(scene.truth.interrupts(id)).toHaveLength(1);
  expect(await tagsOf(id)).toContain("ir:interrupt");
  const restored = await playSteps({ instanceId: id, action: "restore" });
  expect([said(restored, "Restore"), await tagsOf(id)]).toEqual(["ok: ", []]);
});

test("trap 21: where nothing can tell that it was sent, it is not", async () => {
  const { id } = await victim();
  for (const on of ["PutObject", "CreateTags"]) scene.truth.inject({ on, times: 1_000, fault: { kind: "denied" } });
  const records = await playSteps({ instanceId: id });
  expect([records.Interrupt?.status, scene.truth.interrupts(id)]).toEqual(["failed", []]);
});

test("what a person stopped between a contain and a full is not started by the restore", async () => {
  const { id } = await victim();
  expect((await respond("-i", id)).code).toBe(0);
  await scene.ec2.send(new StopInstancesCommand({ InstanceIds: [id] }));
  await expect.poll(() => stateOf(id)).toBe("stopped");
  // EC2 tells the time to the second.
  await sleep(1_100);
  expect(said(await playSteps({ instanceId: id }), "Stop")).toBe("ok: it was stopped");
  const restored = await playSteps({ instanceId: id, action: "restore" });
  const told = "ok: left alone: the instance is stopped, which no run of the case says it did";
  expect([said(restored, "Restore"), await stateOf(id)]).toEqual([told, "stopped"]);
});

test("trap 26: the forensic machine may be in another zone: it gets copies there, and the originals stay as they are", async () => {
  const network = await createNetwork(scene.ec2, { zones: ["us-east-1b"] });
  const { id, volumes } = await victim({ network, data: 1 });
  const records = await playSteps({ instanceId: id }, forensic());
  expect(records.Attach?.status).toBe("ok");
  const copies = (records.ForensicVolumes?.details?.volumes ?? []) as { readonly id: string; readonly of: string }[];
  expect(copies.map(({ of }) => of)).toEqual(volumes);
  const zones = async (ids: readonly string[]) =>
    (await volumesOf(...ids)).map(({ State, AvailabilityZone }) => `${State} ${AvailabilityZone}`);
  expect(await zones(copies.map((one) => one.id))).toEqual(["in-use us-east-1a", "in-use us-east-1a"]);
  expect(await zones(volumes)).toEqual(["available us-east-1b", "available us-east-1b"]);
});

test("trap 26: the originals of another zone cannot be handed over: it says so, and starts no machine", async () => {
  const network = await createNetwork(scene.ec2, { zones: ["us-east-1b"] });
  const { id } = await victim({ network });
  const records = await playSteps({ instanceId: id }, { ...forensic(), evidenceVolumeMode: "original" });
  expect(said(records, "ForensicVolumes")).toContain("failed: the originals are in us-east-1b");
  expect([records.ForensicInstance?.status, count("RunInstances")]).toEqual(["skipped", 0]);
});

test("D9: evidence_volume_mode original hands over the disks themselves, the root first", async () => {
  const { id, network, volumes } = await victim({ data: 1 });
  const records = await playSteps(
    { instanceId: id },
    { ...forensic(network.subnetIds), evidenceVolumeMode: "original" },
  );
  expect([records.Attach?.status, count("CreateVolume")]).toEqual(["ok", 0]);
  const machine = records.ForensicInstance?.details?.instanceId;
  const held = (await volumesOf(...volumes)).map(({ VolumeId, Attachments = [] }) => [
    VolumeId,
    Attachments[0]?.InstanceId,
    Attachments[0]?.Device,
  ]);
  expect(held.sort()).toEqual(
    [
      [volumes[0], machine, "/dev/sdf"],
      [volumes[1], machine, "/dev/sdg"],
    ].sort(),
  );
});

test("trap 27: a disk that several instances share is named, and not taken off", async () => {
  const { id, volumes } = await victim({ data: 1 });
  const [, shared = ""] = volumes;
  // The emulator has no volume that is shared.
  const marking: Play = async (step, state) => {
    const record = await playStep(step, state);
    if (step !== "RecordBaseline") return record;
    const before = record.details?.before as { readonly volumes: readonly { readonly id: string }[] };
    const marked = before.volumes.map((one) => (one.id === shared ? { ...one, multiAttach: true } : one));
    return { ...record, details: { ...record.details, before: { ...before, volumes: marked } } };
  };
  const records = await playSteps({ instanceId: id }, {}, marking);
  expect(said(records, "Detach")).toBe(`ok: shared with others, so left: ${shared}`);
  expect(scene.truth.calls("ec2:DetachVolume").map(({ params }) => params.VolumeId)).toEqual([volumes[0]]);
});

test("trap 29: the disks are one set, at one point in time, tagged by the call that makes it", async () => {
  const { id } = await victim({ data: 2 });
  const records = await playSteps({ instanceId: id });
  expect(records.LiveSnapshots?.evidence).toHaveLength(3);
  expect([count("CreateSnapshots"), count("CreateSnapshot")]).toEqual([2, 0]);
  const [call] = scene.truth.calls("ec2:CreateSnapshots");
  expect(Object.values(call?.params ?? {})).toEqual(
    expect.arrayContaining(["ir:case", "ir:step", "LiveSnapshots", id]),
  );
});
