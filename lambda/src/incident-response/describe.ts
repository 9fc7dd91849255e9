import {
  DescribeInstancesCommand,
  DescribeNetworkInterfacesCommand,
  type Instance,
  type NetworkInterface,
} from "@aws-sdk/client-ec2";
import type { Aws } from "./aws.ts";
import { errorName } from "./aws-error.ts";

/** There is no such instance, or not in this region. */
class NoSuchInstance extends Error {
  override readonly name = "NoSuchInstance";
}

/** An instance with the account that it belongs to. */
export interface Found {
  readonly instance: Instance;
  readonly account: string;
}

/**
 * @throws NoSuchInstance
 * @throws what the SDK throws
 */
export async function describeInstance({ ec2 }: Pick<Aws, "ec2">, id: string): Promise<Found> {
  try {
    const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
    for (const { Instances = [], OwnerId = "" } of Reservations) {
      const instance = Instances.find(({ InstanceId }) => InstanceId === id);
      if (instance !== undefined) return { instance, account: OwnerId };
    }
  } catch (error) {
    if (!errorName(error).startsWith("InvalidInstanceID")) throw error;
  }
  throw new NoSuchInstance(`there is no instance ${id} here`);
}

/** Every network interface that is attached to an instance now. @throws what the SDK throws */
export async function describeInterfaces({ ec2 }: Pick<Aws, "ec2">, id: string): Promise<readonly NetworkInterface[]> {
  const Filters = [{ Name: "attachment.instance-id", Values: [id] }];
  const { NetworkInterfaces = [] } = await ec2.send(new DescribeNetworkInterfacesCommand({ Filters }));
  return NetworkInterfaces;
}

/** Tags by key. */
export function tagsOf(
  tags: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[] | undefined,
) {
  return Object.fromEntries((tags ?? []).map(({ Key = "", Value = "" }) => [Key, Value]));
}
