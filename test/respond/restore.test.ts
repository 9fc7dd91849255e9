import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  AttachInstancesCommand,
  CreateAutoScalingGroupCommand,
  CreateLaunchConfigurationCommand,
  DescribeAutoScalingInstancesCommand,
} from "@aws-sdk/client-auto-scaling";
import {
  AllocateAddressCommand,
  AssociateAddressCommand,
  CreateSecurityGroupCommand,
  CreateTagsCommand,
  DeleteSecurityGroupCommand,
  DescribeSnapshotsCommand,
  ModifyInstanceAttributeCommand,
  ModifyInstanceMetadataOptionsCommand,
  ModifyNetworkInterfaceAttributeCommand,
} from "@aws-sdk/client-ec2";
import { DeleteObjectCommand } from "@aws-sdk/client-s3";
import { expect, test } from "vitest";
import { describeInstance } from "#test/support/truth/shapes.ts";
import { described } from "./support/described.ts";
import { addInterface, BUCKET, groupsOf, keysIn, launch, respond } from "./support/scene.ts";
import { useScene } from "./support/use-scene.ts";

const scene = await useScene({ fresh: true });

test("a restore puts back groups, protection, shutdown, disks, tags and addresses, and keeps the evidence", async () => {
  const id = await launch(scene);
  const second = await addInterface(scene, id);
  await scene.ec2.send(
    new ModifyInstanceAttributeCommand({ InstanceId: id, InstanceInitiatedShutdownBehavior: { Value: "terminate" } }),
  );
  await scene.ec2.send(
    new CreateTagsCommand({
      Resources: [id],
      Tags: [
        { Key: "ir:status", Value: "mine" },
        { Key: "Name", Value: "web" },
      ],
    }),
  );
  const { AllocationId } = await scene.ec2.send(new AllocateAddressCommand({ Domain: "vpc" }));
  await scene.ec2.send(new AssociateAddressCommand({ AllocationId, NetworkInterfaceId: second }));
  const before = await described(scene, id);

  expect((await respond("-i", id)).code).toBe(0);
  const contained = await described(scene, id);
  expect([before.addresses.length, contained.addresses]).toEqual([1, []]);
  expect(contained).toMatchObject({ protection: true, shutdown: "stop" });

  const { code, out } = await respond("restore", id, "--reason", "false alarm");
  expect({ code, out, after: await described(scene, id) }).toEqual({
    code: 0,
    out: expect.stringContaining("is restored"),
    after: before,
  });
  const files = await keysIn(scene);
  expect(files.filter((key) => /screenshot|before|manifest-[12]|1-closed/.test(key))).toHaveLength(5);
  const { Snapshots = [] } = await scene.ec2.send(
    new DescribeSnapshotsCommand({ Filters: [{ Name: "tag:ir:source", Values: [id] }] }),
  );
  expect(Snapshots).toHaveLength(1);
});

test("a restored instance can be contained again, as a new case, whose state before is the restored one", async () => {
  const id = await launch(scene);
  await respond("-i", id);
  await respond("restore", id, "--reason", "false alarm");
  expect((await respond("-i", id)).code).toBe(0);
  expect((await respond("restore", id, "--reason", "again")).code).toBe(0);
  expect(await groupsOf(scene, id)).toEqual([[scene.groupId]]);
  expect((await keysIn(scene, `instances/${id}`)).length).toBe(4);
});

test("what somebody else changed meanwhile is left alone: exit 9; the rest is put back", async () => {
  const id = await launch(scene);
  const second = await addInterface(scene, id);
  await respond("-i", id);
  const { GroupId = "" } = await scene.ec2.send(
    new CreateSecurityGroupCommand({ GroupName: "theirs", Description: "x", VpcId: scene.vpcId }),
  );
  await scene.ec2.send(new ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId: second, Groups: [GroupId] }));
  const { code, out } = await respond("restore", id, "--reason", "false alarm");
  expect({ code, groups: (await groupsOf(scene, id)).flat().sort() }).toEqual({
    code: 9,
    groups: [scene.groupId, GroupId].sort(),
  });
  expect(out).toContain("not our doing");
});

test("a metadata service that somebody else disabled stays disabled, and is told: exit 9", async () => {
  const id = await launch(scene);
  await respond("-i", id);
  await scene.ec2.send(new ModifyInstanceMetadataOptionsCommand({ InstanceId: id, HttpEndpoint: "disabled" }));
  const { code, out } = await respond("restore", id, "--reason", "false alarm");
  const { MetadataOptions } = await describeInstance(scene.ec2, id);
  expect({ code, now: MetadataOptions?.HttpEndpoint }).toEqual({ code: 9, now: "disabled" });
  expect(out).toContain("the metadata service is disabled, which no run of the case says it did");
});

