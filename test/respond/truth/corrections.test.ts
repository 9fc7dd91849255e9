import {
  AssociateAddressCommand,
  CreateSecurityGroupCommand,
  CreateSnapshotsCommand,
  DescribeAddressesCommand,
  DescribeInstanceAttributeCommand,
  DescribeNetworkInterfacesCommand,
  DescribeSecurityGroupRulesCommand,
  DescribeSnapshotsCommand,
  DescribeSpotInstanceRequestsCommand,
  DetachVolumeCommand,
  EC2Client,
  GetConsoleOutputCommand,
  GetConsoleScreenshotCommand,
  ModifyInstanceAttributeCommand,
  ModifyInstanceMetadataOptionsCommand,
  ModifyNetworkInterfaceAttributeCommand,
  RunInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from "@aws-sdk/client-ec2";
import { describe, expect, test } from "vitest";
import { consoleOutputOf, screenshotOf } from "#test/support/truth/console.ts";
import { settled } from "#test/support/truth/eventually.ts";
import { createNetwork } from "#test/support/truth/networks.ts";
import { describeInstance, launch } from "#test/support/truth/shapes.ts";
import { useTruth } from "#test/support/truth/use-truth.ts";
import { autoScalingTests } from "./auto-scaling-tests.ts";
import { storageTests } from "./storage-tests.ts";

const truth = await useTruth();
const ec2 = new EC2Client(truth.client);

async function groupsOf(id: string): Promise<readonly (readonly string[])[]> {
  const { NetworkInterfaces = [] } = await describeInstance(ec2, id);
  return NetworkInterfaces.map(({ Groups = [] }) => Groups.map(({ GroupId = "" }) => GroupId));
}

const swap = (NetworkInterfaceId: string | undefined, group: string) =>
  ec2.send(new ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId, Groups: [group] }));

describe("security groups", () => {
  test("an interface shows the groups that it has been given and no other", async () => {
    const { id, network, interfaces } = await launch(truth, { interfaces: 2 });
    const other = await launch(truth, { network });
    const { network: elsewhere } = await launch(truth);
    expect(elsewhere.vpcId).not.toBe(network.vpcId);
    const { GroupId: quarantine = "" } = await createGroup(network.vpcId);
    await swap(interfaces[1], quarantine);
    expect(await groupsOf(id)).toEqual([[network.groupId], [quarantine]]);
    await swap(interfaces[0], quarantine);
    const { SecurityGroups = [] } = await describeInstance(ec2, id);
    const attribute = { InstanceId: id, Attribute: "groupSet" } as const;
    const { Groups } = await ec2.send(new DescribeInstanceAttributeCommand(attribute));
    expect({
      interfaces: await groupsOf(id),
      instance: SecurityGroups.map(({ GroupId }) => GroupId),
      attribute: Groups?.map(({ GroupId }) => GroupId),
      neighbour: await groupsOf(other.id),
    }).toEqual({
      interfaces: [[quarantine], [quarantine]],
      instance: [quarantine],
      attribute: [quarantine],
      neighbour: [[network.groupId]],
    });
  });

  test("an instance with one interface takes groups as an attribute", async () => {
    const { id, network } = await launch(truth);
    const { GroupId: quarantine = "" } = await createGroup(network.vpcId);
    await ec2.send(new ModifyInstanceAttributeCommand({ InstanceId: id, Groups: [quarantine] }));
    expect(await groupsOf(id)).toEqual([[quarantine]]);
  });

  test.each([
    [false, ["0.0.0.0/0"]],
    [true, ["0.0.0.0/0", "::/0"]],
  ])("a new group lets everything out, with IPv6 %s", async (ipv6, expected) => {
    const { groupId } = await createNetwork(ec2, { ipv6 });
    const asked = new DescribeSecurityGroupRulesCommand({ Filters: [{ Name: "group-id", Values: [groupId] }] });
    const { SecurityGroupRules = [] } = await ec2.send(asked);
    expect(SecurityGroupRules.map(({ CidrIpv4, CidrIpv6 }) => CidrIpv4 ?? CidrIpv6)).toEqual(expected);
  });
});

async function createGroup(VpcId: string) {
  return ec2.send(new CreateSecurityGroupCommand({ GroupName: "quarantine", Description: "Test", VpcId }));
}

