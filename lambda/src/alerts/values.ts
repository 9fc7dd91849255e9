import type { CloudTrailRecord } from "#model/record.ts";

/** An object of a record, whatever its keys. */
export type Fields = Readonly<Record<string, unknown>>;

/** The value as an object; of anything else an empty one. */
export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
}

/** What a call asked for. EC2 wraps it in `<call>Request` for newer calls and writes its names in upper case there. */
export function requestOf(record: CloudTrailRecord): Fields {
  const request = fieldsOf(record.requestParameters);
  const wrapped = fieldsOf(request[`${String(record.eventName)}Request`]);
  return { ...request, ...Object.fromEntries(Object.entries(wrapped).map(([key, value]) => [lowerFirst(key), value])) };
}

function lowerFirst(key: string): string {
  return key.charAt(0).toLowerCase() + key.slice(1);
}

/** The objects of a list, which CloudTrail writes as a list, as `{items: […]}`, as one object, or as `{}` when it is empty. */
export function objectsOf(value: unknown): readonly Fields[] {
  const list = isFields(value) && "items" in value ? value.items : value;
  return valuesOf(list).filter((item) => isFields(item) && Object.keys(item).length > 0) as readonly Fields[];
}

/** The items of a list; one value stands for a list of one, and nothing for none. */
export function valuesOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return value === undefined || value === null ? [] : [value];
}

/** A text, number or boolean as text; undefined for anything else, and for an empty text. */
export function scalarOf(value: unknown): string | undefined {
  if (typeof value === "string") return value === "" ? undefined : value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
}

/** The first of these keys that holds a scalar, as text. */
export function firstOf(fields: Fields, ...keys: readonly string[]): string | undefined {
  return keys.map((key) => scalarOf(fields[key])).find((value) => value !== undefined);
}

/** The first items in words, and how many more there are. */
export function listed(items: readonly string[], max: number, separator = ", "): string {
  const more = items.length - max;
  return items.slice(0, max).join(separator) + (more > 0 ? `${separator}and ${more} more` : "");
}

/** Cut by code points, so that what a caller sends cannot make an alert large. */
export function bounded(text: string, max: number): string {
  if (text.length <= max) return text;
  return `${text.slice(0, max - 1).toWellFormed()}…`;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
