/** What stands behind `value|name(arguments)`. What cannot be answered is false or undefined, never an error. */
export type Transform = (value: unknown, ...args: unknown[]) => unknown;

/** A text, or each text of a list; nothing of anything else. */
export function texts(value: unknown): readonly string[] {
  return (Array.isArray(value) ? value : [value]).filter((item) => typeof item === "string");
}

/**
 * The items of a list. What is not there has none, nor has an empty object: CloudTrail writes an empty XML list as `{}`.
 * Anything else counts as a list of one.
 */
export function itemsOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (value === undefined || value === null) return [];
  if (typeof value === "object" && Object.keys(value).length === 0) return [];
  return [value];
}

/** True when any text on the left and any on the right stand in the relation. */
export function anyPair(relation: (text: string, part: string) => boolean): Transform {
  return (value, parts) => texts(value).some((text) => texts(parts).some((part) => relation(text, part)));
}

/** True when any text is such. */
export function anyText(is: (text: string) => boolean): Transform {
  return (value) => texts(value).some(is);
}