describe("interfaces and addresses", () => {
  test("what moto ignores of an interface is kept", async () => {
    const { id, interfaces } = await launch(truth);
    const [NetworkInterfaceId = ""] = interfaces;
    const [before] = (await describeInstance(ec2, id)).NetworkInterfaces ?? [];
    const AttachmentId = before?.Attachment?.AttachmentId;
    const change = { NetworkInterfaceId, Attachment: { AttachmentId, DeleteOnTermination: false } };
    await ec2.send(new ModifyNetworkInterfaceAttributeCommand(change));
    const tracking = { NetworkInterfaceId, ConnectionTrackingSpecification: { TcpEstablishedTimeout: 60 } };
    await ec2.send(new ModifyNetworkInterfaceAttributeCommand(tracking));
    const asked = new DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: [NetworkInterfaceId] });
    const { NetworkInterfaces: [after] = [] } = await ec2.send(asked);
    expect({
      before: [before?.Attachment?.DeleteOnTermination, before?.Association],
      after: [after?.Attachment?.DeleteOnTermination, after?.ConnectionTrackingConfiguration?.TcpEstablishedTimeout],
    }).toEqual({ before: [true, undefined], after: [false, 60] });
  });

  test("an address is found by its instance and leaves the one that had it", async () => {
    const first = await launch(truth, { elasticIp: true });
    const second = await launch(truth);
    const found = async (id: string) => {
      const asked = new DescribeAddressesCommand({ Filters: [{ Name: "instance-id", Values: [id] }] });
      return ((await ec2.send(asked)).Addresses ?? []).map(({ PublicIp }) => PublicIp);
    };
    const { allocationId: AllocationId, publicIp } = first.address ?? {};
    expect([await found(first.id), await found(second.id)]).toEqual([[publicIp], []]);
    await ec2.send(new AssociateAddressCommand({ AllocationId, InstanceId: second.id }));
    expect({
      addresses: [await found(first.id), await found(second.id)],
      instances: [(await describeInstance(ec2, first.id)).PublicIpAddress, await publicIpOf(second.id)],
    }).toEqual({ addresses: [[], [publicIp]], instances: [undefined, publicIp] });
  });
});

const publicIpOf = async (id: string) => (await describeInstance(ec2, id)).PublicIpAddress;

