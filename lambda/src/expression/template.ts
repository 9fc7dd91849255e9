import { evaluatorOf, type Operate, operatorOf } from "./evaluate.ts";
import { EvaluationError } from "./evaluation-error.ts";
import { parse } from "./parse.ts";
import { brokenReferences } from "./references.ts";
import { TRANSFORMS, type Transform } from "./transforms.ts";

/**
 * A compiled template: an expression whose value is told to people.
 * @returns the text; undefined when it, or a part that is joined to it, is not there
 * @throws what a predicate throws, and EvaluationError when it is an object
 */
export type Template = (context: object) => string | undefined;

/** Turns text into a {@link Template}. @throws ExpressionError that points at the place */
export type CompileTemplate = (text: string) => Template;

/** What is cut from each text, so that joining long ones again and again stays small. In characters. */
const MAX_TEXT = 10_000;
/** Items of a list that are told. */
const MAX_ITEMS = 100;

/**
 * A compiler for templates with the transforms of {@link TRANSFORMS} and the given ones. They are Jexl, but `+` joins no
 * "undefined": what is joined to something that is not there is not there either, so that `||` can stand behind it.
 */
export function createTemplateCompiler(transforms: Readonly<Record<string, Transform>> = {}): CompileTemplate {
  const known = { ...TRANSFORMS, ...transforms };
  const names = Object.keys(known);
  return (text) => {
    const parsed = parse(text);
    const [broken] = brokenReferences(parsed, names);
    if (broken !== undefined) throw broken;
    const evaluate = evaluatorOf(parsed.ast, known, (operator) => (operator === "+" ? join : operatorOf(operator)));
    return (context) => textOf(evaluate(context, context))?.trim() || undefined;
  };
}

const join: Operate = (left, right) => {
  if (typeof left === "number" && typeof right === "number") return left + right;
  const [before, after] = [textOf(left), textOf(right)];
  return before === undefined || after === undefined ? undefined : before + after;
};

/** A text, number or boolean as text, and a list of such with commas. @throws EvaluationError of an object */
function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string") return value.slice(0, MAX_TEXT);
  if (Array.isArray(value)) return listOf(value);
  if (typeof value === "object")
    throw new EvaluationError("it is an object; name a part of it, or write |json behind it");
  return String(value);
}

function listOf(items: readonly unknown[]): string {
  const texts = items.slice(0, MAX_ITEMS).flatMap((item) => (Array.isArray(item) ? [] : (textOf(item) ?? [])));
  return texts.join(", ").slice(0, MAX_TEXT);
}
