import { DescribeAutoScalingInstancesCommand } from "@aws-sdk/client-auto-scaling";
import {
  type Address,
  DescribeAddressesCommand,
  DescribeInstanceAttributeCommand,
  DescribeInstanceTypesCommand,
  DescribeSpotInstanceRequestsCommand,
  DescribeVolumesCommand,
  type Instance,
  type InstanceAttributeName,
  type NetworkInterface,
  type Volume,
} from "@aws-sdk/client-ec2";
import type { Aws } from "./aws.ts";
import { describeInstance, describeInterfaces, tagsOf } from "./describe.ts";
import type { Before, InterfaceBefore, VolumeBefore } from "./run.ts";
import { explained } from "./run-step.ts";

/** How long what is nice to know may take: isolation waits for it. */
const PATIENCE_MS = 5_000;

/**
 * Reads the state that `restore` goes back to.
 * @throws what the SDK throws when instance or interfaces cannot be read; everything else is then in `unknown`
 */
export async function readBefore(aws: Aws, id: string, quarantineGroupId: string | null): Promise<Before> {
  const [{ instance }, interfaces] = await Promise.all([describeInstance(aws, id), describeInterfaces(aws, id)]);
  const unknown: string[] = [];
  const patience = AbortSignal.timeout(PATIENCE_MS);
  const ask = async <T>(what: string, work: (abortSignal: AbortSignal) => Promise<T>): Promise<T | undefined> =>
    work(patience).catch((error: unknown) => {
      unknown.push(`${what}: ${explained(error)}`);
      return undefined;
    });
  const mappings = instance.BlockDeviceMappings ?? [];
  const [volumes, addresses, protection, shutdown, spot, type, scaling] = await Promise.all([
    ask("volumes", (signal) =>
      volumesOf(
        aws,
        mappings.flatMap(({ Ebs }) => Ebs?.VolumeId ?? []),
        signal,
      ),
    ),
    ask("addresses", (signal) => addressesOf(aws, interfaces, signal)),
    ask("termination protection", (signal) => attribute(aws, id, "disableApiTermination", signal)),
    ask("shutdown behaviour", (signal) => attribute(aws, id, "instanceInitiatedShutdownBehavior", signal)),
    ask("spot request", (signal) => spotRequestOf(aws, instance, signal)),
    ask("instance type", (signal) => typeOf(aws, instance, signal)),
    ask("Auto Scaling group", (signal) => autoScalingOf(aws, id, signal)),
  ]);
  return {
    at: new Date().toISOString(),
    instance: instanceBefore(instance),
    interfaces: interfaces.map((one) => interfaceBefore(one, addresses ?? [])),
    volumes: mappings.flatMap(({ DeviceName = "", Ebs }) =>
      Ebs?.VolumeId === undefined ? [] : [volumeBefore(Ebs.VolumeId, DeviceName, Ebs.DeleteOnTermination, volumes)],
    ),
    terminationProtection: protection?.DisableApiTermination?.Value,
    shutdownBehavior: shutdown?.InstanceInitiatedShutdownBehavior?.Value,
    spotRequest: spot,
    instanceStoreGB: type?.instanceStoreGB,
    memoryMiB: type?.memoryMiB,
    hypervisor: type?.hypervisor ?? instance.Hypervisor,
    autoScaling: scaling,
    quarantineGroupId: quarantineGroupId ?? undefined,
    unknown,
  };
}

function instanceBefore(instance: Instance): Before["instance"] {
  return {
    id: instance.InstanceId ?? "",
    type: instance.InstanceType ?? "",
    state: instance.State?.Name ?? "",
    zone: instance.Placement?.AvailabilityZone ?? "",
    vpcId: instance.VpcId,
    subnetId: instance.SubnetId,
    imageId: instance.ImageId,
    launchedAt: instance.LaunchTime?.toISOString(),
    lifecycle: instance.InstanceLifecycle,
    rootDeviceType: instance.RootDeviceType,
    rootDeviceName: instance.RootDeviceName,
    profileArn: instance.IamInstanceProfile?.Arn,
    metadataEndpoint: instance.MetadataOptions?.HttpEndpoint,
    tags: tagsOf(instance.Tags),
  };
}

