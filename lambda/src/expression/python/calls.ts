import { isOnly } from "./comparison.ts";
import { literal } from "./jexl-literal.ts";
import { isKind, kindOf, type Type } from "./kinds.ts";
import { and, type Logic, NO, test } from "./logic.ts";
import { ask, type Meaning, type Value, whole } from "./meaning.ts";
import type { Constant } from "./syntax.ts";

/** What an argument has to be. */
interface Parameter {
  readonly types: readonly Type[];
  readonly optional?: true;
}

/** What a method or function takes and gives. */
export interface Signature {
  /** Of the value that it is called on. */
  readonly on: readonly Type[];
  readonly parameters: readonly Parameter[];
  readonly result: readonly Type[];
  /** Whether values of the right types never make it raise an exception. */
  readonly total: boolean;
}

const TEXT: Parameter = { types: ["text"] };
const OPTIONAL_TEXT: Parameter = { types: ["text", "null"], optional: true };
const OPTIONAL_INDEX: Parameter = { types: ["number", "boolean", "null"], optional: true };
const OPTIONAL_COUNT: Parameter = { types: ["number", "boolean"], optional: true };
const SEARCH = [TEXT, OPTIONAL_INDEX, OPTIONAL_INDEX] as const;

function ofText(parameters: readonly Parameter[], result: Type, total = true): Signature {
  return { on: ["text"], parameters, result: [result], total };
}

/** The methods of a text. Those of Python that are left out have no equal here, and are refused by name. */
export const METHODS: Readonly<Record<string, Signature>> = {
  count: ofText(SEARCH, "number"),
  endswith: ofText(SEARCH, "boolean"),
  find: ofText(SEARCH, "number"),
  index: ofText(SEARCH, "number", false),
  isalnum: ofText([], "boolean"),
  isalpha: ofText([], "boolean"),
  isascii: ofText([], "boolean"),
  isdecimal: ofText([], "boolean"),
  isdigit: ofText([], "boolean"),
  islower: ofText([], "boolean"),
  isspace: ofText([], "boolean"),
  isupper: ofText([], "boolean"),
  join: ofText([{ types: ["list", "tuple", "text"] }], "text", false),
  lower: ofText([], "text"),
  lstrip: ofText([OPTIONAL_TEXT], "text"),
  removeprefix: ofText([TEXT], "text"),
  removesuffix: ofText([TEXT], "text"),
  replace: ofText([TEXT, TEXT, OPTIONAL_COUNT], "text"),
  rfind: ofText(SEARCH, "number"),
  rindex: ofText(SEARCH, "number", false),
  rsplit: ofText([OPTIONAL_TEXT, OPTIONAL_COUNT], "list", false),
  rstrip: ofText([OPTIONAL_TEXT], "text"),
  split: ofText([OPTIONAL_TEXT, OPTIONAL_COUNT], "list", false),
  splitlines: ofText([], "list"),
  startswith: ofText(SEARCH, "boolean"),
  strip: ofText([OPTIONAL_TEXT], "text"),
  upper: ofText([], "text"),
};

const NUMBER: readonly Type[] = ["number", "float", "boolean"];
const ITEMS: readonly Type[] = ["text", "list", "tuple"];
/** An item of a list. What is a number may be a float. */
export const ITEM: readonly Type[] = ["text", "float", "boolean", "null"];

/** The built-in functions of one value. `any`, `all`, `bool` and several values of `max` and `min` are seen to elsewhere. */
export const FUNCTIONS: Readonly<Record<string, Signature>> = {
  abs: { on: NUMBER, parameters: [], result: ["number"], total: true },
  float: { on: ["text", ...NUMBER], parameters: [], result: ["float"], total: false },
  int: { on: ["text", ...NUMBER], parameters: [], result: ["number"], total: false },
  len: { on: ITEMS, parameters: [], result: ["number"], total: true },
  max: { on: ITEMS, parameters: [], result: ITEM, total: false },
  min: { on: ITEMS, parameters: [], result: ITEM, total: false },
  round: { on: NUMBER, parameters: [], result: ["number"], total: false },
  sorted: { on: ITEMS, parameters: [], result: ["list"], total: false },
  str: { on: ["text", "number", "boolean", "null"], parameters: [], result: ["text"], total: false },
  sum: { on: ["list", "tuple"], parameters: [], result: ["float"], total: false },
};

