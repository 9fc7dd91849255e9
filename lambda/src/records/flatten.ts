import { bareObject, madeBare } from "#model/bare.ts";
import { DEFAULT_LIMITS, type LimitName, type Limits, MalformedElement } from "#model/log-file.ts";
import { type CloudTrailRecord, isInsight, type JudgeableRecord } from "#model/record.ts";

/**
 * Longer paths are not flat keys; the value stays where it is nested. CloudTrail's have up to some hundred characters, and an
 * attacker's, repeated for each value below a key, would take time and memory beyond all bounds.
 */
const MAX_PATH = 512;

/** Why an element of `Records` cannot be judged, and which limit it is over, if any. */
export interface Unjudgeable {
  readonly unjudgeable: string;
  readonly limit?: LimitName;
}

/** What is over a limit. */
class LimitError extends Error {
  readonly limit: LimitName;
  constructor(message: string, limit: LimitName) {
    super(message);
    this.limit = limit;
  }
}

/**
 * Makes an element of `Records` askable: nested in bare objects, and flat with dotted keys (list indexes as
 * `.0.`). Keys such as `__proto__` become plain keys. Never throws for what `JSON.parse` gives, whose objects it takes over.
 * @param limits of its depth and of the number of its values: more of either is made to harm
 */
export function flatten(
  element: unknown,
  limits: Pick<Limits, "record_depth" | "record_values"> = DEFAULT_LIMITS,
): JudgeableRecord | Unjudgeable {
  if (element instanceof MalformedElement) {
    return { unjudgeable: element.reason, ...(element.limit === undefined ? {} : { limit: element.limit }) };
  }
  if (typeof element !== "object" || element === null || Array.isArray(element)) {
    return {
      unjudgeable: `is ${element === null ? "null" : Array.isArray(element) ? "a list" : `a ${typeof element}`}`,
    };
  }
  try {
    const record = new Taker(limits).object(element, 0);
    const { eventName } = record;
    if ((typeof eventName !== "string" || eventName === "") && !isInsight(record)) {
      return { unjudgeable: "has no eventName" };
    }
    return new Flattening(record);
  } catch (error) {
    if (error instanceof LimitError) return { unjudgeable: error.message, limit: error.limit };
    throw error;
  }
}

/** Takes over one element, as long as it is within the limits. */
class Taker {
  readonly #limits: Pick<Limits, "record_depth" | "record_values">;
  #values = 0;

  constructor(limits: Pick<Limits, "record_depth" | "record_values">) {
    this.#limits = limits;
  }

  /** @throws LimitError */
  object(object: object, depth: number): CloudTrailRecord {
    const bare = madeBare(object);
    for (const key in bare) this.#value(bare[key], depth + 1);
    return bare;
  }

  #value(value: unknown, depth: number): void {
    const { record_depth, record_values } = this.#limits;
    this.#values += 1;
    if (depth > record_depth) throw new LimitError(`is nested more than ${record_depth} deep`, "record_depth");
    if (this.#values > record_values) {
      throw new LimitError(`has more than ${record_values} values`, "record_values");
    }
    if (typeof value !== "object" || value === null) return;
    if (Array.isArray(value)) for (const item of value) this.#value(item, depth + 1);
    else this.object(value, depth);
  }
}

/** Few records are asked for their flat keys, which cost more than all the rest. */
class Flattening implements JudgeableRecord {
  readonly record: CloudTrailRecord;
  #flat: JudgeableRecord["flat"] | undefined;

  constructor(record: CloudTrailRecord) {
    this.record = record;
  }

  get flat(): JudgeableRecord["flat"] {
    this.#flat ??= flatOf(this.record);
    return this.#flat;
  }
}

/** Only for what is within the limits. */
function flatOf(record: CloudTrailRecord): JudgeableRecord["flat"] {
  const flat = bareObject();
  const visit = (value: unknown, path: string): void => {
    if (typeof value !== "object" || value === null) {
      if (path.length <= MAX_PATH) flat[path] = value;
    } else if (Array.isArray(value)) value.forEach((item, index) => void visit(item, `${path}.${index}`));
    else for (const key in value) visit((value as Record<string, unknown>)[key], `${path}.${key}`);
  };
  for (const key in record) visit(record[key], key);
  return flat;
}
