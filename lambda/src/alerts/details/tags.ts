import { masked } from "#alerts/mask.ts";
import { type Fields, fieldsOf, listed, objectsOf, scalarOf } from "#alerts/values.ts";
import type { Fact } from "#model/news.ts";
import { type CloudTrailRecord, textAt } from "#model/record.ts";

const MAX_TAGS = 8;

/** Which required tags are missing, and those that there are; for tags that are set or deleted, these. */
export function tagDetails(record: CloudTrailRecord, requiredTags: unknown): readonly Fact[] {
  const call = textAt(record, "eventName");
  const request = fieldsOf(record.requestParameters);
  if (call === "DeleteTags") {
    const keys = [...tagsIn(request.tagSet).keys()];
    return [{ label: "Deleted tags", value: keys.length === 0 ? "all" : listed(keys, MAX_TAGS) }];
  }
  if (call === "CreateTags") return [{ label: "Tags", value: shown(tagsIn(request.tagSet)) }];
  if (call !== "RunInstances") return [];
  const specifications = objectsOf(request.tagSpecificationSet);
  const requested = (type: string) =>
    specifications.filter(({ resourceType }) => resourceType === type).flatMap(({ tags }) => [...tagsIn(tags)]);
  const made = objectsOf(fieldsOf(record.responseElements).instancesSet);
  const tags = new Map([...requested("instance"), ...made.flatMap(({ tagSet }) => [...tagsIn(tagSet)])]);
  const required = requiredKeys(requiredTags);
  const missing = [...required].flatMap(([type, keys]) => {
    if (type === "instance") return keys.filter((key) => !tags.has(key));
    const own = new Map(requested(type));
    // What else is made with an instance the request does not tell.
    const isMade = type === "volume" || own.size > 0;
    return isMade ? keys.filter((key) => !own.has(key)).map((key) => `${key} (${type})`) : [];
  });
  return [
    ...(missing.length === 0 ? [] : [{ label: "Missing tags", value: listed(missing, MAX_TAGS) }]),
    ...(required.size === 0 ? [] : [{ label: "Tags", value: shown(tags) }]),
  ];
}

/** Type of resource → keys. A list of keys is about instances. */
function requiredKeys(requiredTags: unknown): ReadonlyMap<string, readonly string[]> {
  if (Array.isArray(requiredTags)) {
    return new Map([["instance", requiredTags.filter((key) => typeof key === "string")]]);
  }
  return new Map(Object.entries(fieldsOf(requiredTags)).map(([type, keys]) => [type, Object.keys(fieldsOf(keys))]));
}

function tagsIn(list: unknown): ReadonlyMap<string, string> {
  return new Map(
    objectsOf(list).flatMap(({ key, value }: Fields) =>
      typeof key === "string" ? [[key, scalarOf(value) ?? ""] as const] : [],
    ),
  );
}

function shown(tags: ReadonlyMap<string, string>): string {
  return (
    listed(
      Array.from(tags, ([key, value]) => `${key} = ${masked(key, value)}`),
      MAX_TAGS,
    ) || "none"
  );
}
