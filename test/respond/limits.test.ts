import { readFileSync } from "node:fs";
import path from "node:path";
import { DescribeSnapshotsCommand } from "@aws-sdk/client-ec2";
import { expect, test, vi } from "vitest";
import { handler } from "#incident-response/handler.ts";
import type { StepRecord } from "#incident-response/record.ts";
import { repoRoot } from "#test/support/tools.ts";
import { containFleet, launchFleet, outOf } from "./support/fleet.ts";
import { addInterface, elsewhere, launch, respond, type Scene } from "./support/scene.ts";
import { configure } from "./support/steps.ts";
import { useScene } from "./support/use-scene.ts";

/*
 * Where time can go. How much goes is measured: `npm run bench:respond`.
 */

vi.spyOn(console, "log").mockImplementation(() => {});
const account = await useScene();

const FLEET = 100;

/** Of the definition, what says which state comes next, and how long one takes. */
interface State {
  readonly Type: string;
  readonly Next?: string;
  readonly Default?: string;
  readonly Choices?: readonly { readonly Next: string }[];
  readonly Catch?: readonly { readonly Next: string }[];
  readonly Branches?: readonly Machine[];
  readonly TimeoutSeconds?: number;
  readonly TimeoutSecondsPath?: string;
}
interface Machine {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
}

const MACHINE: Machine = JSON.parse(
  readFileSync(path.join(repoRoot, "modules/incident-response/state-machine.asl.json"), "utf8"),
);

/** Every state of a machine and of what runs beside each other in it, by name. */
const statesOf = ({ States }: Machine): readonly (readonly [string, State])[] =>
  Object.entries(States).flatMap(([name, state]) => [
    [name, state] as const,
    ...(state.Branches ?? []).flatMap(statesOf),
  ]);
const ALL = new Map(statesOf(MACHINE));

/** Whether a state leads to another one, by whatever way. */
function leadsTo(goal: string, name: string, seen: Set<string> = new Set()): boolean {
  if (name === goal) return true;
  const { Next, Default, Choices = [], Catch = [], Branches = [] } = ALL.get(name) ?? { Type: "" };
  seen.add(name);
  const following = [
    Next,
    Default,
    ...[...Choices, ...Catch].map((one) => one.Next),
    ...Branches.map((one) => one.StartAt),
  ];
  return following.some((next) => next !== undefined && !seen.has(next) && leadsTo(goal, next, seen));
}

/** What runs between the beginning of an execution and a state: what leads there, and what that waits for. */
function before(goal: string): ReadonlyMap<string, State> {
  const way = Array.from(ALL).filter(([name]) => name !== goal && leadsTo(goal, name));
  const beside = way.flatMap(([, { Branches = [] }]) => {
    const inner = Branches.flatMap(statesOf);
    return inner.some(([name]) => name === goal) ? [] : inner;
  });
  return new Map([...way, ...beside]);
}
const namesOf = (states: ReadonlyMap<string, State>, ...types: readonly string[]) =>
  Array.from(states)
    .flatMap(([name, { Type }]) => (types.includes(Type) ? [name] : []))
    .sort();

test("C3: between a finding and the isolation stand two steps, and nothing that waits unless a person is to be asked", () => {
  const states = before("Isolate");
  expect(namesOf(states, "Task")).toEqual(["ApproveContain", "RecordBaseline", "Validate"]);
  expect(namesOf(states, "Wait")).toEqual([]);
});

test("C3: between the isolation and the stop waits the interrupt's grace alone, and who was asked to approve", () => {
  const states = before("Stop");
  expect(namesOf(states, "Wait")).toEqual(["InterruptGrace"]);
  const asked = Array.from(states).filter(([, { TimeoutSecondsPath }]) => TimeoutSecondsPath !== undefined);
  expect(asked.map(([name]) => name).sort()).toEqual(["ApproveContain", "ApprovePowerOff"]);
});

test("G3: every step of full has a time limit, and what waits is the grace or a loop for stop, snapshots and machine", () => {
  expect(namesOf(ALL, "Wait")).toEqual(["ForensicWait", "InterruptGrace", "SnapshotsWait", "StopWait"]);
  const unbounded = Array.from(ALL).filter(
    ([, { Type, TimeoutSeconds = Number.POSITIVE_INFINITY, TimeoutSecondsPath }]) =>
      Type === "Task" && TimeoutSeconds > 100 && TimeoutSecondsPath === undefined,
  );
  expect(unbounded.map(([name]) => name)).toEqual([]);
});

