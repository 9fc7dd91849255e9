import { readFileSync } from "node:fs";
import path from "node:path";
import { SetInstanceProtectionCommand } from "@aws-sdk/client-auto-scaling";
import { RegisterTargetsCommand } from "@aws-sdk/client-elastic-load-balancing-v2";
import { CreateKeyCommand } from "@aws-sdk/client-kms";
import { expect, test, vi } from "vitest";
import { repoRoot } from "#test/support/tools.ts";
import { launchInGroup } from "#test/support/truth/grouped-shapes.ts";
import { iamActionsOf } from "#test/support/truth/iam-actions.ts";
import { launch as launchShape } from "#test/support/truth/shapes.ts";
import { type Play, playStep, playSteps, type Records } from "./support/steps.ts";
import { useScene } from "./support/use-scene.ts";

/** Step by step, what the policy of the function is made of; `implied` is what AWS asks for beside it. */
const ACTIONS: Readonly<Record<string, readonly string[]>> = JSON.parse(
  readFileSync(path.join(repoRoot, "modules/incident-response/actions.json"), "utf8"),
);

/** What these runs meet no occasion for, and which test does. */
const ELSEWHERE: Readonly<Record<string, readonly string[]>> = {
  // Only asked where an earlier attempt wrote it: resume.test.ts.
  Screenshot: ["s3:GetObject"],
  ConsoleOutput: ["s3:GetObject"],
  LoadBalancers: ["s3:GetObject"],
  LiveSnapshots: ["s3:GetObject"],
  FinalSnapshots: ["s3:GetObject"],
  // Rules of strangers in our group: contain.test.ts.
  Isolate: ["ec2:RevokeSecurityGroupIngress"],
  // The same group, for a network of its own.
  ForensicInstance: ["ec2:RevokeSecurityGroupIngress", "ec2:AuthorizeSecurityGroupIngress"],
  // An instance that is being terminated: traps-service.test.ts.
  HoldAutoScaling: ["autoscaling:DescribeLifecycleHooks", "autoscaling:RecordLifecycleActionHeartbeat"],
  // A stop that drags on, and a bucket that refuses: traps-power.test.ts.
  AwaitStopped: ["ec2:StopInstances"],
  Interrupt: ["ec2:CreateTags"],
  // A finding about what is protected: traps-service.test.ts. Without s3:ListBucket, S3 answers 403 for what is not there.
  Validate: ["lambda:InvokeFunction", "sns:Publish", "s3:ListBucket"],
};
/** Not steps, or not of these runs: intake and approvals are shown by traps-service.test.ts and approve.test.ts. */
const OTHERS = ["intake", "implied", "ApproveContain", "ApprovePowerOff", "PageNotIsolated"];

vi.spyOn(console, "log").mockImplementation(() => {});
const scene = await useScene();
const seen = new Map<string, Set<string>>();

/** Plays a run, and notes which permissions each of its steps needed. */
async function play(request: Readonly<Record<string, unknown>>, settings: Readonly<Record<string, unknown>>) {
  scene.truth.forgetCalls();
  const noted: Play = async (step, state) => {
    const record = await playStep(step, state);
    const needed = seen.get(record.step) ?? new Set();
    for (const action of iamActionsOf(scene.truth.calls())) needed.add(action);
    seen.set(record.step, needed);
    scene.truth.forgetCalls();
    return record;
  };
  return playSteps(request, settings, noted);
}

const failures = (records: Records) =>
  Object.values(records).flatMap(({ step, status, reason }) => (status === "failed" ? [`${step}: ${reason}`] : []));

test("G10: contain, full and restore call what actions.json grants each step, and it grants nothing more", async () => {
  const notifierFunctionArn = "arn:aws:lambda:us-east-1:123456789012:function:notifier";
  scene.truth.plays("notifier", () => ({}));
  const { KeyMetadata } = await scene.kms.send(
    new CreateKeyCommand({ KeyUsage: "SIGN_VERIFY", KeySpec: "ECC_NIST_P256" }),
  );
  const common = { notifierFunctionArn, signingKeyArn: KeyMetadata?.Arn, snapshotLockDays: 1, revoke: "instance" };
  const grouped = await launchInGroup(scene.truth, { targetGroups: 1, sizes: [0, 1, 3] });
  const alone = await launchShape(scene.truth, {
    network: grouped.network,
    profile: true,
    elasticIp: true,
    tags: { "ir:status": "mine" },
    launch: { InstanceInitiatedShutdownBehavior: "terminate" },
  });
  const spot = await launchShape(scene.truth, { spot: "one-time" });
  const AutoScalingGroupName = grouped.groupName;
  const protection = { AutoScalingGroupName, InstanceIds: [grouped.id], ProtectedFromScaleIn: true };
  const other = await launchInGroup(scene.truth, { sizes: [0, 1, 3] });
  await scene.autoScaling.send(new SetInstanceProtectionCommand(protection));
  const TargetGroupArn = grouped.targetGroupArns[0];
  await scene.loadBalancing.send(new RegisterTargetsCommand({ TargetGroupArn, Targets: [{ Id: alone.id, Port: 80 }] }));
  const full = {
    ...common,
    forensic: { ami: scene.imageId, subnetIds: [scene.subnetId] },
    replacementLaunchTemplate: { id: grouped.launchTemplateId },
  };
  const runs = [
    await play({ instanceId: spot.id, profile: "contain" }, { ...common, forensicCidrs: ["192.0.2.0/24"] }),
    await play({ instanceId: grouped.id }, full),
    await play({ instanceId: other.id }, common),
    await play({ instanceId: alone.id }, full),
    await play({ instanceId: grouped.id, action: "restore" }, common),
    await play({ instanceId: alone.id, action: "restore" }, common),
  ];
  expect(runs.flatMap(failures)).toEqual([]);
  const implied = ACTIONS.implied ?? [];
  const steps = Object.entries(ACTIONS).filter(([step]) => !OTHERS.includes(step));
  const called = steps.map(([step, granted]) => {
    const needed = [...(seen.get(step) ?? [])].filter(
      (action) => granted.includes(action) || !implied.includes(action),
    );
    return [step, [...new Set([...needed, ...(ELSEWHERE[step] ?? [])])].sort()];
  });
  expect(called).toEqual(steps.map(([step, granted]) => [step, [...granted].sort()]));
});
