import { ITEM, isOf } from "./calls.ts";
import { isOnly } from "./comparison.ts";
import { isKind, type Type } from "./kinds.ts";
import { and, type Logic } from "./logic.ts";
import { type Value, whole } from "./meaning.ts";

const NUMBERS: readonly Type[] = ["number", "float", "boolean"];

/** A value that the transform `python` works out; undefined where Python raises an exception. */
function worked(
  name: string,
  operands: readonly [Value, ...Value[]],
  guards: readonly Logic[],
  types: Iterable<Type>,
  kinds: readonly string[] | undefined,
): Value {
  const [first, ...others] = operands;
  const text = `${whole(first)}|python(${[`'${name}'`, ...others.map((value) => value.text)].join(", ")})`;
  return {
    text,
    form: "transform",
    types: new Set(types),
    defined: and(...guards, ...(kinds === undefined ? [] : [isKind(`(${text})`, kinds)])),
    // A list of the record is none of Python's, which flattened it; and a bound that is missing counts as None.
    nothingWhenRaised:
      operands.every((value) => value.nothingWhenRaised && value.reading?.leaf !== false) &&
      (name !== "slice" || others.every(({ constant }) => constant !== undefined)),
  };
}

/** `left + right` and the other operators that there are: + - / // %. */
export function calculate(operator: string, left: Value, right: Value): Value {
  const operands = [left, right] as const;
  const hasFloat = operator === "/" || operands.some(({ types }) => types.has("float"));
  const number: Type = hasFloat ? "float" : "number";
  if (operator === "+" && operands.every((value) => isOnly(value, "text"))) {
    return worked("+", operands, [left.defined, right.defined], ["text"], ["text"]);
  }
  if (operator === "+" && operands.every(({ types }) => types.has("text"))) {
    return worked("+", operands, [left.defined, right.defined], ["text", number], ["text", "number"]);
  }
  const guards = operands.map((value) => isOf(value, NUMBERS));
  const canFail = operator.startsWith("/") || operator === "%";
  return worked(operator, operands, guards, [number], canFail ? ["number"] : undefined);
}

/** `-value` and `+value` */
export function signed(sign: "+" | "-", value: Value): Value {
  const type = value.types.has("float") ? "float" : "number";
  return worked(sign === "-" ? "negative" : "positive", [value], [isOf(value, NUMBERS)], [type], undefined);
}

const SEQUENCES: readonly Type[] = ["text", "list", "tuple"];
const INDEXES: readonly Type[] = ["number", "boolean"];

/** `value[index]` */
export function item(value: Value, index: Value): Value {
  const ofText = !value.types.has("list") && !value.types.has("tuple");
  const types = ofText ? (["text"] as const) : ITEM;
  const guards = [isOf(value, SEQUENCES), isOf(index, INDEXES)];
  return worked("item", [value, index], guards, types, ["text", "number", "boolean", "null"]);
}

/** `value[start:end]`; what is left out is None. */
export function part(value: Value, start: Value, end: Value | undefined): Value {
  const bounds = end === undefined ? [start] : [start, end];
  const guards = [isOf(value, SEQUENCES), ...bounds.map((bound) => isOf(bound, [...INDEXES, "null"]))];
  const types = [...value.types].filter((type) => SEQUENCES.includes(type));
  const exact = bounds.every(({ constant }) => constant !== undefined);
  return worked("slice", [value, ...bounds], guards, types, exact ? undefined : ["text", "list"]);
}
