/**
 * Instances in the shapes that the incident response must handle, made through the proxy so that they are as AWS would have
 * them. Making them is recorded too: call `truth.forgetCalls()` before what is to be observed.
 *
 *     const victim = await launch(truth, { interfaces: 2, elasticIp: true, data: 1 });
 *     const spot = await launch(truth, { spot: "one-time" });
 *     const grouped = await launchInGroup(truth, { targetGroups: 1 });
 */
import {
  AllocateAddressCommand,
  AssociateAddressCommand,
  AttachNetworkInterfaceCommand,
  AttachVolumeCommand,
  CreateNetworkInterfaceCommand,
  CreateVolumeCommand,
  DescribeInstancesCommand,
  EC2Client,
  type Instance,
  RequestSpotInstancesCommand,
  RunInstancesCommand,
  type RunInstancesCommandInput,
} from "@aws-sdk/client-ec2";
import { settled } from "./eventually.ts";
import { createNetwork, type Network } from "./networks.ts";
import { createProfile } from "./profiles.ts";
import type { Truth } from "./truth.ts";

/** What is special about an instance; without anything: running, one interface, one volume, a private address. */
export type Shape = {
  /** Where; a network of its own when absent. */
  readonly network?: Network;
  /** "t3.micro" when absent: Nitro, without a local disk. "t2.micro" is not Nitro, "m5d.large" has a local disk. */
  readonly type?: string;
  /** How many network interfaces; 1 when absent. */
  readonly interfaces?: number;
  /** Groups of every interface; the network's group when absent. */
  readonly groups?: readonly string[];
  /** An address of IPv6 too. */
  readonly ipv6?: boolean;
  /** An Elastic IP at the first interface. */
  readonly elasticIp?: boolean;
  /** How many volumes besides the root, from /dev/sdb on. */
  readonly data?: number;
  /** A spot instance of such a request. */
  readonly spot?: "one-time" | "persistent";
  /** A root volume on the host. */
  readonly instanceStore?: boolean;
  /** An instance profile with a role of its own. */
  readonly profile?: boolean;
  readonly tags?: Readonly<Record<string, string>>;
  /** Whatever else the launch says; not for spot instances. */
  readonly launch?: Partial<RunInstancesCommandInput>;
};

/** An instance of a test. */
export type Victim = {
  readonly id: string;
  readonly network: Network;
  /** Ids of its interfaces, the first one first. */
  readonly interfaces: readonly string[];
  /** Ids of its volumes, the root first. */
  readonly volumes: readonly string[];
  /** The Elastic IP's ids, where there is one. */
  readonly address?: { readonly allocationId: string; readonly publicIp: string };
};

/** Launches many plain instances into one network at once. @returns their ids */
export async function launchMany(truth: Truth, network: Network, count: number): Promise<readonly string[]> {
  const ec2 = new EC2Client(truth.client);
  const { Instances = [] } = await ec2.send(
    new RunInstancesCommand({ ...usualLaunch(network, {}), MinCount: count, MaxCount: count }),
  );
  const ids = Instances.map(({ InstanceId = "" }) => InstanceId);
  await settled(async () => (await describeInstance(ec2, ids.at(-1) ?? "")).State?.Name === "running");
  ec2.destroy();
  return ids;
}

/** An image that need not be described. */
const imageId = "ami-0123456789abcdef0";

/** The instance as EC2 describes it now. */
export async function describeInstance(ec2: EC2Client, id: string): Promise<Instance> {
  const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
  const [instance] = Reservations.flatMap(({ Instances = [] }) => Instances);
  if (instance === undefined) throw new Error(`There is no instance ${id}.`);
  return instance;
}