/** Whether a signature takes that many arguments. */
export function takes({ parameters }: Signature, count: number): boolean {
  return count <= parameters.length && parameters.slice(count).every(({ optional }) => optional === true);
}

/** That a value may be had, and is of the types. */
export function isOf(value: Value, types: readonly Type[]): Logic {
  if (isOnly(value, ...types)) return value.defined;
  const kinds = [...new Set(types.filter((type) => value.types.has(type)).map(kindOf))];
  if (kinds.length === 0) return NO;
  const { reading } = value;
  if (reading !== undefined && reading.fallback === undefined) {
    return { ...isKind(reading.text, kinds), needs: new Set([reading.key]) };
  }
  return and(value.defined, isKind(whole(value), kinds.includes("null") ? [...kinds, "missing"] : kinds));
}

/** A call that the transform `python` answers. */
export function called(name: string, signature: Signature, value: Value, args: readonly Value[]): Value {
  const text = [`'${name}'`, ...args.map((arg) => arg.text)].join(", ");
  const jexl = name === "lower" || name === "upper" ? `${whole(value)}|${name}` : `${whole(value)}|python(${text})`;
  const defined = and(
    isOf(value, signature.on),
    ...args.map((arg, index) => isOf(arg, signature.parameters[index]?.types ?? [])),
  );
  // A number of the record may be none that Python takes for an index.
  const exact = args.every(
    ({ constant }, at) => constant !== undefined || signature.parameters[at]?.types.includes("number") !== true,
  );
  const total = signature.total && exact;
  // A list of the record is none of Python's, which flattened it, and what is missing counts as None.
  const isSafe = value.nothingWhenRaised && value.reading?.leaf !== false && !signature.on.includes("null");
  return {
    text: jexl,
    form: "transform",
    types: new Set(name === "abs" && value.types.has("float") ? ["float"] : signature.result),
    defined: total ? defined : and(defined, isKind(`(${jexl})`, signature.result.map(kindOf))),
    nothingWhenRaised: isSafe && args.every(({ constant }) => constant !== undefined),
  };
}

/** `value.startswith(…)` or `endswith` of a text that is written out, or of any of several. */
export function startsOrEnds(name: "startswith" | "endswith", value: Value, texts: readonly string[]): Meaning {
  const matches = (text: string, part: string) => (name === "startswith" ? text.startsWith(part) : text.endsWith(part));
  const [only] = texts;
  const parts = texts.length === 1 && only !== undefined ? literal(only) : `[${texts.map(literal).join(", ")}]`;
  return ask(value, {
    kinds: ["text"],
    raw: (x) => test(`${x}|${name === "startswith" ? "startsWith" : "endsWith"}(${parts})`, "transform"),
    falseElsewhere: "scalars",
    holds: (fixed: Constant) => (typeof fixed === "string" ? texts.some((part) => matches(fixed, part)) : undefined),
  });
}

/** `max(a, b)` and `min(a, b)`. */
export function extreme(name: "max" | "min", values: readonly Value[]): Value {
  const [first, ...others] = values;
  if (first === undefined) throw new TypeError(`${name} needs values`);
  const text = `${whole(first)}|python(${[`'${name}'`, ...others.map((value) => value.text)].join(", ")})`;
  const types = new Set(values.flatMap((value) => [...value.types]));
  return {
    text,
    form: "transform",
    types,
    defined: and(...values.map((value) => value.defined), isKind(`(${text})`, ["text", "number", "boolean"])),
    nothingWhenRaised: false,
  };
}
