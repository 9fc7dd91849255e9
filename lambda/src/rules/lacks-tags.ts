import { patternOf } from "#expression/transforms/pattern.ts";
import type { Transform } from "#expression/transforms.ts";

type Fields = Readonly<Record<string, unknown>>;
type Tags = ReadonlyMap<string, string>;
/** Keys that a type of resource must have, each with the RE2 pattern of its whole value, or null for any value. */
type RequiredKeys = ReadonlyMap<string, string | null>;

/**
 * UTF-16 units of the longest value of a tag, 256 characters. What is longer is no tag, so no pattern has to search it.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions
 */
const MAX_VALUE = 512;

/**
 * The type of a resource, as a tag specification names it, by the prefix of its id.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_TagSpecification.html
 */
const TYPES: ReadonlyMap<string, string> = new Map([
  ["acl", "network-acl"],
  ["ami", "image"],
  ["eipalloc", "elastic-ip"],
  ["eni", "network-interface"],
  ["i", "instance"],
  ["igw", "internet-gateway"],
  ["key", "key-pair"],
  ["lt", "launch-template"],
  ["nat", "natgateway"],
  ["rtb", "route-table"],
  ["sg", "security-group"],
  ["sir", "spot-instances-request"],
  ["snap", "snapshot"],
  ["subnet", "subnet"],
  ["vol", "volume"],
  ["vpc", "vpc"],
  ["vpce", "vpc-endpoint"],
]);

/** The types of resources whose tags can be required. */
export const TAGGED_TYPES: ReadonlySet<string> = new Set(TYPES.values());

/**
 * `event|lacksTags(config.requiredTags)`: whether a call leaves a required tag missing or with a wrong value, as far as
 * its record tells. Keys are case-sensitive, as in EC2. False for any other call, and where nothing is required.
 * - RunInstances: an instance lacks a tag, or what is made with it does (see {@link tagsOfMade}).
 * - CreateTags: a required key gets a value that its pattern does not match.
 * - DeleteTags: a required key is deleted. A deletion that names a value deletes only that value; whether it is the
 *   present one the record does not tell.
 * @param requiredTags a list of keys, for instances; or resource type → key → RE2 pattern of the whole value, or null
 * @throws EvaluationError when a pattern is none
 */
export const lacksTags: Transform = (record, requiredTags) => {
  const { eventSource, eventName, requestParameters, responseElements } = fieldsOf(record);
  if (eventSource !== "ec2.amazonaws.com") return false;
  const request = fieldsOf(requestParameters);
  const required = [...requirementsOf(requiredTags)];
  if (eventName === "RunInstances") {
    return required.some(([type, keys]) =>
      tagsOfMade(type, request, fieldsOf(responseElements)).some((tags) => !hasAll(tags, keys)),
    );
  }
  if (eventName !== "CreateTags" && eventName !== "DeleteTags") return false;
  const touched = touchedResources(request).map(({ type }) => type);
  const tags = tagsOf(request.tagSet);
  const isLost = ([key, pattern]: readonly [string, string | null]) => {
    // Without any tag, DeleteTags deletes them all.
    if (eventName === "DeleteTags") return tags.size === 0 || tags.has(key);
    const value = tags.get(key);
    return value !== undefined && !isRight(value, pattern);
  };
  return required.some(([type, keys]) => touched.includes(type) && [...keys].some(isLost));
};

/** Whether the tags of a resource of this type are such that no required one is missing or wrong. @throws EvaluationError when a pattern is none */
export function hasRequiredTags(type: string, tags: Tags, requiredTags: unknown): boolean {
  const keys = requirementsOf(requiredTags).get(type);
  return keys === undefined || hasAll(tags, keys);
}

/**
 * The resources whose present tags tell whether {@link lacksTags} is still right: the instances that RunInstances made,
 * and those that CreateTags or DeleteTags touched, if their type is known.
 */
