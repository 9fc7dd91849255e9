import { evaluatorOf } from "./evaluate.ts";
import { parse } from "./parse.ts";
import { brokenReferences } from "./references.ts";
import { TRANSFORMS, type Transform } from "./transforms.ts";

export { MAX_DEPTH, MAX_LENGTH, MAX_TOKENS } from "./parse.ts";

/**
 * A compiled expression. @throws where Jexl does, such as for an element of a missing list, and EvaluationError where a
 * transform refuses a value
 */
export type Predicate = (context: object) => unknown;

/** Turns text into a {@link Predicate}. @throws ExpressionError that points at the place */
export type Compile = (text: string) => Predicate;

/** A compiler for Jexl expressions with the transforms of {@link TRANSFORMS} and the given ones. */
export function createCompiler(transforms: Readonly<Record<string, Transform>> = {}): Compile {
  const known = { ...TRANSFORMS, ...transforms };
  const names = Object.keys(known);
  return (text) => {
    const parsed = parse(text);
    const [broken] = brokenReferences(parsed, names);
    if (broken !== undefined) throw broken;
    const evaluate = evaluatorOf(parsed.ast, known);
    return (context) => evaluate(context, context);
  };
}
