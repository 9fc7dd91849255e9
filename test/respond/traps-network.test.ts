import {
  CreateTagsCommand,
  DeleteTagsCommand,
  DescribeInstancesCommand,
  DescribeNetworkInterfacesCommand,
} from "@aws-sdk/client-ec2";
import { expect, test } from "vitest";
import { addInterface, groupsOf, keysIn, launch, objectIn, respond } from "./support/scene.ts";
import { useScene } from "./support/use-scene.ts";

const scene = await useScene({ fresh: true });

const isOut = async (id: string) => !(await groupsOf(scene, id)).flat().includes(scene.groupId);

test("trap 1 2 5: the manifest and the message promise no more than is so: open connections drain, DNS stays", async () => {
  const id = await launch(scene);
  await respond("-i", id);
  const [key = ""] = (await keysIn(scene, "cases/")).filter((one) => one.endsWith("manifest-1.json"));
  const { network } = JSON.parse((await objectIn(scene, key)).toString());
  expect(network).toMatchObject({ connections: "draining", residual: [expect.stringContaining("DNS")] });
  const [isolated] = scene.truth.calls("Publish");
  expect(isolated?.params.Message).toContain("Connections: open ones go on until they end or the instance stops");
});

test("trap 3 4: no interface is in a group that lets anything out, not for a moment; neighbours and the subnet stay as they are", async () => {
  const [id, neighbour] = [await launch(scene), await launch(scene)];
  await addInterface(scene, id);
  scene.truth.forgetCalls();
  await respond("-i", id);
  const calls = scene.truth.calls(({ mutating, applied }) => mutating && applied);
  const closed = calls.findIndex(({ action }) => action === "RevokeSecurityGroupEgress");
  const joined = calls.findIndex(({ action }) => action === "ModifyNetworkInterfaceAttribute");
  expect([closed >= 0, closed < joined]).toEqual([true, true]);
  expect(calls.filter(({ action }) => /Authorize|NetworkAcl|Route|Subnet/.test(action))).toEqual([]);
  const joins = calls.flatMap(({ params }) => params["SecurityGroupId.1"] ?? []);
  expect(new Set(joins).size).toBe(1);
  expect(await groupsOf(scene, neighbour)).toEqual([[scene.groupId]]);
});

test("trap 9: where the VPC takes no more groups, the quarantine group that is there is taken, also without the addresses asked for", async () => {
  const [first, second] = [await launch(scene), await launch(scene)];
  await respond("-i", first);
  const full = { kind: "error", code: "SecurityGroupLimitExceeded" } as const;
  scene.truth.inject({ on: "CreateSecurityGroup", times: 1_000, fault: full });
  const { code, out } = await respond("-i", second, "--allow-cidr", "192.0.2.0/24");
  expect({ code, groups: await groupsOf(scene, second) }).toEqual({ code: 0, groups: await groupsOf(scene, first) });
  expect(out).toContain("nobody is let in");
});

test("trap 9: where there is none either, it fails loudly: exit 5, and the page says why", async () => {
  const id = await launch(scene);
  const full = { kind: "error", code: "SecurityGroupLimitExceeded" } as const;
  scene.truth.inject({ on: "CreateSecurityGroup", times: 1_000, fault: full });
  expect((await respond("-i", id)).code).toBe(5);
  expect(scene.truth.calls("Publish")[0]?.params.Message).toContain("SecurityGroupLimitExceeded");
});

test("trap 19: disks and interfaces stay when the instance goes", async () => {
  const id = await launch(scene, {
    BlockDeviceMappings: ["/dev/sda1", "/dev/sdb"].map((DeviceName) => ({
      DeviceName,
      Ebs: { VolumeSize: 8, DeleteOnTermination: true },
    })),
  });
  const second = await addInterface(scene, id);
  await respond("-i", id);
  const { Reservations = [] } = await scene.ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
  const disks = Reservations[0]?.Instances?.[0]?.BlockDeviceMappings ?? [];
  expect(disks.map(({ Ebs }) => Ebs?.DeleteOnTermination)).toEqual([false, false]);
  const Filters = [{ Name: "attachment.instance-id", Values: [id] }];
  const { NetworkInterfaces = [] } = await scene.ec2.send(new DescribeNetworkInterfacesCommand({ Filters }));
  const going = NetworkInterfaces.filter(({ Attachment }) => Attachment?.DeleteOnTermination === true);
  expect([NetworkInterfaces.some(({ NetworkInterfaceId }) => NetworkInterfaceId === second), going]).toEqual([
    true,
    [],
  ]);
});

test("trap 32: a group that is too new to be known is waited for; an instance that is not found does not exist", async () => {
  const id = await launch(scene);
  const unknown = { kind: "error", code: "InvalidGroup.NotFound" } as const;
  const injected = scene.truth.inject({ on: "ModifyNetworkInterfaceAttribute", times: 3, fault: unknown });
  const { code } = await respond("-i", id);
  expect({ code, hits: injected.hits(), out: await isOut(id) }).toEqual({ code: 0, hits: 3, out: true });
  const other = await launch(scene);
  const gone = { kind: "error", code: "InvalidInstanceID.NotFound" } as const;
  scene.truth.inject({ on: "DescribeInstances", times: 1, fault: gone });
  expect((await respond("-i", other)).code).toBe(3);
});

test("trap 44: whoever changes our tags changes nothing for us: it is contained still, and can be restored", async () => {
  const id = await launch(scene);
  await respond("-i", id);
  const ours = ["ir:status", "ir:case", "ir:investigation", "ir:isolated-at"].map((Key) => ({ Key }));
  await scene.ec2.send(new DeleteTagsCommand({ Resources: [id], Tags: ours }));
  await scene.ec2.send(new CreateTagsCommand({ Resources: [id], Tags: [{ Key: "ir:case", Value: "another" }] }));
  expect((await respond("-i", id)).code).toBe(6);
  // The tag is theirs, so it stays, and is told of.
  const restored = await respond("restore", id, "--reason", "test");
  expect({ code: restored.code, groups: await groupsOf(scene, id) }).toEqual({ code: 9, groups: [[scene.groupId]] });
});

test("trap 22: the plan of full says when the root disk has no room for the memory", async () => {
  const rootOf = (VolumeSize: number) => ({ BlockDeviceMappings: [{ DeviceName: "/dev/sda1", Ebs: { VolumeSize } }] });
  const [small, large] = [await launch(scene, rootOf(8)), await launch(scene, rootOf(100))];
  const planOf = async (id: string) => (await respond("-i", id, "--mode", "full", "--dry-run")).out;
  expect(await planOf(small)).toContain("the root disk of 8 GiB may be too small for 8 GiB of memory");
  expect(await planOf(large)).not.toContain("too small");
});
