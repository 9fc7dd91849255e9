import { MAX_LENGTH } from "#expression/parse.ts";

/** How tightly Jexl holds together: a whole in itself, a comparison, a use of a transform. */
export type Form = "whole" | "comparison" | "transform";

/** A question to a record that Jexl answers with something true or false, and that never throws. */
export interface Logic {
  /** Jexl. */
  readonly text: string;
  readonly form: Form | "and" | "or";
  readonly kind: "constant" | "test" | "and" | "or" | "not";
  /** Of `and` and `or`; the one that a `not` denies. */
  readonly parts: readonly Logic[];
  /** Keys that the record must have for this to be true. */
  readonly needs: ReadonlySet<string>;
  /** The key of a test that asks for nothing but that it is there. */
  readonly presenceOf?: string;
  /** How Jexl says that this is not so, where there is something better than `!(…)`. */
  readonly opposite?: { readonly text: string; readonly form: Form };
  /** Whether it is `true` when it is true, and not just some other value that counts as true. */
  readonly strict: boolean;
}

/** More characters than the compiler takes are no rule. */
export class TooLongError extends Error {
  override readonly name = "TooLongError";
}

const NOTHING: ReadonlySet<string> = new Set();

function bounded(logic: Logic): Logic {
  if (logic.text.length > MAX_LENGTH) throw new TooLongError();
  return logic;
}

/** Always. */
export const YES: Logic = { text: "true", form: "whole", kind: "constant", parts: [], needs: NOTHING, strict: true };
/** Never. */
export const NO: Logic = { text: "false", form: "whole", kind: "constant", parts: [], needs: NOTHING, strict: true };

/** Either of the two. */
function constant(value: boolean): Logic {
  return value ? YES : NO;
}

/** A test of its own. @param options of it, as {@link Logic} has them */
export function test(
  text: string,
  form: Form,
  options: Partial<Pick<Logic, "needs" | "presenceOf" | "opposite" | "strict">> = {},
): Logic {
  return bounded({ text, form, kind: "test", parts: [], needs: NOTHING, strict: true, ...options });
}

/** The text as an operand of && and ||, which bind equally tightly in Jexl. */
function operand({ text, form }: Logic): string {
  return form === "whole" || form === "comparison" ? text : `(${text})`;
}

/** The opposite. */
export function not(logic: Logic): Logic {
  if (logic.kind === "constant") return constant(logic === NO);
  const [inner] = logic.parts;
  if (logic.kind === "not" && inner !== undefined) return inner;
  const opposite = logic.opposite ?? {
    text: logic.form === "whole" ? `!${logic.text}` : `!(${logic.text})`,
    form: "whole",
  };
  return bounded({ ...opposite, kind: "not", parts: [logic], needs: NOTHING, strict: true });
}

/** All of them. What a later one implies, or what a part cannot be any more, is left out. */
export function and(...logics: readonly Logic[]): Logic {
  const parts = distinct(logics.flatMap((logic) => (logic.kind === "and" ? logic.parts : [logic])));
  if (parts.includes(NO) || contradicts(parts)) return NO;
  const needed = new Set(parts.flatMap((part) => (part.presenceOf === undefined ? [...part.needs] : [])));
  const asked = parts.filter((part) => part !== YES && !(part.presenceOf !== undefined && needed.has(part.presenceOf)));
  const reduced = reduce(asked, "or");
  if (reduced !== undefined) return and(...reduced);
  return chain("and", " && ", asked, YES, new Set(asked.flatMap(({ needs }) => [...needs])));
}

/** Any of them. */
export function or(...logics: readonly Logic[]): Logic {
  const parts = distinct(logics.flatMap((logic) => (logic.kind === "or" ? logic.parts : [logic])));
  if (parts.includes(YES) || contradicts(parts)) return YES;
  const asked = parts.filter((part) => part !== NO);
  const reduced = reduce(asked, "and");
  if (reduced !== undefined) return or(...reduced);
  const common = commonOf(asked);
  if (common.length > 0) {
    const rests = asked.map((part) =>
      and(...part.parts.filter(({ text }) => !common.some((logic) => logic.text === text))),
    );
    return and(...common, or(...rests));
  }
  const [first, ...others] = asked;
  const needs = [...(first?.needs ?? [])].filter((key) => others.every((other) => other.needs.has(key)));
  return chain("or", " || ", asked, NO, new Set(needs));
}

/** Whether one of them is the opposite of another. */
function contradicts(parts: readonly Logic[]): boolean {
  const texts = new Set(parts.map(({ text }) => text));
  return parts.some((part) => texts.has(not(part).text));
}

/** In `a || (!a && b)` the `!a` says nothing, nor does it in `a && (!a || b)`. */
function reduce(asked: readonly Logic[], kind: "and" | "or"): readonly Logic[] | undefined {
  if (!asked.some((part) => part.kind === kind)) return undefined;
  const known = new Set(asked.map((part) => not(part).text));
  const reduced = asked.map((part) => {
    const kept = part.kind === kind ? part.parts.filter(({ text }) => !known.has(text)) : part.parts;
    if (kept.length === part.parts.length) return part;
    return kind === "and" ? and(...kept) : or(...kept);
  });
  return reduced.some((part, index) => part !== asked[index]) ? reduced : undefined;
}

/** What every one of several conjunctions asks: `(a && b) || (a && c)` is `a && (b || c)`. */
function commonOf(asked: readonly Logic[]): readonly Logic[] {
  const [first, ...others] = asked;
  if (first === undefined || others.length === 0 || asked.some(({ kind }) => kind !== "and")) return [];
  const texts = others.map(({ parts }) => new Set(parts.map(({ text }) => text)));
  return first.parts.filter(({ text }) => texts.every((known) => known.has(text)));
}

function distinct(logics: readonly Logic[]): readonly Logic[] {
  const seen = new Set<string>();
  return logics.filter(({ text }) => !seen.has(text) && seen.add(text));
}

function chain(
  kind: "and" | "or",
  sign: string,
  parts: readonly Logic[],
  empty: Logic,
  needs: ReadonlySet<string>,
): Logic {
  const [first] = parts;
  if (first === undefined) return empty;
  if (parts.length === 1) return first;
  // A chain of && gives its last part, or what is false; a chain of || any part.
  const strict = kind === "and" ? parts.at(-1)?.strict === true : parts.every((part) => part.strict);
  return bounded({ text: parts.map(operand).join(sign), form: kind, kind, parts, needs, strict });
}
