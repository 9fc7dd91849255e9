import type { Ast } from "jexl/dist/parser/Parser.js";
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

/** An expression that can be asked, and its tree, from which more can be derived. */
export interface Compiled {
  readonly matches: Predicate;
  readonly ast: Ast;
}

/** A compiler for Jexl expressions with the transforms of {@link TRANSFORMS} and the given ones. */
export function createCompiler(transforms: Readonly<Record<string, Transform>> = {}): Compile {
  const compile = createTreeCompiler(transforms);
  return (text) => compile(text).matches;
}

/** As {@link createCompiler}, but with the tree. */
export function createTreeCompiler(transforms: Readonly<Record<string, Transform>>): (text: string) => Compiled {
  const known = { ...TRANSFORMS, ...transforms };
  const names = Object.keys(known);
  return (text) => {
    const parsed = parse(text);
    const [broken] = brokenReferences(parsed, names);
    if (broken !== undefined) throw broken;
    const { ast } = parsed;
    const evaluate = evaluatorOf(ast, known);
    return { matches: (context) => evaluate(context, context), ast };
  };
}
