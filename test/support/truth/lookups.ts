import {
  DescribeInstancesCommand,
  DescribeInstanceTypesCommand,
  DescribeNetworkInterfacesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSnapshotsCommand,
  DescribeVolumesCommand,
  type Instance,
  type InstanceTypeInfo,
  type NetworkInterface,
  type SecurityGroup,
  type Snapshot,
  type Volume,
} from "@aws-sdk/client-ec2";
import { AwsError } from "./answer.ts";
import type { AwsRequest } from "./request.ts";
import { transitionOf, type World } from "./world.ts";

/** The values of a list parameter, in order: "InstanceId" for "InstanceId.1", "InstanceId.2", … */
export function listOf(params: AwsRequest["params"], name: string): readonly string[] {
  const values: string[] = [];
  for (let index = 1; ; index += 1) {
    const value = params[`${name}.${index}`];
    if (value === undefined) return values;
    values.push(value);
  }
}

/** The filters of a call, by name. */
export function filtersOf(params: AwsRequest["params"]): ReadonlyMap<string, readonly string[]> {
  const filters = new Map<string, readonly string[]>();
  for (let index = 1; params[`Filter.${index}.Name`] !== undefined; index += 1) {
    filters.set(params[`Filter.${index}.Name`] ?? "", listOf(params, `Filter.${index}.Value`));
  }
  return filters;
}

/** A parameter that the call must have. @throws AwsError MissingParameter */
export function required(params: AwsRequest["params"], name: string): string {
  const value = params[name];
  if (value !== undefined && value !== "") return value;
  throw new AwsError("MissingParameter", `The request must contain the parameter ${name}`);
}

type Asker = Pick<AwsRequest, "region" | "accessKeyId">;

/** What moto finds; its refusal of unknown ids becomes the proxy's. */
async function found<T>(ask: Promise<T>, refusal: AwsError): Promise<T> {
  return await ask.catch((error: unknown) => {
    if (error instanceof Error && error.name.startsWith("Invalid")) throw refusal;
    throw error;
  });
}

/** @throws AwsError InvalidInstanceID.Malformed, InvalidInstanceID.NotFound */
export async function findInstance(world: World, request: Asker, id: string): Promise<Instance> {
  if (!/^i-([\da-f]{8}|[\da-f]{17})$/.test(id)) {
    throw new AwsError("InvalidInstanceID.Malformed", `Invalid id: "${id}"`);
  }
  const refusal = new AwsError("InvalidInstanceID.NotFound", `The instance ID '${id}' does not exist`);
  const { ec2 } = world.clients(request);
  const { Reservations = [] } = await found(ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] })), refusal);
  const [instance] = Reservations.flatMap(({ Instances = [] }) => Instances);
  if (instance === undefined) throw refusal;
  return instance;
}

/** The state that the instance shows, such as "stopping". */
export function stateOf(world: World, { InstanceId = "", State }: Instance): string {
  return transitionOf(world, InstanceId) ?? State?.Name ?? "";
}

/** What AWS says of the instance's type. */
export async function findType(world: World, request: Asker, { InstanceType }: Instance): Promise<InstanceTypeInfo> {
  const command = new DescribeInstanceTypesCommand(InstanceType === undefined ? {} : { InstanceTypes: [InstanceType] });
  const { InstanceTypes: [type] = [] } = await world.clients(request).ec2.send(command);
  if (type === undefined) throw new Error(`moto does not know the instance type ${InstanceType}.`);
  return type;
}

/** @throws AwsError InvalidNetworkInterfaceID.NotFound */
export async function findInterface(world: World, request: Asker, id: string): Promise<NetworkInterface> {
  const refusal = new AwsError("InvalidNetworkInterfaceID.NotFound", `The networkInterface ID '${id}' does not exist`);
  const command = new DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: [id] });
  const { NetworkInterfaces: [first] = [] } = await found(world.clients(request).ec2.send(command), refusal);
  if (first === undefined) throw refusal;
  return first;
}

/** In the order asked for; none when none is asked for. @throws AwsError InvalidGroup.NotFound */
export async function findGroups(
  world: World,
  request: Asker,
  ids: readonly string[],
): Promise<readonly SecurityGroup[]> {
  if (ids.length === 0) return [];
  const refusal = new AwsError("InvalidGroup.NotFound", `The security group '${ids}' does not exist`);
  const command = new DescribeSecurityGroupsCommand({ GroupIds: [...ids] });
  const { SecurityGroups = [] } = await found(world.clients(request).ec2.send(command), refusal);
  return SecurityGroups;
}

/** @throws AwsError InvalidSnapshot.NotFound */
export async function findSnapshot(world: World, request: Asker, id: string): Promise<Snapshot> {
  const refusal = new AwsError("InvalidSnapshot.NotFound", `The snapshot '${id}' does not exist.`);
  const command = new DescribeSnapshotsCommand({ SnapshotIds: [id] });
  const { Snapshots: [first] = [] } = await found(world.clients(request).ec2.send(command), refusal);
  if (first === undefined) throw refusal;
  return first;
}

/** @throws AwsError InvalidVolume.NotFound */
export async function findVolume(world: World, request: Asker, id: string): Promise<Volume> {
  const refusal = new AwsError("InvalidVolume.NotFound", `The volume '${id}' does not exist.`);
  const command = new DescribeVolumesCommand({ VolumeIds: [id] });
  const { Volumes: [first] = [] } = await found(world.clients(request).ec2.send(command), refusal);
  if (first === undefined) throw refusal;
  return first;
}