/** Launches an instance of that shape and waits until everything about it has settled. */
export async function launch(truth: Truth, shape: Shape = {}): Promise<Victim> {
  const ec2 = new EC2Client(truth.client);
  const network = shape.network ?? (await createNetwork(ec2, { ipv6: shape.ipv6 ?? false }));
  const id = shape.spot === undefined ? await run(truth, ec2, network, shape) : await requestSpot(ec2, network, shape);
  await settled(async () => (await describeInstance(ec2, id)).State?.Name === "running");
  await addInterfaces(ec2, network, shape, id);
  for (let index = 0; index < (shape.data ?? 0); index += 1) {
    await addVolume(ec2, id, `/dev/sd${String.fromCharCode("b".charCodeAt(0) + index)}`);
  }
  if (shape.instanceStore) truth.say(id, { rootDeviceType: "instance-store" });
  const instance = await describeInstance(ec2, id);
  const interfaces = [...(instance.NetworkInterfaces ?? [])]
    .sort((a, b) => (a.Attachment?.DeviceIndex ?? 0) - (b.Attachment?.DeviceIndex ?? 0))
    .map(({ NetworkInterfaceId = "" }) => NetworkInterfaceId);
  const address = shape.elasticIp ? await addAddress(ec2, interfaces[0]) : undefined;
  ec2.destroy();
  const volumes = (instance.BlockDeviceMappings ?? []).map(({ Ebs }) => Ebs?.VolumeId ?? "");
  return { id, network, interfaces, volumes, ...(address !== undefined && { address }) };
}

function usualLaunch(network: Network, shape: Shape): RunInstancesCommandInput {
  const tags = Object.entries(shape.tags ?? {}).map(([Key, Value]) => ({ Key, Value }));
  return {
    ImageId: imageId,
    InstanceType: (shape.type ?? "t3.micro") as NonNullable<RunInstancesCommandInput["InstanceType"]>,
    MinCount: 1,
    MaxCount: 1,
    SubnetId: network.subnetIds[0],
    SecurityGroupIds: [...(shape.groups ?? [network.groupId])],
    ...(shape.ipv6 && { Ipv6AddressCount: 1 }),
    ...(tags.length > 0 && { TagSpecifications: [{ ResourceType: "instance", Tags: tags }] }),
    ...shape.launch,
  };
}

async function run(truth: Truth, ec2: EC2Client, network: Network, shape: Shape): Promise<string> {
  const profile = shape.profile ? { IamInstanceProfile: { Name: await createProfile(truth) } } : {};
  const command = new RunInstancesCommand({ ...usualLaunch(network, shape), ...profile });
  const { Instances: [instance] = [] } = await ec2.send(command);
  return instance?.InstanceId ?? "";
}

async function requestSpot(ec2: EC2Client, network: Network, shape: Shape): Promise<string> {
  const { SpotInstanceRequests: [request] = [] } = await ec2.send(
    new RequestSpotInstancesCommand({
      Type: shape.spot,
      LaunchSpecification: {
        ImageId: imageId,
        InstanceType: (shape.type ?? "t3.micro") as NonNullable<RunInstancesCommandInput["InstanceType"]>,
        SubnetId: network.subnetIds[0],
        SecurityGroups: [...(shape.groups ?? [network.groupId])],
      },
    }),
  );
  return request?.InstanceId ?? "";
}

async function addInterfaces(ec2: EC2Client, network: Network, shape: Shape, id: string): Promise<void> {
  for (let index = 1; index < (shape.interfaces ?? 1); index += 1) {
    const { NetworkInterface } = await ec2.send(
      new CreateNetworkInterfaceCommand({
        SubnetId: network.subnetIds[0],
        Groups: [...(shape.groups ?? [network.groupId])],
        ...(shape.ipv6 && { Ipv6AddressCount: 1 }),
      }),
    );
    const { NetworkInterfaceId } = NetworkInterface ?? {};
    await ec2.send(new AttachNetworkInterfaceCommand({ InstanceId: id, NetworkInterfaceId, DeviceIndex: index }));
  }
}

async function addVolume(ec2: EC2Client, id: string, device: string): Promise<void> {
  const { Placement } = await describeInstance(ec2, id);
  const { VolumeId } = await ec2.send(
    new CreateVolumeCommand({ Size: 8, AvailabilityZone: Placement?.AvailabilityZone }),
  );
  const attach = () => ec2.send(new AttachVolumeCommand({ VolumeId, InstanceId: id, Device: device }));
  await settled(() => attach().then(() => true, isStillBeing("creating")));
}

/** Tells a refusal that passes with time from one that does not. */
const isStillBeing = (state: string) => (error: unknown) => {
  if (error instanceof Error && error.name === "IncorrectState" && error.message.includes(state)) return false;
  throw error;
};

async function addAddress(ec2: EC2Client, interfaceId: string | undefined) {
  const { AllocationId = "", PublicIp = "" } = await ec2.send(new AllocateAddressCommand({ Domain: "vpc" }));
  await ec2.send(new AssociateAddressCommand({ AllocationId, NetworkInterfaceId: interfaceId }));
  return { allocationId: AllocationId, publicIp: PublicIp };
}
