import { fieldsOf, firstOf, listed, objectsOf } from "#alerts/values.ts";
import type { Fact } from "#model/news.ts";
import { type CloudTrailRecord, textAt } from "#model/record.ts";

const MAX_INSTANCES = 5;

/** What instances were started, and from which image. */
export function instanceDetails(record: CloudTrailRecord): readonly Fact[] {
  if (textAt(record, "eventName") !== "RunInstances") return [];
  const request = fieldsOf(record.requestParameters);
  const made = objectsOf(fieldsOf(record.responseElements).instancesSet);
  const ids = made.flatMap((instance) => firstOf(instance, "instanceId") ?? []);
  const type =
    firstOf(request, "instanceType") ?? made.map((instance) => firstOf(instance, "instanceType")).find(Boolean);
  const images = [...objectsOf(request.instancesSet), ...made].flatMap(
    (instance) => firstOf(instance, "imageId") ?? [],
  );
  const facts: readonly (readonly [string, string | undefined])[] = [
    ["Instances", ids.length < 2 ? undefined : listed(ids, MAX_INSTANCES)],
    ["Type", type],
    ["Image", images[0]],
  ];
  return facts.flatMap(([label, value]) => (value === undefined ? [] : [{ label, value }]));
}
