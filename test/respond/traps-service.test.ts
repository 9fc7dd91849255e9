import { PutLifecycleHookCommand } from "@aws-sdk/client-auto-scaling";
import {
  DescribeIamInstanceProfileAssociationsCommand,
  DisassociateIamInstanceProfileCommand,
} from "@aws-sdk/client-ec2";
import { DescribeTargetHealthCommand, RegisterTargetsCommand } from "@aws-sdk/client-elastic-load-balancing-v2";
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  ListExecutionsCommand,
  SFNClient,
} from "@aws-sdk/client-sfn";
import { expect, test, vi } from "vitest";
import { handler } from "#incident-response/handler.ts";
import type { StepRecord } from "#incident-response/record.ts";
import { launchInGroup } from "#test/support/truth/grouped-shapes.ts";
import { describeInstance, launch as launchShape } from "#test/support/truth/shapes.ts";
import { finding } from "./support/finding.ts";
import { ACCOUNT, groupsOf, REGION } from "./support/scene.ts";
import { configure, playSteps, said } from "./support/steps.ts";
import { useScene } from "./support/use-scene.ts";

vi.spyOn(console, "log").mockImplementation(() => {});
const scene = await useScene({ fresh: true });

async function profileOf(id: string) {
  const Filters = [{ Name: "instance-id", Values: [id] }];
  const { IamInstanceProfileAssociations = [] } = await scene.ec2.send(
    new DescribeIamInstanceProfileAssociationsCommand({ Filters }),
  );
  return IamInstanceProfileAssociations[0]?.IamInstanceProfile?.Arn;
}

async function targetsIn(TargetGroupArn: string | undefined) {
  const asked = new DescribeTargetHealthCommand({ TargetGroupArn });
  const { TargetHealthDescriptions = [] } = await scene.loadBalancing.send(asked);
  return TargetHealthDescriptions.map(({ Target }) => Target?.Id);
}

test("trap 12: an instance that its group is terminating is held by its lifecycle hook, and isolated and copied meanwhile", async () => {
  const { id, groupName } = await launchInGroup(scene.truth);
  const hook = {
    AutoScalingGroupName: groupName,
    LifecycleHookName: "goodbye",
    LifecycleTransition: "autoscaling:EC2_INSTANCE_TERMINATING",
  };
  await scene.autoScaling.send(new PutLifecycleHookCommand(hook));
  scene.truth.say(id, { lifecycleState: "Terminating:Wait" });
  const records = await playSteps({ instanceId: id, profile: "contain" });
  expect(said(records, "HoldAutoScaling")).toMatch(/^failed: .*Terminating:Wait.*its lifecycle hook waits longer/);
  expect(scene.truth.calls("RecordLifecycleActionHeartbeat")).toHaveLength(1);
  expect(scene.truth.calls("DetachInstances")).toEqual([]);
  expect([records.Isolate?.status, records.LiveSnapshots?.status]).toEqual(["ok", "ok"]);
});

test("D5 D11: a replacement starts from the launch template, never from the image of the instance, and only once", async () => {
  const { launchTemplateId, network } = await launchInGroup(scene.truth);
  const { id } = await launchShape(scene.truth, { network });
  scene.truth.forgetCalls();
  const replacementLaunchTemplate = { id: launchTemplateId, subnetId: network.subnetIds[0] };
  const first = await playSteps({ instanceId: id }, { replacementLaunchTemplate });
  const replacement = first.Replacement?.details?.instanceId;
  expect((await describeInstance(scene.ec2, String(replacement))).State?.Name).toBe("running");
  expect(scene.truth.calls("RunInstances")[0]?.params).not.toHaveProperty("ImageId");
  const again = await playSteps({ instanceId: id }, { replacementLaunchTemplate });
  expect(again.Replacement?.details?.instanceId).toBe(replacement);
});

test("D5: where its Auto Scaling group replaces it, nothing else is started, and it leaves its target groups", async () => {
  const { id, groupName, targetGroupArns } = await launchInGroup(scene.truth, { targetGroups: 1 });
  scene.truth.forgetCalls();
  const records = await playSteps({ instanceId: id });
  expect(said(records, "Replacement")).toBe(`ok: ${groupName} replaces it`);
  expect(scene.truth.calls("RunInstances")).toEqual([]);
  expect(await targetsIn(targetGroupArns[0])).not.toContain(id);
});

