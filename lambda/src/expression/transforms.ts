/** What stands behind `value|name(arguments)`. Never throws: what cannot be answered is false or undefined. */
export type Transform = (value: unknown, ...args: unknown[]) => unknown;

/** A text, or each text of a list; nothing of anything else. */
export function texts(value: unknown): readonly string[] {
  return (Array.isArray(value) ? value : [value]).filter((item) => typeof item === "string");
}

/** True when any text on the left and any on the right stand in the relation. */
function anyPair(relation: (text: string, part: string) => boolean): Transform {
  return (value, parts) => texts(value).some((text) => texts(parts).some((part) => relation(text, part)));
}

/** Transforms that every expression may use. Where a text is expected, a list means "any of them". */
export const TRANSFORMS: Readonly<Record<string, Transform>> = {
  /** `errorCode|startsWith('AccessDenied')`, `eventName|startsWith(['Get', 'List'])` */
  startsWith: anyPair((text, part) => text.startsWith(part)),
  /** `errorCode|endsWith('UnauthorizedOperation')` */
  endsWith: anyPair((text, part) => text.endsWith(part)),
  /** `userAgent|contains(['kali', 'parrot'])` */
  contains: anyPair((text, part) => text.includes(part)),
  /** `event|has('requestParameters.policyArn')`: whether a key is there, whatever its value. */
  has: (value, key) =>
    typeof value === "object" && value !== null && typeof key === "string" && Object.hasOwn(value, key),
  /** `userAgent|lower` */
  lower: (value) => (typeof value === "string" ? value.toLowerCase() : undefined),
  /** `requestParameters.groupId|length`: of a text or a list. */
  length: (value) => (typeof value === "string" || Array.isArray(value) ? value.length : undefined),
};
