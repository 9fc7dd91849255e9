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
} from "@aws-sdk/client-ec2";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { abroad, addInterface, launch, respond, type Scene, startScene } from "./support/scene.ts";

let account: Scene;
beforeAll(async () => {
  account = await startScene();
});
afterAll(() => account.truth.stop());

/** How many shapes are tried: `RESPOND_ROUND_TRIPS=2000` for more. */
const ROUND_TRIPS = Number(process.env.RESPOND_ROUND_TRIPS ?? 200);
/** In how many regions at the same time. */
const REGIONS = 4;

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

/** A region with security groups to choose from, the first one of its network. */
interface Home {
  readonly scene: Scene;
  readonly groups: readonly string[];
}

async function homeIn(number: number): Promise<Home> {
  const scene = await abroad(account, number);
  const extra = ["extra-1", "extra-2"].map(async (GroupName) => {
    const { GroupId = "" } = await scene.ec2.send(
      new CreateSecurityGroupCommand({ GroupName, Description: "x", VpcId: scene.vpcId }),
    );
    return GroupId;
  });
  return { scene, groups: [scene.groupId, ...(await Promise.all(extra))] };
}

async function make({ scene, groups }: Home, shape: Shape): Promise<string> {
  const { ec2 } = scene;
  const spot = shape.spot ? { InstanceMarketOptions: { MarketType: "spot" as const } } : {};
  const id = await launch(scene, { InstanceInitiatedShutdownBehavior: shape.shutdown, ...spot });
  let last: string | undefined;
  for (let index = 1; index < shape.interfaces; index += 1) {
    last = await addInterface(scene, id, index, groups.slice(0, shape.groups));
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

/** Contains an instance of that shape, and restores it. */
async function roundTrip(home: Home, shape: Shape): Promise<void> {
  const { scene } = home;
  const inRegion = ["-r", scene.region];
  const id = await make(home, shape);
  const before = await described(scene, id);
  const contained = await respond("-i", id, ...inRegion);
  const restored = await respond("restore", id, "--reason", "round trip", ...inRegion);
  const after = await described(scene, id);
  expect({ codes: [contained.code, restored.code], after, out: restored.code === 0 ? "" : restored.out }).toEqual({
    codes: [0, 0],
    after: before,
    out: "",
  });
}

test("G8: whatever the instance was like, it is so again after a response and a restore", async () => {
  const inOne = async (_: unknown, number: number) => {
    const home = await homeIn(number);
    const property = fc.asyncProperty(shapes, (shape) => roundTrip(home, shape));
    await fc.assert(property, { numRuns: Math.ceil(ROUND_TRIPS / REGIONS), endOnFailure: true });
  };
  await Promise.all(Array.from({ length: REGIONS }, inOne));
}, 1_800_000);