test("an instance outside Auto Scaling is taken off its target groups, and put back by a restore", async () => {
  const { targetGroupArns, network } = await launchInGroup(scene.truth, { targetGroups: 1 });
  const { id } = await launchShape(scene.truth, { network });
  const TargetGroupArn = targetGroupArns[0];
  await scene.loadBalancing.send(new RegisterTargetsCommand({ TargetGroupArn, Targets: [{ Id: id, Port: 80 }] }));
  const records = await playSteps({ instanceId: id });
  expect([said(records, "LoadBalancers"), (await targetsIn(TargetGroupArn)).includes(id)]).toEqual(["ok: ", false]);
  const restored = await playSteps({ instanceId: id, action: "restore" });
  expect([said(restored, "Restore"), (await targetsIn(TargetGroupArn)).includes(id)]).toEqual(["ok: ", true]);
});

test("trap 34: revoke instance concerns this instance alone, no role; without it nothing is revoked; a restore gives it back", async () => {
  const { id } = await launchShape(scene.truth, { profile: true });
  const had = await profileOf(id);
  scene.truth.forgetCalls();
  expect((await playSteps({ instanceId: id })).Credentials?.status).toBe("skipped");
  expect(await profileOf(id)).toBe(had);
  const records = await playSteps({ instanceId: id }, { revoke: "instance" });
  expect(said(records, "Credentials")).toContain("valid until they expire");
  expect([await profileOf(id), (await describeInstance(scene.ec2, id)).MetadataOptions?.HttpEndpoint]).toEqual([
    undefined,
    "disabled",
  ]);
  expect(scene.truth.calls(({ service }) => service === "iam")).toEqual([]);
  const restored = await playSteps({ instanceId: id, action: "restore" });
  expect(said(restored, "Restore")).toBe("ok: ");
  expect([await profileOf(id), (await describeInstance(scene.ec2, id)).MetadataOptions?.HttpEndpoint]).toEqual([
    had,
    "enabled",
  ]);
});

test("a restore gives back the profile that an attempt took which was killed before it could say so", async () => {
  const { id } = await launchShape(scene.truth, { profile: true });
  const had = await profileOf(id);
  scene.truth.forgetCalls();
  const Filters = [{ Name: "instance-id", Values: [id] }];
  const earlierAttempt = async () => {
    const asked = new DescribeIamInstanceProfileAssociationsCommand({ Filters });
    const { IamInstanceProfileAssociations: [association] = [] } = await scene.ec2.send(asked);
    const { AssociationId } = association ?? {};
    await scene.ec2.send(new DisassociateIamInstanceProfileCommand({ AssociationId }));
  };
  const on = "ModifyInstanceMetadataOptions";
  scene.truth.inject({ on, fault: { kind: "meanwhile", run: earlierAttempt } });
  const records = await playSteps({ instanceId: id, profile: "contain" }, { revoke: "instance" });
  expect([records.Credentials?.status, await profileOf(id)]).toEqual(["ok", undefined]);
  await playSteps({ instanceId: id, action: "restore" });
  expect(await profileOf(id)).toBe(had);
});

test("trap 35: without a profile there is nothing to revoke; what is refused there undoes no isolation", async () => {
  const plain = await launchShape(scene.truth);
  const without = await playSteps({ instanceId: plain.id, profile: "contain" }, { revoke: "instance" });
  expect([without.Credentials?.status, scene.truth.calls("DisassociateIamInstanceProfile")]).toEqual(["ok", []]);
  const { id, network } = await launchShape(scene.truth, { profile: true });
  scene.truth.inject({ on: "DisassociateIamInstanceProfile", times: 100, fault: { kind: "denied" } });
  const refused = await playSteps({ instanceId: id, profile: "contain" }, { revoke: "instance" });
  expect([refused.Isolate?.status, refused.Credentials?.status]).toEqual(["ok", "failed"]);
  expect((await groupsOf(scene, id)).flat()).not.toContain(network.groupId);
});

