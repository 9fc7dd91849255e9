import { bareObject } from "#model/bare.ts";
import { type CloudTrailRecord, isInsight, type JudgeableRecord } from "#model/record.ts";

/** CloudTrail nests about ten deep; a record is at most 256 KB. Deeper or wider ones are made to harm. */
const MAX_DEPTH = 64;
const MAX_VALUES = 100_000;

/** Why an element of `Records` cannot be judged. */
export interface Unjudgeable {
  readonly unjudgeable: string;
}

/**
 * Makes an element of `Records` askable: nested in bare objects, and flat with dotted keys (list indexes as
 * `.0.`). Keys such as `__proto__` become plain keys. Never throws.
 */
export function flatten(element: unknown): JudgeableRecord | Unjudgeable {
  if (typeof element !== "object" || element === null || Array.isArray(element)) {
    return {
      unjudgeable: `is ${element === null ? "null" : Array.isArray(element) ? "a list" : `a ${typeof element}`}`,
    };
  }
  const flat = bareObject();
  let values = 0;
  const copy = (value: unknown, path: string, depth: number): unknown => {
    values += 1;
    if (depth > MAX_DEPTH) throw new RangeError(`is nested more than ${MAX_DEPTH} deep`);
    if (values > MAX_VALUES) throw new RangeError(`has more than ${MAX_VALUES} values`);
    if (Array.isArray(value)) return value.map((item, index) => copy(item, `${path}.${index}`, depth + 1));
    if (typeof value === "object" && value !== null) return copyObject(value, `${path}.`, depth);
    flat[path] = value;
    return value;
  };
  const copyObject = (object: object, prefix: string, depth: number): CloudTrailRecord => {
    const nested = bareObject();
    for (const [key, value] of Object.entries(object)) nested[key] = copy(value, prefix + key, depth + 1);
    return nested;
  };
  try {
    const record = copyObject(element, "", 0);
    const { eventName } = record;
    if ((typeof eventName !== "string" || eventName === "") && !isInsight(record)) {
      return { unjudgeable: "has no eventName" };
    }
    return { record, flat };
  } catch (error) {
    if (error instanceof RangeError) return { unjudgeable: error.message };
    throw error;
  }
}
