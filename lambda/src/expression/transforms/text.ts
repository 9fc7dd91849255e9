import { anyPair, type Transform } from "./transform.ts";

/** Characters that `replace` may make of a text: a few replacements in a row could otherwise fill the memory. */
export const MAX_REPLACED_CHARACTERS = 1_048_576;

/** Of a text, or of each text of a list. */
function each(change: (text: string) => string): Transform {
  return (value) => {
    if (typeof value === "string") return change(value);
    return Array.isArray(value) ? value.map((item) => (typeof item === "string" ? change(item) : item)) : undefined;
  };
}

const replace: Transform = (value, from, to) => {
  if (typeof value !== "string" || typeof from !== "string" || typeof to !== "string") return undefined;
  if (from === "") return value;
  const parts = value.split(from);
  const length = value.length + (parts.length - 1) * (to.length - from.length);
  return length > MAX_REPLACED_CHARACTERS ? undefined : parts.join(to);
};

const isPosition = (value: unknown) => value === undefined || typeof value === "number";

const slice: Transform = (value, start, end) => {
  if (!(typeof value === "string" || Array.isArray(value)) || !isPosition(start) || !isPosition(end)) return undefined;
  return value.slice(Number(start ?? 0), end === undefined ? undefined : Number(end));
};

/** Of texts. */
export const TEXT_TRANSFORMS = {
  /** `errorCode|startsWith('AccessDenied')`, `eventName|startsWith(['Get', 'List'])` */
  startsWith: anyPair((text, part) => text.startsWith(part)),
  /** `errorCode|endsWith('UnauthorizedOperation')` */
  endsWith: anyPair((text, part) => text.endsWith(part)),
  /** `userAgent|contains(['kali', 'parrot'])` */
  contains: anyPair((text, part) => text.includes(part)),
  /** `userAgent|lower`: of a text, or of each text of a list. */
  lower: each((text) => text.toLowerCase()),
  /** `eventName|upper` */
  upper: each((text) => text.toUpperCase()),
  /** `requestParameters.name|trim`: without white space at both ends. */
  trim: each((text) => text.trim()),
  /** `userIdentity.arn|split('/')`: the parts as a list. */
  split: (value, separator) =>
    typeof value === "string" && typeof separator === "string" ? value.split(separator) : undefined,
  /** `eventName|replace('Batch', '')`: every occurrence, literally. */
  replace,
  /** `eventTime|slice(0, 10)`: of a text or a list; a negative position counts from the end. */
  slice,
} satisfies Readonly<Record<string, Transform>>;
