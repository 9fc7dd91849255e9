import type { Transform } from "#expression/transforms.ts";
import { divide, numberOf, roundToEven, toFloat, toInteger, toText } from "./numbers.ts";
import { isNone, MAX_RESULT_CHARACTERS, sliceOf, TEXT_METHODS, type TextMethod } from "./text-methods.ts";

/** `type`: what kind of value there is; `missing` when there is none. */
function typeOf(value: unknown): string {
  if (value === undefined) return "missing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "list";
  return typeof value === "string" ? "text" : typeof value;
}

/** Python's order of texts is that of code points. */
function compare(left: unknown, right: unknown): number | undefined {
  if (typeof left === "string" && typeof right === "string") {
    if (left === right) return 0;
    const [a, b] = [Array.from(left), Array.from(right)];
    for (const [index, character] of a.entries()) {
      const other = b[index];
      if (other === undefined) return 1;
      if (character !== other) return (character.codePointAt(0) ?? 0) - (other.codePointAt(0) ?? 0);
    }
    return -1;
  }
  const [a, b] = [numberOf(left), numberOf(right)];
  if (a === undefined || b === undefined) return undefined;
  return a === b ? 0 : a < b ? -1 : a > b ? 1 : Number.NaN;
}

function order(holds: (difference: number) => boolean): Transform {
  return (left, right) => {
    const difference = compare(left, right);
    return difference === undefined ? undefined : holds(difference);
  };
}

function isEqual(left: unknown, right: unknown): boolean {
  if (isNone(left) || isNone(right)) return isNone(left) && isNone(right);
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, index) => isEqual(item, right[index]));
  }
  const [a, b] = [numberOf(left), numberOf(right)];
  return a === undefined || b === undefined ? left === right : a === b;
}

function arithmetic(calculate: (left: number, right: number) => number | undefined): Transform {
  return (left, right) => {
    const [a, b] = [numberOf(left), numberOf(right)];
    return a === undefined || b === undefined ? undefined : calculate(a, b);
  };
}

function plus(left: unknown, right: unknown): unknown {
  if (typeof left !== "string" || typeof right !== "string") return arithmetic((a, b) => a + b)(left, right);
  return left.length + right.length > MAX_RESULT_CHARACTERS ? undefined : left + right;
}

/** The items of a list or the characters of a text. */
function itemsOf(value: unknown): readonly unknown[] | undefined {
  if (typeof value === "string") return Array.from(value);
  return Array.isArray(value) ? value : undefined;
}

function extreme(isBetter: (difference: number) => boolean): Transform {
  return (...values) => {
    const list = values.length === 1 ? itemsOf(values[0]) : values;
    if (list === undefined || list.length === 0) return undefined;
    let best = list[0];
    for (const item of list.slice(1)) {
      const difference = compare(item, best);
      if (difference === undefined) return undefined;
      if (isBetter(difference)) best = item;
    }
    return best ?? null;
  };
}

function sorted(value: unknown): unknown {
  const items = itemsOf(value);
  if (items === undefined) return undefined;
  const [first, ...others] = items;
  if (others.some((item) => compare(first, item) === undefined)) return undefined;
  return [...items].sort((a, b) => compare(a, b) ?? 0);
}

function isIn(value: unknown, container: unknown): boolean | undefined {
  if (Array.isArray(container)) return container.some((item) => isEqual(item, value));
  return typeof container === "string" && typeof value === "string" ? container.includes(value) : undefined;
}

function item(value: unknown, index: unknown): unknown {
  const items = itemsOf(value);
  if (items === undefined || !(typeof index === "number" || typeof index === "boolean")) return undefined;
  const at = Number(index) < 0 ? items.length + Number(index) : Number(index);
  return at in items ? (items[at] ?? null) : undefined;
}

function slice(value: unknown, start: unknown, end: unknown): unknown {
  const items = itemsOf(value);
  const part = items === undefined ? undefined : sliceOf(items, start, end);
  return typeof value === "string" ? part?.join("") : part;
}

function unary(calculate: (value: number) => number | undefined): Transform {
  return (value) => {
    const number = numberOf(value);
    return number === undefined ? undefined : calculate(number);
  };
}

/** Python's operators and built-in functions, by name. */
const OPERATIONS: Readonly<Record<string, Transform>> = {
  "==": isEqual,
  "<": order((difference) => difference < 0),
  "<=": order((difference) => difference <= 0),
  ">": order((difference) => difference > 0),
  ">=": order((difference) => difference >= 0),
  "+": plus,
  "-": arithmetic((a, b) => a - b),
  "/": arithmetic((a, b) => (b === 0 ? undefined : a / b)),
  "//": arithmetic((a, b) => divide(a, b)?.quotient),
  "%": arithmetic((a, b) => divide(a, b)?.rest),
  in: isIn,
  item,
  slice,
  negative: unary((value) => -value),
  positive: unary((value) => value),
  abs: unary(Math.abs),
  bool: (value) => (Array.isArray(value) ? value.length > 0 : Number.isNaN(value) || Boolean(value)),
  float: (value) => toFloat(typeof value === "string" ? TEXT_METHODS.strip(value) : value),
  int: (value) => toInteger(typeof value === "string" ? TEXT_METHODS.strip(value) : value),
  len: (value) => itemsOf(value)?.length,
  max: extreme((difference) => difference > 0),
  min: extreme((difference) => difference < 0),
  round: unary(roundToEven),
  sorted,
  str: toText,
  sum: (value) => {
    const numbers = itemsOf(value)?.map(numberOf);
    return numbers?.includes(undefined) === false
      ? numbers.reduce<number>((sum, item) => sum + (item ?? 0), 0)
      : undefined;
  },
};

const METHODS: Readonly<Record<string, TextMethod>> = TEXT_METHODS;

/** Transforms that rules of the older Python module need once they are translated. They never throw. */
export const PYTHON_TRANSFORMS = {
  /** `(errorCode|type) == 'text'`: text, number, boolean, null, list, object or missing. */
  type: typeOf,
  /**
   * `(eventName|python('find', 'Bucket')) == 6`: what Python's method, function or operator of that name makes of a value
   * and arguments, by code points; undefined where Python raises an exception.
   */
  python: (value, name, ...args) => {
    if (typeof name !== "string") return undefined;
    if (Object.hasOwn(OPERATIONS, name)) return OPERATIONS[name]?.(value, ...args);
    return typeof value === "string" && Object.hasOwn(METHODS, name) ? METHODS[name]?.(value, ...args) : undefined;
  },
} satisfies Readonly<Record<string, Transform>>;