describe("instances", () => {
  test("an attribute that is set is the attribute that is read", async () => {
    const { id: InstanceId } = await launch(truth);
    const read = async () => {
      const Attribute = "instanceInitiatedShutdownBehavior";
      const answer = await ec2.send(new DescribeInstanceAttributeCommand({ InstanceId, Attribute }));
      return answer.InstanceInitiatedShutdownBehavior?.Value;
    };
    const set = async (Value: string) => {
      const change = { InstanceId, InstanceInitiatedShutdownBehavior: { Value } };
      await ec2.send(new ModifyInstanceAttributeCommand(change));
      return await read();
    };
    expect([await read(), await set("terminate"), await set("stop")]).toEqual(["stop", "terminate", "stop"]);
    expect(await groupsOf(InstanceId)).not.toContainEqual([]);
  });

  test("a metadata option that is not named stays", async () => {
    const { id: InstanceId } = await launch(truth, { launch: { MetadataOptions: { HttpTokens: "required" } } });
    await ec2.send(new ModifyInstanceMetadataOptionsCommand({ InstanceId, HttpEndpoint: "disabled" }));
    const { MetadataOptions } = await describeInstance(ec2, InstanceId);
    expect(MetadataOptions).toMatchObject({ HttpTokens: "required", HttpEndpoint: "disabled" });
  });

  test("the same launch with the same token happens once", async () => {
    const token = { ClientToken: "twice", ImageId: "ami-0123456789abcdef0", MaxCount: 1, MinCount: 1 } as const;
    const run = async () => (await ec2.send(new RunInstancesCommand(token))).Instances?.[0]?.InstanceId;
    expect(await run()).toBe(await run());
  });

  test("a stop and a snapshot take their time", async () => {
    const { id, volumes } = await launch(truth);
    truth.takes({ stopMs: Number.POSITIVE_INFINITY, snapshotMs: Number.POSITIVE_INFINITY });
    const InstanceSpecification = { InstanceId: id };
    const { Snapshots = [] } = await ec2.send(new CreateSnapshotsCommand({ InstanceSpecification }));
    await ec2.send(new StopInstancesCommand({ InstanceIds: [id] }));
    truth.takes({ stopMs: 50, snapshotMs: 50 });
    const SnapshotIds = Snapshots.map(({ SnapshotId = "" }) => SnapshotId);
    const states = async () => [
      (await describeInstance(ec2, id)).State?.Name,
      (await ec2.send(new DescribeSnapshotsCommand({ SnapshotIds }))).Snapshots?.[0]?.State,
    ];
    const first = await states();
    truth.settle();
    expect({ answered: Snapshots.map(({ State }) => State), first, later: await states() }).toEqual({
      answered: ["pending"],
      first: ["stopping", "pending"],
      later: ["stopped", "completed"],
    });
    await ec2.send(new DetachVolumeCommand({ VolumeId: volumes[0] }));
    expect((await describeInstance(ec2, id)).BlockDeviceMappings).toEqual([]);
  });

  test("a stop is repeated without effect, and a forced one ends one that hangs", async () => {
    const { id } = await launch(truth);
    const stop = async (Force: boolean) => {
      const { StoppingInstances = [] } = await ec2.send(new StopInstancesCommand({ InstanceIds: [id], Force }));
      return [StoppingInstances[0]?.PreviousState?.Name, StoppingInstances[0]?.CurrentState?.Name];
    };
    truth.takes({ stopMs: Number.POSITIVE_INFINITY });
    const told = [await stop(false), await stop(false), await stop(true)];
    truth.takes({ stopMs: 50 });
    await settled(async () => (await describeInstance(ec2, id)).State?.Name === "stopped");
    expect([...told, await stop(false), (await describeInstance(ec2, id)).State?.Name]).toEqual([
      ["running", "stopping"],
      ["stopping", "stopping"],
      ["stopping", "stopping"],
      ["stopped", "stopped"],
      "stopped",
    ]);
  });

  test("a termination ends a stop that hangs", async () => {
    const { id } = await launch(truth);
    truth.takes({ stopMs: Number.POSITIVE_INFINITY });
    await ec2.send(new StopInstancesCommand({ InstanceIds: [id] }));
    truth.takes({ stopMs: 50 });
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
    expect((await describeInstance(ec2, id)).State?.Name).toBe("terminated");
  });

  test("a spot instance is known by its request", async () => {
    const { id, interfaces, network } = await launch(truth, { spot: "persistent" });
    const { GroupId: quarantine = "" } = await createGroup(network.vpcId);
    await swap(interfaces[0], quarantine);
    expect(await groupsOf(id)).toEqual([[quarantine]]);
    const { InstanceLifecycle, SpotInstanceRequestId = "" } = await describeInstance(ec2, id);
    const Filters = [{ Name: "instance-id", Values: [id] }];
    const { SpotInstanceRequests = [] } = await ec2.send(new DescribeSpotInstanceRequestsCommand({ Filters }));
    expect({ InstanceLifecycle, SpotInstanceRequests }).toMatchObject({
      InstanceLifecycle: "spot",
      SpotInstanceRequests: [{ SpotInstanceRequestId, Type: "persistent", State: "active", InstanceId: id }],
    });
  });

  test("a launch on the spot market makes a request too", async () => {
    const { id } = await launch(truth, { launch: { InstanceMarketOptions: { MarketType: "spot" } } });
    const { SpotInstanceRequestId = "" } = await describeInstance(ec2, id);
    const SpotInstanceRequestIds = [SpotInstanceRequestId];
    const { SpotInstanceRequests } = await ec2.send(
      new DescribeSpotInstanceRequestsCommand({ SpotInstanceRequestIds }),
    );
    expect(SpotInstanceRequests).toMatchObject([{ Type: "one-time", InstanceId: id }]);
  });

  test("an instance that moto knows no kernel of has none", async () => {
    const { id } = await launch(truth);
    expect((await describeInstance(ec2, id)).KernelId).toBeUndefined();
  });

  test("a console that shows nothing yet has no output", async () => {
    const { id: InstanceId } = await launch(truth);
    const read = async () => (await ec2.send(new GetConsoleOutputCommand({ InstanceId }))).Output;
    const usual = Buffer.from((await read()) ?? "", "base64").toString();
    truth.say(InstanceId, { consoleOutput: "" });
    expect([usual, await read()]).toEqual([consoleOutputOf(InstanceId), undefined]);
  });
});

test("a screenshot is a JPEG that tells whose it is", async () => {
  const { id: InstanceId } = await launch(truth);
  const { ImageData = "" } = await ec2.send(new GetConsoleScreenshotCommand({ InstanceId }));
  const image = Buffer.from(ImageData, "base64");
  expect([image, image.subarray(0, 3).toString("hex")]).toEqual([screenshotOf(InstanceId), "ffd8ff"]);
});

test("an instance shows the state that a test says, and rules go by it", async () => {
  const { id } = await launch(truth);
  truth.say(id, { state: "shutting-down" });
  const stopping = ec2.send(new StopInstancesCommand({ InstanceIds: [id] })).catch((error: Error) => error.name);
  expect([(await describeInstance(ec2, id)).State, await stopping]).toEqual([
    { Code: 32, Name: "shutting-down" },
    "IncorrectInstanceState",
  ]);
});

autoScalingTests(truth);
storageTests(truth);
