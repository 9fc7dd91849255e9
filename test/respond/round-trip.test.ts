import {
  AllocateAddressCommand,
  AssociateAddressCommand,
  CreateSecurityGroupCommand,
  CreateTagsCommand,
  DescribeAddressesCommand,
  DescribeInstanceAttributeCommand,
  DescribeInstancesCommand,
  DescribeNetworkInterfacesCommand,
  ModifyInstanceAttributeCommand,
  ModifyNetworkInterfaceAttributeCommand,
} from "@aws-sdk/client-ec2";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { addInterface, elsewhere, launch, respond, type Scene, startScene } from "./support/scene.ts";

let account: Scene;
beforeAll(async () => {
  account = await startScene();
});
afterAll(() => account.truth.stop());

/** How many shapes are tried: `RESPOND_ROUND_TRIPS=200` takes some minutes. */
const ROUND_TRIPS = Number(process.env.RESPOND_ROUND_TRIPS ?? 12);

const shapes = fc.record({
  interfaces: fc.integer({ min: 1, max: 4 }),
  groups: fc.integer({ min: 1, max: 3 }),
  elastic: fc.boolean(),
  protection: fc.boolean(),
  shutdown: fc.constantFrom("stop", "terminate"),
  tags: fc.subarray(["ir:status", "ir:case", "Name", "team"]),
  spot: fc.boolean(),
});
type Shape = typeof shapes extends fc.Arbitrary<infer T> ? T : never;

async function make(scene: Scene, shape: Shape): Promise<string> {
  const { ec2 } = scene;
  const spot = shape.spot ? { InstanceMarketOptions: { MarketType: "spot" as const } } : {};
  const id = await launch(scene, { InstanceInitiatedShutdownBehavior: shape.shutdown, ...spot });
  const groups = [scene.groupId];
  for (let number = 1; number < shape.groups; number += 1) {
    const group = { GroupName: `extra-${number}`, Description: "x", VpcId: scene.vpcId };
    groups.push((await ec2.send(new CreateSecurityGroupCommand(group))).GroupId ?? "");
  }
  let last: string | undefined;
  for (let index = 1; index < shape.interfaces; index += 1) {
    last = await addInterface(scene, id, index);
    await ec2.send(new ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId: last, Groups: groups }));
  }
  if (shape.elastic && last !== undefined) {
    const { AllocationId } = await ec2.send(new AllocateAddressCommand({ Domain: "vpc" }));
    await ec2.send(new AssociateAddressCommand({ AllocationId, NetworkInterfaceId: last }));
  }
  if (shape.protection && !shape.spot) {
    await ec2.send(new ModifyInstanceAttributeCommand({ InstanceId: id, DisableApiTermination: { Value: true } }));
  }
  const Tags = shape.tags.map((Key) => ({ Key, Value: `own ${Key}` }));
  if (Tags.length > 0) await ec2.send(new CreateTagsCommand({ Resources: [id], Tags }));
  return id;
}

/** All that a response changes, as AWS describes it. */
async function described({ ec2 }: Scene, id: string) {
  const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
  const instance = Reservations[0]?.Instances?.[0];
  const Filters = [{ Name: "attachment.instance-id", Values: [id] }];
  const { NetworkInterfaces = [] } = await ec2.send(new DescribeNetworkInterfacesCommand({ Filters }));
  const ids = NetworkInterfaces.map(({ NetworkInterfaceId }) => NetworkInterfaceId);
  const { Addresses = [] } = await ec2.send(new DescribeAddressesCommand({}));
  const attribute = (Attribute: "disableApiTermination" | "instanceInitiatedShutdownBehavior") =>
    ec2.send(new DescribeInstanceAttributeCommand({ InstanceId: id, Attribute }));
  return {
    tags: (instance?.Tags ?? []).map(({ Key, Value }) => `${Key}=${Value}`).sort(),
    disks: (instance?.BlockDeviceMappings ?? []).map(({ Ebs }) => [Ebs?.VolumeId, Ebs?.DeleteOnTermination]),
    interfaces: NetworkInterfaces.map(({ NetworkInterfaceId, Groups = [], Attachment }) => [
      NetworkInterfaceId,
      Groups.map(({ GroupId }) => GroupId).sort(),
      Attachment?.DeleteOnTermination,
    ]),
    protection: (await attribute("disableApiTermination")).DisableApiTermination?.Value,
    shutdown: (await attribute("instanceInitiatedShutdownBehavior")).InstanceInitiatedShutdownBehavior?.Value,
    addresses: Addresses.filter(({ NetworkInterfaceId }) => ids.includes(NetworkInterfaceId)).map(
      ({ PublicIp }) => PublicIp,
    ),
  };
}

test("whatever the instance was like, it is so again after a response and a restore", async () => {
  await fc.assert(
    fc.asyncProperty(shapes, async (shape) => {
      const scene = await elsewhere(account);
      const id = await make(scene, shape);
      const before = await described(scene, id);
      const contained = await respond("-i", id);
      const restored = await respond("restore", id, "--reason", "round trip");
      const after = await described(scene, id);
      expect({ codes: [contained.code, restored.code], after, out: restored.code === 0 ? "" : restored.out }).toEqual({
        codes: [0, 0],
        after: before,
        out: "",
      });
    }),
    { numRuns: ROUND_TRIPS, endOnFailure: true },
  );
}, 1_800_000);
