import { AwsError, ec2Answer } from "./answer.ts";
import { required } from "./lookups.ts";
import type { Correction, Handler, Refusal } from "./rule.ts";
import type { World } from "./world.ts";
import { child, type Element, element, elementsAt, setChild, textAt } from "./xml.ts";

const attributes = [
  "Attachment",
  "AssociatePublicIpAddress",
  "ConnectionTrackingSpecification",
  "Description",
  "EnaSrdSpecification",
  "EnablePrimaryIpv6",
  "SecurityGroupId",
  "SourceDestCheck",
];

/** ModifyNetworkInterfaceAttribute: one attribute at a time. */
export const refuseSeveralAttributes: Refusal = async ({ params }) => {
  const named = attributes.filter((attribute) => Object.keys(params).some((name) => name.split(".")[0] === attribute));
  if (named.length === 1) return;
  if (named.length === 0) throw new AwsError("MissingParameter", "No attributes specified.");
  throw new AwsError(
    "InvalidParameterCombination",
    `Fields for multiple attribute types specified: ${named.join(", ")}`,
  );
};

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ConnectionTrackingSpecificationRequest.html; seconds */
const timeoutRange = { min: 60, max: 432_000 };

function readTimeout(text: string): number {
  const seconds = Number(text);
  if (Number.isInteger(seconds) && seconds >= timeoutRange.min && seconds <= timeoutRange.max) return seconds;
  const { min, max } = timeoutRange;
  throw new AwsError("InvalidParameterValue", `TcpEstablishedTimeout must be between ${min} and ${max} seconds.`);
}

/** ModifyNetworkInterfaceAttribute: keeps what moto ignores. */
export const modifyInterface: Handler = async (request, world, forward) => {
  const id = required(request.params, "NetworkInterfaceId");
  const before = world.state.interfaces.get(id) ?? {};
  const deletes = request.params["Attachment.DeleteOnTermination"];
  const timeout = request.params["ConnectionTrackingSpecification.TcpEstablishedTimeout"];
  if (deletes !== undefined) {
    required(request.params, "Attachment.AttachmentId");
    world.state.interfaces.set(id, { ...before, deleteOnTermination: deletes === "true" });
    return ec2Answer(request.action, "<return>true</return>");
  }
  if (timeout !== undefined) {
    world.state.interfaces.set(id, { ...before, tcpEstablishedTimeout: readTimeout(timeout) });
    return ec2Answer(request.action, "<return>true</return>");
  }
  if (request.params.AssociatePublicIpAddress !== undefined) {
    throw new Error("AssociatePublicIpAddress is not known here, and moto would say yes without doing it.");
  }
  return await forward(request);
};

/** moto writes an empty association where there is no public address; a client would take it for one. */
function dropEmptyAssociation(of: Element): void {
  of.children = of.children.filter(({ name, children }) => name !== "association" || children.length > 0);
}

/** An interface as EC2 describes it. */
export function correctInterface(described: Element, world: World): void {
  for (const each of [described, ...elementsAt(described, "privateIpAddressesSet", "item")]) dropEmptyAssociation(each);
  const { deleteOnTermination, tcpEstablishedTimeout } =
    world.state.interfaces.get(textAt(described, "networkInterfaceId") ?? "") ?? {};
  const attachment = child(described, "attachment");
  if (deleteOnTermination !== undefined && attachment !== undefined && attachment.children.length > 0) {
    setChild(attachment, element("deleteOnTermination", String(deleteOnTermination)));
  }
  if (tcpEstablishedTimeout !== undefined) {
    const timeout = element("tcpEstablishedTimeout", String(tcpEstablishedTimeout));
    setChild(described, element("connectionTrackingConfiguration", [timeout]));
  }
}

/** DescribeNetworkInterfaces. */
export const correctInterfaces: Correction = (answer, _request, world) => {
  for (const each of elementsAt(answer, "networkInterfaceSet", "item")) correctInterface(each, world);
};