async function machine() {
  const sfn = new SFNClient(scene.truth.client);
  const definition = JSON.stringify({ StartAt: "A", States: { A: { Type: "Wait", Seconds: 600, End: true } } });
  const roleArn = `arn:aws:iam::${ACCOUNT}:role/test`;
  const { stateMachineArn = "" } = await sfn.send(
    new CreateStateMachineCommand({ name: "incident-response", definition, roleArn }),
  );
  const requestOf = async (name: string) => {
    const executionArn = `${stateMachineArn.replace(":stateMachine:", ":execution:")}:${name}`;
    const { input } = await sfn.send(new DescribeExecutionCommand({ executionArn }));
    return JSON.parse(input ?? "").request as Readonly<Record<string, unknown>>;
  };
  return { stateMachineArn, requestOf };
}

interface Taken {
  readonly started: readonly string[];
  readonly again: readonly string[];
}
const idOf = (number: number) => `i-0123456789abcde${number.toString(16).padStart(2, "0")}`;

test("trap 41: findings beyond the limit of an hour wait for a person before they isolate", async () => {
  const { stateMachineArn, requestOf } = await machine();
  configure({ stateMachineArn, maxPerHour: 2 });
  const asked: unknown[] = [];
  for (const number of [1, 2, 3]) {
    const { started } = (await handler(finding(`f${number}`, idOf(number)))) as Taken;
    asked.push((await requestOf(started[0] ?? "")).approveFirst);
  }
  expect(asked).toEqual([false, false, true]);
});

test("trap 41: what is protected by id or tag is left alone by a finding, people are told, and a person may", async () => {
  const { id } = await launchShape(scene.truth, { tags: { tier: "nat" } });
  scene.truth.forgetCalls();
  const trigger = { kind: "finding", findingId: "f1", findingType: "x", severity: 8 };
  const decisions: unknown[] = [];
  for (const protection of [{ protectedInstanceIds: [id] }, { protectedTags: { tier: "nat" } }, {}]) {
    configure(protection);
    const state = { input: { request: { instanceId: id, trigger } }, execution: "arn:execution", records: {} };
    const { details } = (await handler({ step: "Validate", state })) as { details: { run: { decision: string } } };
    decisions.push(details.run.decision);
  }
  expect(decisions).toEqual(["ignored", "ignored", "go"]);
  const told = scene.truth.calls("Publish").map(({ params }) => params.Subject);
  expect(told).toEqual(Array(2).fill(`A finding about EC2 instance ${id} was not acted on`));
  const byPerson = await playSteps({ instanceId: id, profile: "contain" }, { protectedInstanceIds: [id] });
  expect(byPerson.Isolate?.status).toBe("ok");
});

test.each([
  ["one of two channels has", ["sns:Publish"], "ok"],
  ["nobody has", ["sns:Publish", "lambda:Invoke"], "failed"],
])("a question that %s heard: %j refused", async (_, refused, ending) => {
  const { id } = await launchShape(scene.truth);
  scene.truth.plays("notifier", () => ({}));
  configure({ notifierFunctionArn: `arn:aws:lambda:${REGION}:${ACCOUNT}:function:notifier` });
  const records: Record<string, unknown> = {};
  const state = { input: { request: { instanceId: id, profile: "full" } }, execution: "arn:execution", records };
  records.Validate = await handler({ step: "Validate", state });
  for (const on of refused) scene.truth.inject({ on, times: 100, fault: { kind: "denied" } });
  const asked = handler({ step: "ApprovePowerOff", state, token: "token" }).then(
    (record) => (record as StepRecord).status,
    () => "failed",
  );
  expect(await asked).toBe(ending);
});

test("trap 45: a finding that comes twice starts one execution, whose name tells where and for whom", async () => {
  const { stateMachineArn } = await machine();
  configure({ stateMachineArn });
  const first = (await handler(finding("f1", idOf(1)))) as Taken;
  const second = (await handler(finding("f1", idOf(1)))) as Taken;
  expect(first.started).toEqual([expect.stringMatching(`^ir-${ACCOUNT}-${REGION}-${idOf(1)}-[0-9a-f]{8}$`)]);
  // Of the same name and the same input, AWS answers with the execution that runs.
  expect([...second.started, ...second.again]).toEqual(first.started);
  const { executions = [] } = await new SFNClient(scene.truth.client).send(
    new ListExecutionsCommand({ stateMachineArn }),
  );
  expect(executions.map(({ name }) => name)).toEqual(first.started);
});