export function taggedResources(record: Fields): readonly { readonly id: string; readonly type: string }[] {
  const { eventSource, eventName, requestParameters, responseElements } = record;
  if (eventSource !== "ec2.amazonaws.com") return [];
  if (eventName === "CreateTags" || eventName === "DeleteTags") return touchedResources(fieldsOf(requestParameters));
  if (eventName !== "RunInstances") return [];
  return itemsOf(fieldsOf(responseElements).instancesSet).flatMap(({ instanceId }) =>
    typeof instanceId === "string" ? [{ id: instanceId, type: "instance" }] : [],
  );
}

/**
 * The tags of each resource of a type that RunInstances made, as far as the record tells:
 * - instances always, with those of a launch template, which the response shows;
 * - the types that the request tags by name;
 * - a volume, a network interface (unless all that it names exist already) and, for Spot, a Spot request, also when the
 *   request tags none of them: then they have no tags. Not with a launch template, which may tag them unseen.
 */
function tagsOfMade(type: string, request: Fields, response: Fields): readonly Tags[] {
  const specifications = itemsOf(request.tagSpecificationSet).filter(({ resourceType }) => resourceType === type);
  const requested = new Map(specifications.flatMap(({ tags }) => [...tagsOf(tags)]));
  if (type === "instance") {
    const instances = itemsOf(response.instancesSet);
    if (instances.length === 0) return [requested];
    return instances.map(({ tagSet }) => new Map([...requested, ...tagsOf(tagSet)]));
  }
  const isTemplate = request.launchTemplate !== undefined && request.launchTemplate !== null;
  return !isTemplate && (specifications.length > 0 || isMade(type, request)) ? [requested] : [];
}

function isMade(type: string, request: Fields): boolean {
  if (type === "volume") return true;
  if (type === "spot-instances-request") return fieldsOf(request.instanceMarketOptions).marketType === "spot";
  if (type !== "network-interface") return false;
  const interfaces = itemsOf(request.networkInterfaceSet);
  return interfaces.length === 0 || interfaces.some(({ networkInterfaceId }) => networkInterfaceId === undefined);
}

function touchedResources(request: Fields): readonly { readonly id: string; readonly type: string }[] {
  return itemsOf(request.resourcesSet).flatMap(({ resourceId }) => {
    if (typeof resourceId !== "string") return [];
    const type = TYPES.get(resourceId.split("-", 1)[0] ?? "");
    return type === undefined ? [] : [{ id: resourceId, type }];
  });
}

/** Resource type → key → pattern. Empty for what is no setting. */
function requirementsOf(requiredTags: unknown): ReadonlyMap<string, RequiredKeys> {
  if (Array.isArray(requiredTags)) {
    const keys = requiredTags.filter((key) => typeof key === "string");
    return new Map([["instance", new Map(keys.map((key) => [key, null]))]]);
  }
  return new Map(
    Object.entries(fieldsOf(requiredTags)).map(([type, keys]) => [
      type,
      new Map(
        Object.entries(fieldsOf(keys)).map(([key, pattern]) => [key, typeof pattern === "string" ? pattern : null]),
      ),
    ]),
  );
}

function hasAll(tags: Tags, keys: RequiredKeys): boolean {
  return [...keys].every(([key, pattern]) => {
    const value = tags.get(key);
    return value !== undefined && isRight(value, pattern);
  });
}

function isRight(value: string, pattern: string | null): boolean {
  return pattern === null || (value.length <= MAX_VALUE && patternOf(pattern).testExact(value));
}

/** A tag without a value has an empty one. */
function tagsOf(list: unknown): Tags {
  return new Map(
    itemsOf(list).flatMap(({ key, value }) =>
      typeof key === "string" ? [[key, typeof value === "string" ? value : ""]] : [],
    ),
  );
}

/** The objects of a list, which CloudTrail writes as a list, as `{items: […]}`, or as `{}` when it is empty. */
function itemsOf(list: unknown): readonly Fields[] {
  const items = Array.isArray(list) ? list : fieldsOf(list).items;
  return Array.isArray(items) ? items.filter(isFields) : [];
}

function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
