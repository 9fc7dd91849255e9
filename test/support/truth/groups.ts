import {
  type Instance,
  type InstanceNetworkInterface,
  ModifyInstanceAttributeCommand,
  ModifyNetworkInterfaceAttributeCommand,
  paginateDescribeInstances,
} from "@aws-sdk/client-ec2";
import { AwsError, ec2Answer } from "./answer.ts";
import { findGroups, findInstance, findInterface, listOf, required } from "./lookups.ts";
import type { Correction, Handler, Refusal } from "./rule.ts";
import type { World } from "./world.ts";
import { child, type Element, element, elementsAt, setChild, textAt } from "./xml.ts";

type Asker = Parameters<World["clients"]>[0];

/** Security groups per network interface, the quota of a new account. */
const maxGroups = 5;

/**
 * moto keeps the groups of a launch at the instance and adds them to every interface that it describes, so that a swap would
 * never show. Taken from the instance, they remain at the interfaces that were launched with them.
 */
async function separate(world: World, request: Asker, instance: Instance): Promise<void> {
  const { InstanceId = "", NetworkInterfaces = [] } = instance;
  if (world.state.ungrouped.has(InstanceId)) return;
  world.state.ungrouped.add(InstanceId);
  await world.clients(request).ec2.send(new ModifyInstanceAttributeCommand({ InstanceId }));
  for (const { NetworkInterfaceId = "", Description } of NetworkInterfaces) {
    // An interface that is made at launch goes with its instance unless the launch says otherwise; moto knows no default.
    if (Description !== "Primary network interface" || world.state.interfaces.has(NetworkInterfaceId)) continue;
    world.state.interfaces.set(NetworkInterfaceId, { deleteOnTermination: true });
  }
}

/** RunInstances. */
export const separateLaunched: Correction = async (answer, request, world) => {
  for (const item of elementsAt(answer, "instancesSet", "item")) {
    await separate(world, request, await findInstance(world, request, textAt(item, "instanceId") ?? ""));
  }
};

/** After a call that launches instances which its answer does not name. */
export const separateAll: Correction = async (_answer, request, world) => {
  for await (const { Reservations = [] } of paginateDescribeInstances({ client: world.clients(request).ec2 }, {})) {
    for (const { Instances = [] } of Reservations) {
      for (const instance of Instances) await separate(world, request, instance);
    }
  }
};

/** The groups of an instance are those of its first interface. */
export function showGroupsOfFirstInterface(instance: Element): void {
  const interfaces = elementsAt(instance, "networkInterfaceSet", "item");
  const first = interfaces.find((each) => textAt(each, "attachment", "deviceIndex") === "0");
  setChild(instance, element("groupSet", child(first, "groupSet")?.children ?? []));
}

/** DescribeInstanceAttribute: the same for the attribute `groupSet`. */
export const correctGroupSet: Correction = async (answer, request, world) => {
  if (request.params.Attribute !== "groupSet") return;
  const instance = await findInstance(world, request, required(request.params, "InstanceId"));
  const groups = instance.NetworkInterfaces?.find(isFirst)?.Groups ?? [];
  const items = groups.map(({ GroupId = "" }) => element("item", [element("groupId", GroupId)]));
  setChild(answer, element("groupSet", items));
};

const isFirst = ({ Attachment }: InstanceNetworkInterface) => Attachment?.DeviceIndex === 0;

/** Groups must exist, be in the interface's network and be few. */
async function checkGroups(world: World, request: Parameters<Refusal>[0], groups: readonly string[], vpcId: string) {
  if (groups.length > maxGroups) {
    throw new AwsError("SecurityGroupsPerInterfaceLimitExceeded", `At most ${maxGroups} groups for one interface.`);
  }
  const found = await findGroups(world, request, groups);
  if (found.some(({ VpcId }) => VpcId !== vpcId)) {
    throw new AwsError("InvalidGroup.NotFound", "You have specified two resources that belong to different networks.");
  }
}

/** ModifyNetworkInterfaceAttribute. */
export const refuseForeignGroups: Refusal = async (request, world) => {
  const groups = listOf(request.params, "SecurityGroupId");
  const { VpcId = "" } = await findInterface(world, request, required(request.params, "NetworkInterfaceId"));
  await checkGroups(world, request, groups, VpcId);
};

/** ModifyInstanceAttribute with groups: the groups of the only interface; with several, EC2 wants to be told which. */
export const modifyGroupsOfInstance: Handler = async (request, world) => {
  const id = required(request.params, "InstanceId");
  const { NetworkInterfaces = [], VpcId = "" } = await findInstance(world, request, id);
  requireOneInterface(id, NetworkInterfaces);
  const groups = listOf(request.params, "GroupId");
  await checkGroups(world, request, groups, VpcId);
  const { NetworkInterfaceId } = NetworkInterfaces[0] ?? {};
  await world
    .clients(request)
    .ec2.send(new ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId, Groups: [...groups] }));
  return ec2Answer(request.action, "<return>true</return>");
};

/** @throws AwsError InvalidInstanceID when the call does not say which interface it means */
export function requireOneInterface(instanceId: string, interfaces: readonly InstanceNetworkInterface[]): void {
  if (interfaces.length <= 1) return;
  const message = `There are multiple interfaces attached to instance '${instanceId}'. Please specify an interface ID.`;
  throw new AwsError("InvalidInstanceID", message);
}
