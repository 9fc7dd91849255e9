import jexlModule from "jexl";
import { TRANSFORMS } from "#expression/transforms.ts";
import { transforms } from "#rules/transforms.ts";

const jexl = new jexlModule.Jexl();
jexl.addTransforms({ ...TRANSFORMS, ...transforms });

/** What comes of something: its value, or that it throws. Which error is not compared: Jexl wraps them. */
export type Result = { readonly value: unknown } | "throws";

/** Runs it. */
export function resultOf(run: () => unknown): Result {
  try {
    return { value: run() };
  } catch {
    return "throws";
  }
}

/** What Jexl's own evaluator makes of an expression, with all transforms of ours. */
export function jexlResult(text: string, context: object): Result {
  return resultOf(() => jexl.createExpression(text).evalSync(context));
}

/** A function that asks Jexl's own evaluator, and parses only once. */
export function jexlPredicate(text: string): (context: object) => unknown {
  const expression = jexl.createExpression(text).compile();
  return (context) => expression.evalSync(context);
}
