import { requireOneInterface } from "./groups.ts";
import { filtersOf, findInstance, findInterface } from "./lookups.ts";
import { type AwsRequest, withParams } from "./request.ts";
import type { Handler, Refusal } from "./rule.ts";
import { element, elementsAt, formatXml, parseXml, setChild, textAt } from "./xml.ts";

/** AssociateAddress with an instance: only when it is clear which interface is meant. */
export const refuseAssociation: Refusal = async (request, world) => {
  const { InstanceId: id, NetworkInterfaceId: interfaceId } = request.params;
  if (id === undefined || interfaceId !== undefined) return;
  const { NetworkInterfaces = [] } = await findInstance(world, request, id);
  requireOneInterface(id, NetworkInterfaces);
};

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
