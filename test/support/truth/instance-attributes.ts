import type { Instance } from "@aws-sdk/client-ec2";
import { AwsError } from "./answer.ts";
import { modifyGroupsOfInstance, requireOneInterface } from "./groups.ts";
import { findInstance, required, stateOf } from "./lookups.ts";
import { type AwsRequest, withParams } from "./request.ts";
import type { Handler, Refusal } from "./rule.ts";
import type { World } from "./world.ts";

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyInstanceAttribute.html */
const needStopped = ["InstanceType", "Kernel", "Ramdisk", "UserData", "EbsOptimized", "EnaSupport", "SriovNetSupport"];
const protections = ["DisableApiTermination", "DisableApiStop"];

/** The attributes that the call sets: "GroupId", "DisableApiTermination", … */
function attributesOf(params: AwsRequest["params"]): readonly string[] {
  const given = params.Attribute;
  const named = Object.keys(params).map((name) => name.split(".")[0] ?? name);
  const others = named.filter((name) => !["InstanceId", "Attribute", "Value", "DryRun"].includes(name));
  return [...new Set([...others, ...(given === undefined ? [] : [`${given[0]?.toUpperCase()}${given.slice(1)}`])])];
}

/** ModifyInstanceAttribute: one attribute at a time, and what kind of instance takes it. */
export const refuseAttribute: Refusal = async (request, world) => {
  const instance = await findInstance(world, request, required(request.params, "InstanceId"));
  const attributes = attributesOf(request.params);
  const [attribute] = attributes;
  if (attribute === undefined) throw new AwsError("InvalidParameterCombination", "No attributes specified.");
  if (attributes.length > 1) {
    throw new AwsError("InvalidParameterCombination", `Fields for multiple attribute types specified: ${attributes}`);
  }
  checkAttribute(world, request, instance, attribute);
};

function checkAttribute(world: World, { params }: AwsRequest, instance: Instance, attribute: string): void {
  const id = instance.InstanceId ?? "";
  const state = stateOf(world, instance);
  if (state === "terminated") {
    throw new AwsError(
      "IncorrectInstanceState",
      `The instance '${id}' is not in a state that can be modified: terminated.`,
    );
  }
  if (protections.includes(attribute) && world.state.spotRequests.has(id)) {
    const name = `${attribute[0]?.toLowerCase()}${attribute.slice(1)}`;
    throw new AwsError("UnsupportedOperation", `Modifying '${name}' is not supported for spot instances.`);
  }
  if (needStopped.includes(attribute) && state !== "stopped") {
    throw new AwsError("IncorrectInstanceState", `The instance '${id}' is not in the 'stopped' state.`);
  }
  if (attribute === "SourceDestCheck") requireOneInterface(id, instance.NetworkInterfaces ?? []);
  if (attribute === "BlockDeviceMapping") checkDevices(params, instance);
}

function checkDevices(params: AwsRequest["params"], { BlockDeviceMappings = [] }: Instance): void {
  const mapped = BlockDeviceMappings.map(({ DeviceName }) => DeviceName);
  const named = Object.entries(params).filter(([name]) => /^BlockDeviceMapping\.\d+\.DeviceName$/.test(name));
  for (const [, device] of named) {
    if (mapped.includes(device)) continue;
    throw new AwsError("InvalidInstanceAttributeValue", `No device is currently mapped at ${device}`);
  }
}

/** Ways to write an attribute of which moto ignores one. */
const asAttribute = ["InstanceInitiatedShutdownBehavior"];
const asMember = ["DisableApiTermination", "DisableApiStop"];

/** ModifyInstanceAttribute. */
export const modifyInstanceAttribute: Handler = async (request, world, forward) => {
  const [attribute = ""] = attributesOf(request.params);
  if (attribute === "GroupId") return await modifyGroupsOfInstance(request, world, forward);
  const member = `${attribute}.Value`;
  const value = request.params[member] ?? request.params.Value;
  if (asAttribute.includes(attribute)) {
    const Attribute = `${attribute[0]?.toLowerCase()}${attribute.slice(1)}`;
    return await forward(withParams(request, { [member]: undefined, Attribute, Value: value }));
  }
  if (!asMember.includes(attribute)) return await forward(request);
  return await forward(withParams(request, { [member]: value, Attribute: undefined, Value: undefined }));
};

/** ModifyInstanceMetadataOptions: what the call does not name stays; moto would forget it. */
export const modifyMetadataOptions: Handler = async (request, world, forward) => {
  const { MetadataOptions: now } = await findInstance(world, request, required(request.params, "InstanceId"));
  const kept = {
    HttpTokens: now?.HttpTokens,
    HttpEndpoint: now?.HttpEndpoint,
    HttpPutResponseHopLimit: now?.HttpPutResponseHopLimit?.toString(),
    HttpProtocolIpv6: now?.HttpProtocolIpv6,
    InstanceMetadataTags: now?.InstanceMetadataTags,
  };
  return await forward(withParams(request, { ...kept, ...request.params }));
};