function interfaceBefore(one: NetworkInterface, addresses: readonly Address[]): InterfaceBefore {
  const elastic = addresses.flatMap(({ NetworkInterfaceId, AllocationId, PublicIp = "", PrivateIpAddress }) =>
    NetworkInterfaceId === one.NetworkInterfaceId && AllocationId !== undefined
      ? [{ allocationId: AllocationId, publicIp: PublicIp, privateIp: PrivateIpAddress }]
      : [],
  );
  const publicIp = one.Association?.PublicIp;
  return {
    id: one.NetworkInterfaceId ?? "",
    vpcId: one.VpcId ?? "",
    groups: (one.Groups ?? []).flatMap(({ GroupId }) => GroupId ?? []),
    attachmentId: one.Attachment?.AttachmentId,
    deleteOnTermination: one.Attachment?.DeleteOnTermination ?? false,
    ipv6: (one.Ipv6Addresses ?? []).length > 0,
    elastic,
    publicIp: elastic.some((address) => address.publicIp === publicIp) ? undefined : publicIp,
  };
}

function volumeBefore(
  id: string,
  device: string,
  deleteOnTermination = false,
  volumes: readonly Volume[] = [],
): VolumeBefore {
  const volume = volumes.find(({ VolumeId }) => VolumeId === id);
  return {
    id,
    device,
    deleteOnTermination,
    sizeGiB: volume?.Size,
    encrypted: volume?.Encrypted,
    kmsKeyId: volume?.KmsKeyId,
    multiAttach: volume?.MultiAttachEnabled,
  };
}

async function volumesOf({ ec2 }: Aws, ids: readonly string[], abortSignal: AbortSignal): Promise<readonly Volume[]> {
  if (ids.length === 0) return [];
  const { Volumes = [] } = await ec2.send(new DescribeVolumesCommand({ VolumeIds: [...ids] }), { abortSignal });
  return Volumes;
}

async function addressesOf(
  { ec2 }: Aws,
  interfaces: readonly NetworkInterface[],
  abortSignal: AbortSignal,
): Promise<readonly Address[]> {
  const Values = interfaces.flatMap(({ NetworkInterfaceId }) => NetworkInterfaceId ?? []);
  if (Values.length === 0) return [];
  const Filters = [{ Name: "network-interface-id", Values }];
  const { Addresses = [] } = await ec2.send(new DescribeAddressesCommand({ Filters }), { abortSignal });
  return Addresses;
}

const attribute = ({ ec2 }: Aws, InstanceId: string, Attribute: InstanceAttributeName, abortSignal: AbortSignal) =>
  ec2.send(new DescribeInstanceAttributeCommand({ InstanceId, Attribute }), { abortSignal });

async function spotRequestOf(
  { ec2 }: Aws,
  { SpotInstanceRequestId: id }: Instance,
  abortSignal: AbortSignal,
): Promise<Before["spotRequest"]> {
  if (id === undefined || id === "") return undefined;
  const asked = new DescribeSpotInstanceRequestsCommand({ SpotInstanceRequestIds: [id] });
  const { SpotInstanceRequests: [request] = [] } = await ec2.send(asked, { abortSignal });
  return { id, type: request?.Type ?? "one-time" };
}

async function typeOf({ ec2 }: Aws, { InstanceType }: Instance, abortSignal: AbortSignal) {
  if (InstanceType === undefined) return undefined;
  const asked = new DescribeInstanceTypesCommand({ InstanceTypes: [InstanceType] });
  const { InstanceTypes: [type] = [] } = await ec2.send(asked, { abortSignal });
  if (type === undefined) return undefined;
  const { Hypervisor: hypervisor, InstanceStorageInfo, MemoryInfo } = type;
  return { hypervisor, instanceStoreGB: InstanceStorageInfo?.TotalSizeInGB ?? 0, memoryMiB: MemoryInfo?.SizeInMiB };
}

async function autoScalingOf(
  { autoScaling }: Aws,
  id: string,
  abortSignal: AbortSignal,
): Promise<Before["autoScaling"]> {
  const asked = new DescribeAutoScalingInstancesCommand({ InstanceIds: [id] });
  const { AutoScalingInstances: [found] = [] } = await autoScaling.send(asked, { abortSignal });
  if (found === undefined) return undefined;
  return {
    group: found.AutoScalingGroupName ?? "",
    lifecycleState: found.LifecycleState ?? "",
    protectedFromScaleIn: found.ProtectedFromScaleIn ?? false,
  };
}