test("trap 10: groups that were deleted meanwhile are left out, and said so", async () => {
  const { GroupId = "" } = await scene.ec2.send(
    new CreateSecurityGroupCommand({ GroupName: "extra", Description: "x", VpcId: scene.vpcId }),
  );
  const id = await launch(scene, { SecurityGroupIds: [scene.groupId, GroupId] });
  await respond("-i", id);
  await scene.ec2.send(new DeleteSecurityGroupCommand({ GroupId }));
  const { code } = await respond("restore", id, "--reason", "false alarm");
  expect({ code, groups: await groupsOf(scene, id) }).toEqual({ code: 9, groups: [[scene.groupId]] });
});

test("trap 11: out of its Auto Scaling group with isolation, and back in it with the restore", async () => {
  const { autoScaling } = scene;
  const id = await launch(scene);
  const configuration = { LaunchConfigurationName: "web", ImageId: scene.imageId, InstanceType: "m5.large" };
  await autoScaling.send(new CreateLaunchConfigurationCommand(configuration));
  await autoScaling.send(
    new CreateAutoScalingGroupCommand({
      AutoScalingGroupName: "web",
      LaunchConfigurationName: "web",
      MinSize: 0,
      MaxSize: 5,
      DesiredCapacity: 0,
      VPCZoneIdentifier: scene.subnetId,
    }),
  );
  await autoScaling.send(new AttachInstancesCommand({ AutoScalingGroupName: "web", InstanceIds: [id] }));
  const groupOf = async () => {
    const { AutoScalingInstances = [] } = await autoScaling.send(
      new DescribeAutoScalingInstancesCommand({ InstanceIds: [id] }),
    );
    return AutoScalingInstances[0]?.AutoScalingGroupName;
  };
  expect((await respond("-i", id)).code).toBe(0);
  expect(await groupOf()).toBe(undefined);
  const { code, out } = await respond("restore", id, "--reason", "false alarm");
  expect({ code, out, group: await groupOf() }).toEqual({ code: 0, out: expect.anything(), group: "web" });
});

test("restore wants a reason: exit 2; without an open case: exit 3", async () => {
  const id = await launch(scene);
  expect((await respond("restore", id, "--reason", "x")).code).toBe(3);
  await respond("-i", id);
  expect((await respond("restore", id)).code).toBe(2);
});

test("where the bucket refused, the operator's log is enough to restore", async () => {
  const id = await launch(scene);
  scene.truth.inject({ on: ({ service }) => service === "s3", times: 1_000, fault: { kind: "denied" } });
  expect((await respond("-i", id)).code).toBe(4);
  scene.truth.forgetCalls();
  const { code } = await respond("restore", id, "--reason", "false alarm");
  expect({ code, groups: await groupsOf(scene, id) }).toEqual({ code: 0, groups: [[scene.groupId]] });
});

test("where the bucket refuses still, the log is enough to put everything back; exit 4 says what is not done", async () => {
  const id = await launch(scene);
  scene.truth.inject({ on: ({ service }) => service === "s3", times: 1_000, fault: { kind: "denied" } });
  expect((await respond("-i", id)).code).toBe(4);
  const { code, out } = await respond("restore", id, "--reason", "false alarm");
  expect({ code, groups: await groupsOf(scene, id) }).toEqual({ code: 4, groups: [[scene.groupId]] });
  expect(out).toMatch(/FAILED +Restore/);
  expect(out).toContain("the bucket does not tell of the case; what counts is the log of this machine");
});

test("where nothing knows the state before, nothing is changed: exit 7", async () => {
  const id = await launch(scene);
  await respond("-i", id);
  const quarantine = await groupsOf(scene, id);
  const [Key = ""] = (await keysIn(scene, "cases/")).filter((key) => key.endsWith("before.json"));
  await scene.s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key }));
  // Another machine, without the log of this one.
  process.env.HOME = mkdtempSync(path.join(tmpdir(), "respond-"));
  scene.truth.forgetCalls();
  const { code, said } = await respond("restore", id, "--reason", "false alarm");
  const changed = scene.truth.calls(({ mutating }) => mutating);
  expect({ code, changed, groups: await groupsOf(scene, id) }).toEqual({ code: 7, changed: [], groups: quarantine });
  expect(said).toContain("nothing was changed");
});