/** Plays the beginning of an execution. @returns what a later step answers, so many minutes after what it waits for */
async function begun(id: string, settings: Readonly<Record<string, unknown>>) {
  configure(settings);
  const records: Record<string, unknown> = {};
  const play = (step: string) => {
    const input = { request: { instanceId: id, profile: "full" } };
    return handler({ step, state: { input, execution: "arn:execution", records } }) as Promise<StepRecord>;
  };
  for (const step of ["Validate", "RecordBaseline"]) records[step] = await play(step);
  return async (step: string, after: StepRecord, minutes: number) => {
    records[after.step] = { ...after, ended: new Date(Date.now() - minutes * 60_000).toISOString() };
    return (await play(step)).status;
  };
}

const recordOf = (step: string, rest: Partial<StepRecord> = {}): StepRecord => {
  const now = new Date().toISOString();
  return { step, status: "ok", started: now, ended: now, changes: [], evidence: [], api: [], ...rest };
};

test("G3: the loops end: a stop after 15 minutes, a machine after 10, snapshots after 12 hours", async () => {
  const scene = await elsewhere(account);
  const id = await launch(scene);
  const machine = await launch(scene);
  scene.truth.say(id, { state: "stopping" });
  scene.truth.say(machine, { state: "pending" });
  const stop = recordOf("Stop");
  const forensic = recordOf("ForensicInstance", { details: { instanceId: machine } });
  scene.truth.takes({ snapshotMs: Number.POSITIVE_INFINITY });
  const taken = recordOf("FinalSnapshots", { evidence: await snapshotOf(scene) });
  const asked = await begun(id, { forensic: { ami: scene.imageId, subnetIds: [scene.subnetId] } });
  const answers = [
    [await asked("AwaitStopped", stop, 14), await asked("AwaitStopped", stop, 16)],
    [await asked("AwaitForensic", forensic, 9), await asked("AwaitForensic", forensic, 11)],
    [await asked("AwaitSnapshots", taken, 719), await asked("AwaitSnapshots", taken, 721)],
  ];
  scene.truth.settle();
  expect(answers).toEqual(Array(3).fill(["pending", "failed"]));
});

/** Snapshots that are being written, as evidence of a step. */
async function snapshotOf(scene: Scene): Promise<StepRecord["evidence"]> {
  const id = await launch(scene);
  await respond("-i", id);
  const Filters = [{ Name: "tag:ir:source", Values: [id] }];
  const { Snapshots = [] } = await scene.ec2.send(new DescribeSnapshotsCommand({ Filters }));
  return Snapshots.map(({ SnapshotId = "" }) => ({ kind: "snapshot", id: SnapshotId, what: "snapshot" }));
}

test("G1: as many calls come before the isolation of many disks and interfaces as of one, and none of them is slow", async () => {
  const scene = await elsewhere(account);
  const small = await launch(scene);
  const BlockDeviceMappings = ["a1", "b", "c", "d"].map((letter) => ({
    DeviceName: `/dev/sd${letter}`,
    Ebs: { VolumeSize: 8 },
  }));
  const large = await launch(scene, { BlockDeviceMappings });
  for (const index of [1, 2]) await addInterface(scene, large, index);
  const callsBefore = async (id: string) => {
    scene.truth.forgetCalls();
    expect((await respond("-i", id)).code).toBe(0);
    const calls = scene.truth.calls();
    const first = calls.findIndex(({ action }) => action === "ModifyNetworkInterfaceAttribute");
    return calls
      .slice(0, first)
      .map(({ service, action }) => `${service}:${action}`)
      .sort();
  };
  // The group is there from the first run on.
  await respond("-i", await launch(scene));
  const few = await callsBefore(small);
  expect(await callsBefore(large)).toEqual(few);
  expect(few.filter((call) => /Snapshot|Console|Publish|Tags|List/.test(call))).toEqual([]);
  expect(few.length).toBeLessThanOrEqual(24);
});

test("G2: contain does not wait for its snapshots to be written", async () => {
  const scene = await elsewhere(account);
  const id = await launch(scene);
  scene.truth.takes({ snapshotMs: Number.POSITIVE_INFINITY });
  const { code, lines } = await respond("-i", id, "--json");
  scene.truth.settle();
  expect({ code, snapshots: lines.find(({ step }) => step === "LiveSnapshots")?.status }).toEqual({
    code: 0,
    snapshots: "ok",
  });
});

test("G7: while EC2 throttles at 20 requests a second, 100 instances are isolated at once, and no step fails", async () => {
  const scene = await elsewhere(account);
  const ids = await launchFleet(scene, FLEET);
  const { code, lines, calls } = await containFleet(scene, FLEET);
  expect(lines.filter(({ status }) => status === "failed")).toEqual([]);
  expect({ code, out: [...(await outOf(scene, ids))].sort() }).toEqual({ code: 0, out: [...ids].sort() });
  expect(calls.throttled).toBeGreaterThan(FLEET);
}, 600_000);
