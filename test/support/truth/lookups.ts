import {
  DescribeInstancesCommand,
  DescribeInstanceTypesCommand,
  DescribeSnapshotsCommand,
  type Instance,
  type InstanceTypeInfo,
  type Snapshot,
} from "@aws-sdk/client-ec2";
import { AwsError } from "./answer.ts";
import type { AwsRequest } from "./request.ts";
import type { World } from "./world.ts";

/** The values of a list parameter, in order: "InstanceId" for "InstanceId.1", "InstanceId.2", … */
export function listOf(params: AwsRequest["params"], name: string): readonly string[] {
  const values: string[] = [];
  for (let index = 1; ; index += 1) {
    const value = params[`${name}.${index}`];
    if (value === undefined) return values;
    values.push(value);
  }
}

/** A parameter that the call must have. @throws AwsError MissingParameter */
export function required(params: AwsRequest["params"], name: string): string {
  const value = params[name];
  if (value === undefined || value === "") {
    throw new AwsError("MissingParameter", `The request must contain the parameter ${name}`);
  }
  return value;
}

/** @throws AwsError InvalidInstanceID.Malformed, InvalidInstanceID.NotFound */
export async function findInstance(world: World, request: AwsRequest, id: string): Promise<Instance> {
  if (!/^i-([\da-f]{8}|[\da-f]{17})$/.test(id))
    throw new AwsError("InvalidInstanceID.Malformed", `Invalid id: "${id}"`);
  const found = await world
    .ec2(request)
    .send(new DescribeInstancesCommand({ InstanceIds: [id] }))
    .catch(() => undefined);
  const instance = found?.Reservations?.flatMap(({ Instances = [] }) => Instances)[0];
  if (instance === undefined) {
    throw new AwsError("InvalidInstanceID.NotFound", `The instance ID '${id}' does not exist`);
  }
  return instance;
}

/** What AWS says of the instance's type. */
export async function findType(world: World, request: AwsRequest, instance: Instance): Promise<InstanceTypeInfo> {
  const { InstanceType } = instance;
  const command = new DescribeInstanceTypesCommand(InstanceType === undefined ? {} : { InstanceTypes: [InstanceType] });
  const { InstanceTypes: [type] = [] } = await world.ec2(request).send(command);
  if (type === undefined) throw new Error(`moto does not know the instance type ${InstanceType}.`);
  return type;
}

/** @throws AwsError InvalidSnapshot.NotFound */
export async function findSnapshot(world: World, request: AwsRequest, id: string): Promise<Snapshot> {
  const found = await world
    .ec2(request)
    .send(new DescribeSnapshotsCommand({ SnapshotIds: [id] }))
    .catch(() => undefined);
  const snapshot = found?.Snapshots?.[0];
  if (snapshot === undefined) throw new AwsError("InvalidSnapshot.NotFound", `The snapshot '${id}' does not exist.`);
  return snapshot;
}
