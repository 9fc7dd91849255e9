/**
 * What data from outside becomes: an object in which no key leads to the host (`constructor`, `__proto__` and
 * `toString` are plain keys). Only comparing it with a text works as for any JSON object; a symbol that no text can name
 * sees to that.
 */
export type Bare = Record<string, unknown>;

const PROTOTYPE: object = Object.freeze(
  Object.create(null, { [Symbol.toPrimitive]: { value: () => "[object Object]" } }),
);

/** An empty bare object. */
export function bareObject(): Bare {
  return Object.create(PROTOTYPE);
}

/**
 * The same object, bare from now on; what is nested in it is not. A copy has to be made key by key, which takes longer, and
 * V8 keeps an object that grew by more than a dozen keys as a table, which is slow to read.
 * @param object as `JSON.parse` gives them
 */
export function madeBare(object: object): Bare {
  return Object.setPrototypeOf(object, PROTOTYPE);
}

/** A copy of JSON data with bare objects all the way down. For data of ours: depth is not bounded. */
export function bareCopy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(bareCopy);
  if (typeof value !== "object" || value === null) return value;
  const copy = bareObject();
  for (const [key, item] of Object.entries(value)) copy[key] = bareCopy(item);
  return copy;
}
