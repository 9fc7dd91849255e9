import { CreateLaunchTemplateCommand, DescribeInstancesCommand, DescribeSnapshotsCommand } from "@aws-sdk/client-ec2";
import { CreateTargetGroupCommand, RegisterTargetsCommand } from "@aws-sdk/client-elastic-load-balancing-v2";
import { CreateKeyCommand } from "@aws-sdk/client-kms";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createProfile } from "#test/support/truth/profiles.ts";
import { FAULTS, type Injected, OF_FULL } from "./support/faults.ts";
import { groupsOf, launch, type Scene, startScene } from "./support/scene.ts";
import { playSteps, type Records } from "./support/steps.ts";

let scene: Scene;
let profile: string;
let targetGroup: string | undefined;
let settings: Readonly<Record<string, unknown>>;
beforeAll(async () => {
  vi.spyOn(console, "log").mockImplementation(() => {});
  // Of the waits that the jitter may draw, nearly the shortest: nothing here depends on their length.
  vi.spyOn(Math, "random").mockReturnValue(0.02);
  scene = await startScene();
  scene.truth.plays("notifier", () => ({}));
  profile = await createProfile(scene.truth);
  const target = { Name: "web", Protocol: "HTTP", Port: 80, VpcId: scene.vpcId, TargetType: "instance" } as const;
  const { TargetGroups = [] } = await scene.loadBalancing.send(new CreateTargetGroupCommand(target));
  targetGroup = TargetGroups[0]?.TargetGroupArn;
  const LaunchTemplateData = { ImageId: scene.imageId, InstanceType: "t3.micro" } as const;
  const template = new CreateLaunchTemplateCommand({ LaunchTemplateName: "web", LaunchTemplateData });
  const { LaunchTemplate } = await scene.ec2.send(template);
  const signing = new CreateKeyCommand({ KeyUsage: "SIGN_VERIFY", KeySpec: "ECC_NIST_P256" });
  const { KeyMetadata } = await scene.kms.send(signing);
  settings = {
    notifierFunctionArn: "arn:aws:lambda:us-east-1:123456789012:function:notifier",
    signingKeyArn: KeyMetadata?.Arn,
    snapshotLockDays: 1,
    revoke: "instance",
    forensic: { ami: scene.imageId, subnetIds: [scene.subnetId] },
    replacementLaunchTemplate: { id: LaunchTemplate?.LaunchTemplateId, subnetId: scene.subnetId },
  };
});
afterAll(() => {
  vi.restoreAllMocks();
  return scene.truth.stop();
});

/** An instance on which `full` finds something to do for every one of its changes. */
async function victim(): Promise<string> {
  const id = await launch(scene, { IamInstanceProfile: { Name: profile } });
  const target = { TargetGroupArn: targetGroup, Targets: [{ Id: id, Port: 80 }] };
  await scene.loadBalancing.send(new RegisterTargetsCommand(target));
  scene.truth.forgetCalls();
  return id;
}

/** A fault on each of these calls, while `full` is played. @returns its records, after what holds whatever happens */
async function played(on: readonly string[], { fault, times }: Injected) {
  const id = await victim();
  const injected = on.map((action) => scene.truth.inject({ on: action, times, fault }));
  const records = await playSteps({ instanceId: id }, settings);
  for (const one of injected) one.remove();
  const groups = (await groupsOf(scene, id)).flat();
  const Filters = [{ Name: "tag:ir:source", Values: [id] }];
  const { Snapshots = [] } = await scene.ec2.send(new DescribeSnapshotsCommand({ Filters }));
  const { Reservations = [] } = await scene.ec2.send(new DescribeInstancesCommand({ Filters }));
  const made = {
    snapshots: Snapshots.length,
    machines: Reservations.length,
    interrupts: scene.truth.interrupts(id).length,
  };
  expect({ on, missed: on.filter((_, index) => injected[index]?.hits() === 0) }).toEqual({ on, missed: [] });
  expect([on, records.Isolate?.status, groups.length, groups.includes(scene.groupId)]).toEqual([on, "ok", 1, false]);
  return { records, made };
}

const failedIn = (records: Records) => Object.values(records).filter(({ status }) => status === "failed");
const WHOLE = { snapshots: 2, machines: 2, interrupts: 1 };
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
    expect(made).toEqual(WHOLE);
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
    for (const [what, most] of Object.entries(WHOLE)) {
      expect([what, made[what as keyof typeof WHOLE] <= most]).toEqual([what, true]);
    }
  },
);

test.each(kinds)("G4: an interrupt is sent at most once: $name", async (kind) => {
  const { records, made } = await played([ONCE], kind);
  const failed = failedIn(records).map(({ step }) => step);
  expect(failed.length === 0 || told().includes("Interrupt: ")).toBe(true);
  expect(failed.filter((step) => step !== "Interrupt")).toEqual([]);
  expect(made).toEqual({ ...WHOLE, interrupts: made.interrupts });
  expect(made.interrupts).toBeLessThanOrEqual(1);
  // A throttled call had no effect: it is sent again.
  if (kind.fault.kind === "throttle") expect([failed, made.interrupts]).toEqual([[], 1]);
});
