import { and, type Logic, or, YES } from "./logic.ts";
import { type Meaning, meaning, truth, type Value, type Verdict } from "./meaning.ts";

/** The opposite, where Python raises no exception. */
export function opposite(verdict: Verdict): Meaning {
  return truth({ truthy: () => verdict.falsy, falsy: () => verdict.truthy, defined: () => verdict.defined });
}

/** How `left and right` turns out. The right one is asked only where the left one is true. */
function both(left: Verdict, right: Verdict): Meaning {
  return truth({
    truthy: () => and(left.truthy, right.truthy),
    falsy: () => or(left.falsy, and(left.defined, right.falsy)),
    defined: () => (right.defined === YES ? left.defined : and(left.defined, or(left.falsy, right.defined))),
  });
}

/** How `left or right` turns out. */
function either(left: Verdict, right: Verdict): Meaning {
  return opposite(both(opposite(left), opposite(right)));
}

/** Whether the value can only be True or False. */
function isBoolean({ types }: Value): boolean {
  return types.size === 1 && types.has("boolean");
}

function choice(condition: Logic, yes: Value, no: Value, defined: () => Logic): Value {
  const test = condition.form === "whole" || condition.form === "comparison" ? condition.text : `(${condition.text})`;
  return {
    text: `(${test} ? ${yes.text} : ${no.text})`,
    form: "whole",
    types: new Set([...yes.types, ...no.types]),
    defined: defined(),
    nothingWhenRaised: false,
  };
}

/** `a and b`, `a or b`: of several, from the left. The value is that of one of them. */
export function logical(kind: "and" | "or", operands: readonly Meaning[]): Meaning {
  const [last, ...before] = operands.toReversed();
  if (last === undefined) throw new TypeError("and needs operands");
  return before.reduce((right, left) => {
    const verdict = kind === "and" ? both(left, right) : either(left, right);
    return meaning({
      truthy: () => verdict.truthy,
      falsy: () => verdict.falsy,
      defined: () => verdict.defined,
      isTrue: () => {
        if (kind === "and") return and(left.truthy, right.isTrue);
        return or(left.isTrue, and(isBoolean(left.value) ? left.defined : left.falsy, right.isTrue));
      },
      value: () => {
        if (isBoolean(left.value) && isBoolean(right.value)) return verdict.value;
        return kind === "and"
          ? choice(left.truthy, right.value, left.value, () => verdict.defined)
          : choice(left.truthy, left.value, right.value, () => verdict.defined);
      },
    });
  }, last);
}

/** Every one of them, for what is written as one comparison: `1 < a < 5`. */
export function every(first: Meaning, others: readonly Meaning[]): Meaning {
  return logical("and", [first, ...others]);
}

/** `any([…])`, `all([…])`: all items are worked out first, so an exception in any of them counts. */
export function anyOrAll(kind: "any" | "all", items: readonly Meaning[]): Meaning {
  const defined = () => and(...items.map((item) => item.defined));
  const found = (of: "truthy" | "falsy") => and(defined(), or(...items.map((item) => item[of])));
  const every = (of: "truthy" | "falsy") => and(...items.map((item) => item[of]));
  return truth(
    kind === "any"
      ? { truthy: () => found("truthy"), falsy: () => every("falsy"), defined }
      : { truthy: () => every("truthy"), falsy: () => found("falsy"), defined },
  );
}

/** `yes if test else no` */
export function conditional(test: Meaning, yes: Meaning, no: Meaning): Meaning {
  const turn = (of: "truthy" | "falsy" | "defined" | "isTrue") =>
    or(and(test.truthy, yes[of]), and(test.falsy, no[of]));
  const defined = () => (yes.defined === YES && no.defined === YES ? test.defined : turn("defined"));
  return meaning({
    truthy: () => turn("truthy"),
    falsy: () => turn("falsy"),
    defined,
    isTrue: () => turn("isTrue"),
    value: () => choice(test.truthy, yes.value, no.value, defined),
  });
}
