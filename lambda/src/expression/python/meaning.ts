import { literal } from "./jexl-literal.ts";
import { isKind, kindOf, type Type } from "./kinds.ts";
import { and, type Form, type Logic, NO, not, or, test, YES } from "./logic.ts";
import type { Constant } from "./syntax.ts";

/** A value in Jexl. */
export interface Value {
  /** Jexl; it is what Python's value is wherever `defined` holds. */
  readonly text: string;
  readonly form: Form;
  readonly types: ReadonlySet<Type>;
  /** That Python raises no exception on the way. */
  readonly defined: Logic;
  /** Whether the text is undefined (or a list or object, which no scalar equals) wherever Python raises an exception. */
  readonly nothingWhenRaised: boolean;
  readonly constant?: { readonly value: Constant };
  readonly reading?: Reading;
}

/** A field of the record. */
export interface Reading {
  readonly key: string;
  readonly text: string;
  /** Whether the field is never a list or object, so that nothing but its absence has to be thought of. */
  readonly leaf: boolean;
  readonly present: Logic;
  /** What `type` says of it where the flattened record of the older module does not have it. */
  readonly absentTypes: readonly string[];
  /** What `.get` gives then; `event[…]` raises an exception. */
  readonly fallback?: { readonly value: Constant };
}

/** How an expression of Python turns out, in Jexl: the three never throw, whatever the record. */
export interface Verdict {
  /** No exception, and what counts as true. */
  readonly truthy: Logic;
  /** No exception, and what counts as false. */
  readonly falsy: Logic;
  /** No exception. */
  readonly defined: Logic;
}

/** What an expression of Python means, in Jexl. */
export interface Meaning extends Verdict {
  /** No exception, and `True` itself. */
  readonly isTrue: Logic;
  readonly value: Value;
}

/** A meaning whose parts are worked out when they are asked for: few of them are. */
export function meaning(parts: { readonly [K in keyof Meaning]: () => Meaning[K] }): Meaning {
  const known: { -readonly [K in keyof Meaning]?: Meaning[K] } = {};
  return {
    get truthy() {
      known.truthy ??= parts.truthy();
      return known.truthy;
    },
    get falsy() {
      known.falsy ??= parts.falsy();
      return known.falsy;
    },
    get defined() {
      known.defined ??= parts.defined();
      return known.defined;
    },
    get isTrue() {
      known.isTrue ??= parts.isTrue();
      return known.isTrue;
    },
    get value() {
      known.value ??= parts.value();
      return known.value;
    },
  };
}

const BOOLEAN: ReadonlySet<Type> = new Set(["boolean"]);

/** The meaning of what is True or False. */
export function truth(parts: { readonly [K in keyof Verdict]: () => Logic }): Meaning {
  const own: Meaning = meaning({
    ...parts,
    isTrue: () => own.truthy,
    value: () => ({
      text: `!!(${own.truthy.text})`,
      form: "comparison",
      types: BOOLEAN,
      defined: own.defined,
      nothingWhenRaised: false,
    }),
  });
  return own;
}

/** The meaning of a value: a scalar, list or tuple. */
export function ofValue(value: Value): Meaning {
  const isOdd = value.types.has("list") || value.types.has("tuple") || value.types.has("float");
  const isBoolean = value.types.size === 1 && value.types.has("boolean");
  const question: Question = isOdd
    ? { raw: (x) => test(`${x}|python('bool')`, "transform"), falseElsewhere: "never", holds: Boolean }
    : { raw: (x) => test(x, "whole", { strict: isBoolean }), falseElsewhere: "scalars", holds: Boolean };
  const asked = ask(value, question);
  return meaning({
    truthy: () => asked.truthy,
    falsy: () => asked.falsy,
    defined: () => value.defined,
    isTrue: () => (isBoolean ? asked.truthy : value.types.has("boolean") ? ask(value, IS_TRUE).truthy : NO),
    value: () => value,
  });
}

/** A constant. */
export function ofConstant(value: Constant, float = false): Value {
  const type =
    value === null ? "null" : typeof value === "string" ? "text" : typeof value === "number" ? "number" : "boolean";
  return {
    text: literal(value),
    form: "whole",
    types: new Set<Type>([float ? "float" : type]),
    defined: YES,
    nothingWhenRaised: true,
    constant: { value },
  };
}

