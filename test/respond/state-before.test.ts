import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  CreateSecurityGroupCommand,
  DescribeIamInstanceProfileAssociationsCommand,
  DescribeSecurityGroupRulesCommand,
  DisassociateIamInstanceProfileCommand,
  ModifyNetworkInterfaceAttributeCommand,
  RevokeSecurityGroupEgressCommand,
} from "@aws-sdk/client-ec2";
import { expect, test, vi } from "vitest";
import { launchInGroup } from "#test/support/truth/grouped-shapes.ts";
import type { Call } from "#test/support/truth/journal.ts";
import { launch as launchShape } from "#test/support/truth/shapes.ts";
import { described } from "./support/described.ts";
import { prepareForFull } from "./support/for-full.ts";
import { addInterface, groupsOf, keysIn, launch, respond } from "./support/scene.ts";
import { playStep, playSteps, said } from "./support/steps.ts";
import { useScene } from "./support/use-scene.ts";

/*
 * The state before is what was there before the first run, whatever happened since, and a restore goes back to no other.
 */

vi.spyOn(console, "log").mockImplementation(() => {});
const scene = await useScene({ fresh: true });

const isOut = async (id: string) => !(await groupsOf(scene, id)).flat().includes(scene.groupId);
const restored = (id: string) => respond("restore", id, "--reason", "test");

async function newGroup(GroupName: string): Promise<string> {
  const made = new CreateSecurityGroupCommand({ GroupName, Description: "x", VpcId: scene.vpcId });
  return (await scene.ec2.send(made)).GroupId ?? "";
}

async function putInto(id: string, ...Groups: string[]): Promise<void> {
  const [NetworkInterfaceId = ""] = (await described(scene, id)).interfaces.map(([one]) => String(one));
  await scene.ec2.send(new ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId, Groups }));
}

test("what was read after the isolation is never kept as the state before: the step is tried again, and nothing is made up", async () => {
  const id = await launch(scene);
  await playSteps({ instanceId: id, profile: "contain" }, {}, async (step, state) => {
    if (step !== "RecordBaseline") return playStep(step, state);
    const blind = scene.truth.inject({ on: "DescribeNetworkInterfaces", times: 1_000, fault: { kind: "denied" } });
    await expect(playStep(step, state)).rejects.toThrow("RecordBaseline: UnauthorizedOperation");
    blind.remove();
    // What the state machine's Catch leaves.
    return { Error: "StepFailed", Cause: "{}" } as never;
  });
  expect([await isOut(id), (await keysIn(scene)).filter((key) => key.endsWith("before.json"))]).toEqual([true, []]);
});

test("an instance that somebody opened again, or gave another interface, is contained again, and both are restored", async () => {
  const id = await launch(scene);
  expect((await respond("-i", id)).code).toBe(0);
  expect((await respond("-i", id)).code).toBe(6);
  await addInterface(scene, id);
  expect([(await respond("-i", id)).code, await isOut(id)]).toEqual([0, true]);
  await putInto(id, scene.groupId);
  expect([(await respond("-i", id)).code, await isOut(id)]).toEqual([0, true]);
  expect((await restored(id)).code).toBe(0);
  expect(await groupsOf(scene, id)).toEqual([[scene.groupId], [scene.groupId]]);
});

test("the log of a case that ended on another machine says nothing about the next one", async () => {
  const id = await launch(scene);
  const [here, there] = [process.env.HOME ?? "", mkdtempSync(path.join(tmpdir(), "respond-"))];
  expect((await respond("-i", id)).code).toBe(0);
  process.env.HOME = there;
  expect((await restored(id)).code).toBe(0);
  const other = await newGroup("other");
  await putInto(id, other);
  process.env.HOME = here;
  expect((await respond("-i", id)).code).toBe(0);
  expect((await restored(id)).code).toBe(0);
  expect(await groupsOf(scene, id)).toEqual([[other]]);
});

test("a group that was refused is forgotten for the one that was used: the restore knows it", async () => {
  const id = await launch(scene);
  const [open, closed] = [await newGroup("open"), await newGroup("closed")];
  const Filters = [{ Name: "group-id", Values: [closed] }];
  const { SecurityGroupRules = [] } = await scene.ec2.send(new DescribeSecurityGroupRulesCommand({ Filters }));
  const SecurityGroupRuleIds = SecurityGroupRules.map(({ SecurityGroupRuleId = "" }) => SecurityGroupRuleId);
  await scene.ec2.send(new RevokeSecurityGroupEgressCommand({ GroupId: closed, SecurityGroupRuleIds }));
  expect((await respond("-i", id, "-g", open)).code).toBe(5);
  expect([(await respond("-i", id, "-g", closed)).code, await groupsOf(scene, id)]).toEqual([0, [[closed]]]);
  expect([(await restored(id)).code, await groupsOf(scene, id)]).toEqual([0, [[scene.groupId]]]);
});

