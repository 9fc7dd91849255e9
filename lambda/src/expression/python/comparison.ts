import { literal } from "./jexl-literal.ts";
import { isKind, type Type } from "./kinds.ts";
import { and, not, or, test } from "./logic.ts";
import { ask, IS_TRUE, isNone, type Meaning, type Question, truth, type Value, whole } from "./meaning.ts";
import type { Constant } from "./syntax.ts";
import { PYTHON_TRANSFORMS } from "./transforms.ts";

/** Whether all that a value may be is among the types. */
export function isOnly(value: Value, ...types: readonly Type[]): boolean {
  return [...value.types].every((type) => types.includes(type));
}

const { python } = PYTHON_TRANSFORMS;

/** A question of two values that the transform `python` answers. */
function bothWays(operator: string, left: Value, right: Value): Meaning {
  const defined = () => and(left.defined, right.defined);
  const text = `${whole(left)}|python('${operator}', ${right.text})`;
  const raw = test(text, "transform");
  // Every two values are equal or not; not every two have an order.
  const answered = () => (operator === "==" ? defined() : and(defined(), isKind(`(${text})`, ["boolean"])));
  return truth({
    truthy: () => and(defined(), raw),
    falsy: () => and(answered(), not(raw)),
    defined: answered,
  });
}

/** `left == right` */
export function equal(left: Value, right: Value): Meaning {
  if (right.constant !== undefined) return equalTo(left, right.constant.value);
  if (left.constant !== undefined) return equalTo(right, left.constant.value);
  return bothWays("==", left, right);
}

function equalTo(value: Value, wanted: Constant): Meaning {
  return wanted === null ? isNone(value) : ask(value, isOneOf([wanted], value));
}

/** `value is wanted`, where wanted is None, True or False. */
export function identical(value: Value, wanted: boolean | null): Meaning {
  if (wanted === null) return isNone(value);
  if (wanted) return ask(value, IS_TRUE);
  return ask(value, {
    raw: (x) => test(`${x} in [false]`, "comparison"),
    falseElsewhere: "always",
    holds: (fixed) => fixed === false,
  });
}

/** A text that JavaScript would not take for a number, and so not compare with one. */
function isPlain(text: Constant): text is string {
  return typeof text === "string" && Number.isNaN(Number(text));
}

/** Whether a value is one of the constants, none of which is None: exactly, while Jexl's == takes '22' for 22. */
function isOneOf(constants: readonly Exclude<Constant, null>[], value: Value): Question {
  const [only] = constants;
  const isLeaf = value.reading?.leaf ?? isOnly(value, "text", "number", "float", "boolean", "null");
  const loose =
    constants.length === 1 &&
    only !== undefined &&
    isLeaf &&
    (isPlain(only) ||
      (isOnly(value, "text") && typeof only === "string") ||
      (isOnly(value, "number", "float") && typeof only === "number"));
  // 1 and True are equal in Python, 0 and False too.
  const same = constants.flatMap((wanted): Exclude<Constant, null>[] => {
    if (typeof wanted === "string" || isOnly(value, "text", "null")) return [wanted];
    if (Number(wanted) !== 0 && Number(wanted) !== 1) return [wanted];
    return [wanted, typeof wanted === "boolean" ? Number(wanted) : wanted === 1];
  });
  const list = `[${[...new Set(same)].map(literal).join(", ")}]`;
  return {
    raw: (x) =>
      loose && only !== undefined
        ? test(`${x} == ${literal(only)}`, "comparison", {
            opposite: { text: `${x} != ${literal(only)}`, form: "comparison" },
          })
        : test(`${x} in ${list}`, "comparison"),
    falseElsewhere: "always",
    holds: (fixed) => constants.some((wanted) => python(fixed, "==", wanted) === true),
  };
}

/** `value in (…)` of values that are written out: texts and other constants at once, the others one by one. */
export function oneOf(value: Value, items: readonly Value[]): Meaning {
  const constants = items.flatMap(({ constant }) =>
    constant === undefined || constant.value === null ? [] : [constant.value],
  );
  const others = items.filter(({ constant }) => constant === undefined || constant.value === null);
  const asked = [
    ...(constants.length > 0 ? [ask(value, isOneOf(constants, value))] : []),
    ...others.map((item) => equal(value, item)),
  ];
  const defined = () => and(value.defined, ...others.map((item) => item.defined));
  return truth({
    truthy: () => and(...others.map((item) => item.defined), or(...asked.map(({ truthy }) => truthy))),
    falsy: () => and(defined(), ...asked.map(({ falsy }) => falsy)),
    defined,
  });
}

const MIRRORED: Readonly<Record<string, string>> = { "<": ">", "<=": ">=", ">": "<", ">=": "<=" };

/** `left < right` and such. */
export function ordered(operator: string, left: Value, right: Value): Meaning {
  const limit = right.constant?.value;
  if (typeof limit === "number" && left.constant === undefined) {
    return ask(left, {
      kinds: ["number", "boolean"],
      raw: (x) => test(`${x} ${operator} ${literal(limit)}`, "comparison"),
      falseElsewhere: "never",
      holds: (fixed) => {
        const answer = python(fixed, operator, limit);
        return typeof answer === "boolean" ? answer : undefined;
      },
    });
  }
  if (typeof left.constant?.value === "number" && right.constant === undefined) {
    return ordered(MIRRORED[operator] ?? operator, right, left);
  }
  return bothWays(operator, left, right);
}

/** `part in container`, where the container is a text or a list. */
export function within(part: Value, container: Value): Meaning {
  const sub = part.constant?.value;
  if (typeof sub === "string" && !container.types.has("list") && !container.types.has("tuple")) {
    return ask(container, {
      kinds: ["text"],
      raw: (x) => test(`${literal(sub)} in ${x}`, "comparison"),
      falseElsewhere: "scalars",
      holds: (fixed) => (typeof fixed === "string" ? fixed.includes(sub) : undefined),
    });
  }
  return bothWays("in", part, container);
}