/** A question to a value that is answered with True or False. */
export interface Question {
  /** What the value has to be lest Python raise an exception, as `type` says it; anything when left out. */
  readonly kinds?: readonly string[];
  /** The question in Jexl, of a value that is a whole. */
  readonly raw: (x: string) => Logic;
  /** Where the raw question is false by itself: for all that is none of the kinds, for scalars and nothing, or never. */
  readonly falseElsewhere: "always" | "scalars" | "never";
  /** Python's answer for a constant; undefined for an exception. */
  readonly holds: (value: Constant) => boolean | undefined;
}

/** Puts a question to a value. */
export function ask(value: Value, question: Question): Meaning {
  const { constant: fixed, reading } = value;
  if (fixed !== undefined) {
    const answer = question.holds(fixed.value);
    return truth({
      truthy: () => (answer === true ? YES : NO),
      falsy: () => (answer === false ? YES : NO),
      defined: () => (answer === undefined ? NO : YES),
    });
  }
  if (reading !== undefined) return askField(reading, question);
  const { kinds, falseElsewhere } = question;
  const x = whole(value);
  const fits = kinds === undefined || [...value.types].every((type) => kinds.includes(kindOf(type)));
  const guard = () => (fits || kinds === undefined ? value.defined : and(value.defined, isKind(x, kinds)));
  const listed = value.types.has("list") || value.types.has("tuple");
  const silent = falseElsewhere === "always" || (falseElsewhere === "scalars" && !listed);
  const alone = value.nothingWhenRaised && (silent || (fits && kinds !== undefined));
  return truth({
    truthy: () => (alone ? question.raw(x) : and(guard(), question.raw(x))),
    falsy: () => and(guard(), not(question.raw(x))),
    defined: guard,
  });
}

function askField(reading: Reading, { kinds, raw, falseElsewhere, holds }: Question): Meaning {
  const { key, text, leaf, present, absentTypes, fallback } = reading;
  const needs = new Set([key]);
  const question = () => ({ ...raw(text), needs });
  const guard = () => (kinds === undefined ? present : { ...isKind(text, kinds), needs });
  const alone = falseElsewhere === "always" || (falseElsewhere === "scalars" && leaf);
  const there = () => (alone ? question() : and(guard(), raw(text)));
  const answer = fallback === undefined ? undefined : holds(fallback.value);
  if (answer === undefined) {
    return truth({ truthy: there, falsy: () => and(guard(), not(raw(text))), defined: guard });
  }
  const defined = () => (kinds === undefined ? YES : isKind(text, [...kinds, ...absentTypes]));
  return truth({
    truthy: () => (answer ? or(not(present), there()) : there()),
    falsy: () =>
      answer ? and(guard(), not(raw(text))) : alone ? and(defined(), not(raw(text))) : and(defined(), not(there())),
    defined,
  });
}

/** Whether a value is None. */
export function isNone(value: Value): Meaning {
  const { constant: fixed, reading, types, defined } = value;
  const holds = () => {
    if (fixed !== undefined) return fixed.value === null ? YES : NO;
    if (reading === undefined) return types.has("null") ? isKind(whole(value), ["missing", "null"]) : NO;
    const isNull = { ...isKind(reading.text, ["null"]), needs: new Set([reading.key]) };
    return reading.fallback?.value === null ? isKind(reading.text, ["null", ...reading.absentTypes]) : isNull;
  };
  return truth({
    truthy: () => (reading === undefined ? and(defined, holds()) : holds()),
    falsy: () => and(defined, not(holds())),
    defined: () => defined,
  });
}

/** `is True` */
export const IS_TRUE: Question = {
  raw: (x) => test(`${x} in [true]`, "comparison"),
  falseElsewhere: "always",
  holds: (value) => value === true,
};

/** A value's Jexl as an operand of anything. */
export function whole({ text, form }: Pick<Value, "text" | "form">): string {
  return form === "whole" ? text : `(${text})`;
}