test("addresses are taken as EC2 tells them: without the bits of a host, and the group stays what it should be", async () => {
  const id = await launch(scene);
  expect((await respond("-i", id, "--allow-cidr", "203.0.113.7/24", "--allow-cidr", "2001:DB8:0::1/32")).code).toBe(0);
  const Filters = [{ Name: "group-id", Values: (await groupsOf(scene, id)).flat() }];
  const { SecurityGroupRules = [] } = await scene.ec2.send(new DescribeSecurityGroupRulesCommand({ Filters }));
  const peers = SecurityGroupRules.map(({ CidrIpv4, CidrIpv6 }) => CidrIpv4 ?? CidrIpv6).sort();
  expect(peers).toEqual(["2001:db8::/32", "203.0.113.0/24"]);
  expect((await respond("-i", id, "--allow-cidr", "300.0.113.7/24")).code).toBe(2);
});

test("where nobody can be let in, the instance is isolated all the same", async () => {
  const id = await launch(scene);
  scene.truth.inject({ on: "AuthorizeSecurityGroupIngress", times: 1_000, fault: { kind: "denied" } });
  const { code, out } = await respond("-i", id, "--allow-cidr", "203.0.113.0/24");
  expect([code, await isOut(id)]).toEqual([0, true]);
  expect(out).toContain("nobody is let in: UnauthorizedOperation");
});

test("what could not be read is not taken for what is not there: instance store, addresses, Auto Scaling group", async () => {
  const { id } = await launchShape(scene.truth, { elasticIp: true });
  const unread = ["DescribeInstanceTypes", "DescribeAddresses"].map((on) =>
    scene.truth.inject({ on, times: 1, fault: { kind: "denied" } }),
  );
  const records = await playSteps({ instanceId: id });
  expect([said(records, "Stop"), said(records, "CutAddresses")]).toEqual([
    "skipped: it could not be read whether a stop would destroy an instance store: a person decides",
    "ok: ",
  ]);
  expect(unread.map(({ hits }) => hits())).toEqual([1, 1]);
  const grouped = await launchInGroup(scene.truth, { sizes: [0, 1, 9] });
  const before = await described(scene, grouped.id);
  scene.truth.inject({ on: "DescribeAutoScalingInstances", times: 1, fault: { kind: "denied" } });
  await playSteps({ instanceId: grouped.id });
  await playSteps({ instanceId: grouped.id, action: "restore" });
  expect((await described(scene, grouped.id)).scaling).toEqual(before.scaling);
});

test("what is not as it was, and no run says that it changed it, is told: a profile that is gone", async () => {
  const { id } = await launchShape(scene.truth, { profile: true });
  expect((await respond("-i", id)).code).toBe(0);
  const Filters = [{ Name: "instance-id", Values: [id] }];
  const asked = new DescribeIamInstanceProfileAssociationsCommand({ Filters });
  const { IamInstanceProfileAssociations: [one] = [] } = await scene.ec2.send(asked);
  await scene.ec2.send(new DisassociateIamInstanceProfileCommand({ AssociationId: one?.AssociationId }));
  const { code, out } = await restored(id);
  expect(code).toBe(9);
  expect(out).toContain("no more, which no run of the case says it did");
});

test("a tag names a case only if it is one of ours about this instance", async () => {
  const strange = "../../x";
  const TagSpecifications = [{ ResourceType: "instance" as const, Tags: [{ Key: "ir:case", Value: strange }] }];
  const id = await launch(scene, { TagSpecifications });
  scene.truth.inject({ on: ({ service }) => service === "s3", times: 1_000, fault: { kind: "denied" } });
  const { code, out } = await respond("-i", id);
  expect([code, out.includes(strange)]).toEqual([4, false]);
});

test("a log that cannot be read is told, and keeps nobody from containing", async () => {
  const id = await launch(scene);
  mkdirSync(path.join(process.env.HOME ?? "", ".cloudtrail-to-slack"));
  writeFileSync(path.join(process.env.HOME ?? "", ".cloudtrail-to-slack", "log"), "a file where a folder should be");
  const { code, out } = await respond("-i", id);
  expect([code, await isOut(id)]).toEqual([0, true]);
  expect(out).toContain("note: the log of this machine cannot be read");
});

test("target groups that the bucket did not take are put back by what the step recorded", async () => {
  const { settings, victim } = await prepareForFull(scene);
  const id = await victim();
  const before = await described(scene, id);
  const isTheirs = ({ action, params }: Call) =>
    action === "PutObject" && params.Key?.includes("load-balancers") === true;
  const refused = scene.truth.inject({ on: isTheirs, times: 1_000, fault: { kind: "denied" } });
  await playSteps({ instanceId: id }, settings);
  expect([refused.hits() > 0, (await described(scene, id)).targets]).toEqual([true, []]);
  refused.remove();
  await playSteps({ instanceId: id, action: "restore" }, settings);
  expect([before.targets.length, (await described(scene, id)).targets]).toEqual([1, before.targets]);
});
