import { itemsOf, type Transform, texts } from "./transform.ts";

type JsonObject = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const length: Transform = (value) => {
  if (typeof value === "string" || Array.isArray(value)) return value.length;
  return isObject(value) ? Object.keys(value).length : undefined;
};

const values: Transform = (value) => {
  if (Array.isArray(value)) return value;
  return isObject(value) ? Object.values(value) : [];
};

const has: Transform = (value, keys) =>
  typeof value === "object" && value !== null && texts(keys).some((key) => Object.hasOwn(value, key));

/** Lists in lists become one list. */
function flat(value: unknown): readonly unknown[] {
  return itemsOf(value).flatMap((item) => (Array.isArray(item) ? flat(item) : [item]));
}

/** What stands at a path, through every list on the way. */
function at(value: unknown, path: string): readonly unknown[] {
  let found = flat(value);
  for (const key of path.split(".")) {
    found = found.flatMap((item) => (isObject(item) && Object.hasOwn(item, key) ? flat(item[key]) : []));
  }
  return found;
}

/** Of lists and objects. */
export const LIST_TRANSFORMS = {
  /** `(requestParameters.groupSet|length) > 0`: of a text or a list; of an object the number of keys. */
  length,
  /** `requestParameters|keys`: of an object; otherwise an empty list. */
  keys: (value) => (isObject(value) ? Object.keys(value) : []),
  /** `requestParameters.tags|values`: of an object; the items of a list; otherwise an empty list. */
  values,
  /** `event|has('requestParameters.policyArn')`: whether a key is there, whatever its value. */
  has,
  /** `requestParameters|pluck('ipPermissions.items.ipRanges.items.cidrIp')`: what stands there, as one flat list. */
  pluck: (value, paths) => texts(paths).flatMap((path) => at(value, path)),
  /** `(requestParameters|pluck('tagSet.items.key'))|any(['Owner', 'Team'])`: some item is one of the values. */
  any: (value, wanted) => {
    const values = itemsOf(wanted);
    return itemsOf(value).some((item) => values.includes(item));
  },
  /** `(requestParameters|pluck('items.cidrIp'))|all(config.allowed)`: there are items, and each is one of the values. */
  all: (value, wanted) => {
    const [items, values] = [itemsOf(value), itemsOf(wanted)];
    return items.length > 0 && items.every((item) => values.includes(item));
  },
  /** `(requestParameters|pluck('tagSet.items.key'))|missing(['Owner'])`: some of the values is not among the items. */
  missing: (value, wanted) => {
    const items = itemsOf(value);
    return itemsOf(wanted).some((value) => !items.includes(value));
  },
} satisfies Readonly<Record<string, Transform>>;
