import { type Address, DescribeAddressesCommand, DisassociateAddressCommand } from "@aws-sdk/client-ec2";
import { AwsError } from "./answer.ts";
import { requireOneInterface } from "./groups.ts";
import { filtersOf, findInstance, findInterface } from "./lookups.ts";
import { type AwsRequest, withParams } from "./request.ts";
import type { Handler, Refusal } from "./rule.ts";
import type { World } from "./world.ts";
import { element, elementsAt, formatXml, parseXml, setChild, textAt } from "./xml.ts";

/** AssociateAddress: with an instance only when it is clear which interface is meant; not from another where the call says so. */
export const refuseAssociation: Refusal = async (request, world) => {
  const { AllocationId, AllowReassociation, InstanceId, NetworkInterfaceId } = request.params;
  const interfaces =
    InstanceId === undefined ? [] : ((await findInstance(world, request, InstanceId)).NetworkInterfaces ?? []);
  if (InstanceId !== undefined && NetworkInterfaceId === undefined) requireOneInterface(InstanceId, interfaces);
  if (AllowReassociation !== "false") return;
  const holder = (await findAddress(world, request))?.NetworkInterfaceId;
  const target = NetworkInterfaceId ?? interfaces[0]?.NetworkInterfaceId;
  if (holder === undefined || holder === "" || holder === target) return;
  throw new AwsError("Resource.AlreadyAssociated", `resource ${AllocationId} is already associated.`);
};

/** AssociateAddress takes an address away from whoever has it; moto would leave it with both. */
export const associateAddress: Handler = async (request, world, forward) => {
  const AssociationId = (await findAddress(world, request))?.AssociationId;
  if (AssociationId) await world.clients(request).ec2.send(new DisassociateAddressCommand({ AssociationId }));
  return await forward(request);
};

async function findAddress(world: World, request: AwsRequest): Promise<Address | undefined> {
  const { AllocationId } = request.params;
  if (AllocationId === undefined) return undefined;
  const asked = new DescribeAddressesCommand({ AllocationIds: [AllocationId] });
  return (await world.clients(request).ec2.send(asked)).Addresses?.[0];
}

/** DescribeAddresses: an address of an interface belongs to the interface's instance, also when one filters by it. */
export const describeAddresses: Handler = async (request, world, forward) => {
  const wanted = filtersOf(request.params).get("instance-id");
  const answer = await forward(wanted === undefined ? request : withoutFilter(request, "instance-id"));
  if (answer.status >= 400) return answer;
  const tree = parseXml(answer.body.toString("utf8"));
  for (const address of elementsAt(tree, "addressesSet", "item")) {
    const interfaceId = textAt(address, "networkInterfaceId") ?? "";
    address.children = address.children.filter(({ text, children }) => text !== "" || children.length > 0);
    if (interfaceId === "") continue;
    const { Attachment } = await findInterface(world, request, interfaceId);
    if (Attachment?.InstanceId !== undefined) setChild(address, element("instanceId", Attachment.InstanceId));
  }
  const [set] = elementsAt(tree, "addressesSet");
  if (set !== undefined && wanted !== undefined) {
    set.children = set.children.filter((each) => wanted.includes(textAt(each, "instanceId") ?? ""));
  }
  const { "content-length": _, ...headers } = answer.headers;
  return { ...answer, headers, body: Buffer.from(formatXml(tree)) };
};

/** The call without a filter; the others are numbered anew. */
function withoutFilter(request: AwsRequest, name: string): AwsRequest {
  const old = Object.keys(request.params).filter((each) => each.startsWith("Filter."));
  const kept = [...filtersOf(request.params)].filter(([each]) => each !== name);
  const added = kept.flatMap(([each, values], index) => [
    [`Filter.${index + 1}.Name`, each],
    ...values.map((value, at) => [`Filter.${index + 1}.Value.${at + 1}`, value]),
  ]);
  return withParams(request, {
    ...Object.fromEntries(old.map((each) => [each, undefined])),
    ...Object.fromEntries(added),
  });
}
