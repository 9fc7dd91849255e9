import { expect, test, vi } from "vitest";
import { FAULTS, type Injected, OF_FULL } from "./support/faults.ts";
import { MADE_ONCE, madeFor, prepareForFull } from "./support/for-full.ts";
import { groupsOf } from "./support/scene.ts";
import { playSteps, type Records } from "./support/steps.ts";
import { useScene } from "./support/use-scene.ts";

vi.spyOn(console, "log").mockImplementation(() => {});
// Of the waits that the jitter may draw, nearly the shortest: nothing here depends on their length.
vi.spyOn(Math, "random").mockReturnValue(0.02);
const scene = await useScene();
const { settings, victim } = await prepareForFull(scene);

/** A fault on each of these calls, while `full` is played. @returns its records, after what holds whatever happens */
async function played(on: readonly string[], { fault, times }: Injected) {
  const id = await victim();
  const injected = on.map((action) => scene.truth.inject({ on: action, times, fault }));
  const records = await playSteps({ instanceId: id }, settings);
  for (const one of injected) one.remove();
  const groups = (await groupsOf(scene, id)).flat();
  const made = await madeFor(scene, id);
  expect({ on, missed: on.filter((_, index) => injected[index]?.hits() === 0) }).toEqual({ on, missed: [] });
  expect([on, records.Isolate?.status, groups.length, groups.includes(scene.groupId)]).toEqual([on, "ok", 1, false]);
  return { records, made };
}

const failedIn = (records: Records) => Object.values(records).filter(({ status }) => status === "failed");
/** Sent at most once: whether the machine got it is not known after an error, and it is not sent again. */
const ONCE = "SendDiagnosticInterrupt";
const kinds = Object.entries(FAULTS).map(([name, injected]) => ({ name, ...injected }));

test.each(kinds.filter(({ passes }) => passes))(
  "G4: full gets over it at every one of its changes, and does nothing twice: $name",
  async (injected) => {
    const { records, made } = await played(
      OF_FULL.filter((action) => action !== ONCE),
      injected,
    );
    expect(failedIn(records)).toEqual([]);
    expect(made).toEqual(MADE_ONCE);
  },
);

/** The step that fails where its call is refused. */
const STEP_OF: Readonly<Record<string, string>> = {
  AttachVolume: "Attach",
  CreateVolume: "ForensicVolumes",
  DeregisterTargets: "LoadBalancers",
  DetachVolume: "Detach",
  DisassociateIamInstanceProfile: "Credentials",
  Invoke: "NotifyIsolated",
  LockSnapshot: "LiveSnapshots",
  ModifyInstanceMetadataOptions: "Credentials",
  RunInstances: "Replacement",
  SendDiagnosticInterrupt: "Interrupt",
  Sign: "Manifest",
  StopInstances: "Stop",
};

/** What people read at the end. */
const told = () => scene.truth.calls("Publish").at(-1)?.params.Message ?? "";

test.each(kinds.flatMap((kind) => (kind.passes ? [] : OF_FULL.map((on) => ({ ...kind, on })))))(
  "G4: full stays isolated, says which step failed and why, and does nothing twice: $on, $name",
  async (one) => {
    const { records, made } = await played([one.on], one);
    const failed = failedIn(records).map(({ step }) => step);
    const reasons = failedIn(records).map(({ reason = "" }) => reason);
    expect(reasons).not.toContain("");
    expect(failed.filter((step) => step !== "Notify" && !told().includes(`${step}: `))).toEqual([]);
    expect(records.Notify?.details?.outcome).toBe(failed.length === 0 ? "done" : "partial");
    if (one.name === "forbidden") expect(failed).toContain(STEP_OF[one.on]);
    for (const [what, most] of Object.entries(MADE_ONCE)) {
      expect([what, made[what as keyof typeof MADE_ONCE] <= most]).toEqual([what, true]);
    }
  },
);

test.each(kinds)("G4: an interrupt is sent at most once: $name", async (kind) => {
  const { records, made } = await played([ONCE], kind);
  const failed = failedIn(records).map(({ step }) => step);
  expect(failed.length === 0 || told().includes("Interrupt: ")).toBe(true);
  expect(failed.filter((step) => step !== "Interrupt")).toEqual([]);
  expect(made).toEqual({ ...MADE_ONCE, interrupts: made.interrupts });
  expect(made.interrupts).toBeLessThanOrEqual(1);
  // A throttled call had no effect: it is sent again.
  if (kind.fault.kind === "throttle") expect([failed, made.interrupts]).toEqual([[], 1]);
});
