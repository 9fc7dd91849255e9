import { fieldsOf, firstOf, listed, objectsOf, scalarOf, valuesOf } from "#alerts/values.ts";
import type { Fact } from "#model/news.ts";
import { type CloudTrailRecord, textAt } from "#model/record.ts";

const MAX_SHOWN = 6;
const CALLS = /^Modify(Snapshot|Image|DB(Cluster)?Snapshot)Attribute$/;

/** With whom a snapshot or image is shared from now on, or no longer. */
export function sharingDetails(record: CloudTrailRecord): readonly Fact[] {
  if (!CALLS.test(textAt(record, "eventName") ?? "")) return [];
  const request = fieldsOf(record.requestParameters);
  const permissions = fieldsOf(request.createVolumePermission ?? request.launchPermission);
  const fact = (label: string, names: readonly string[]) =>
    names.length === 0 ? [] : [{ label, value: listed(names, MAX_SHOWN) }];
  return [
    ...fact("Shared with", [...granted(permissions.add), ...accounts(request.valuesToAdd)]),
    ...fact("No longer with", [...granted(permissions.remove), ...accounts(request.valuesToRemove)]),
  ];
}

function granted(list: unknown): readonly string[] {
  return objectsOf(list).flatMap((entry) => {
    if (entry.group === "all") return ["everyone"];
    const name = firstOf(entry, "userId", "organizationArn", "organizationalUnitArn", "group");
    return name === undefined ? [] : [/^\d{12}$/.test(name) ? `account ${name}` : name];
  });
}

function accounts(list: unknown): readonly string[] {
  return valuesOf(list).flatMap((value) => {
    const name = scalarOf(value);
    if (name === undefined) return [];
    return [name === "all" ? "everyone" : `account ${name}`];
  });
}
