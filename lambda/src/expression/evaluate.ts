import type { Ast, AstNode } from "jexl/dist/parser/Parser.js";
import { GRAMMAR } from "./parse.ts";
import type { Transform } from "./transforms.ts";

/**
 * The value of an expression. `relative` is what `.name` is looked up in: inside a filter the element, else the context.
 */
export type Evaluate = (context: object, relative: unknown) => unknown;

type Of<T extends AstNode["type"]> = Extract<AstNode, { type: T }>;
type Transforms = Readonly<Record<string, Transform>>;
/** What an operator makes of its operands. */
export type Operate = (left: unknown, right?: unknown) => unknown;

/**
 * Turns a syntax tree into a function with the values of Jexl's own evaluator, which wraps each step into a promise of
 * its kind. It throws where that throws, though not with the same error.
 * @param operators those of Jexl, unless others are given
 */
export function evaluatorOf(
  ast: Ast,
  transforms: Transforms,
  operators: (operator: string) => Operate = operatorOf,
): Evaluate {
  const of = (node: Ast) => evaluatorOf(node, transforms, operators);
  // Nothing was written, as in `()`. Jexl notices when it evaluates.
  if (!ast) return nothing;
  switch (ast.type) {
    case "Literal":
      return () => ast.value;
    case "Identifier":
      return identifier(ast, of);
    case "ArrayLiteral": {
      const items = ast.value.map(of);
      return (context, relative) => items.map((item) => item(context, relative));
    }
    case "ObjectLiteral": {
      const entries = Object.entries(ast.value).map(([key, item]) => [key, of(item)] as const);
      return (context, relative) => Object.fromEntries(entries.map(([key, item]) => [key, item(context, relative)]));
    }
    case "UnaryExpression": {
      const right = of(ast.right);
      const operate = operators(ast.operator);
      return (context, relative) => operate(right(context, relative));
    }
    case "BinaryExpression":
      return binary(ast.operator, of(ast.left), of(ast.right), operators);
    case "ConditionalExpression": {
      const [test, consequent, alternate] = [of(ast.test), ast.consequent && of(ast.consequent), of(ast.alternate)];
      return (context, relative) => {
        const value = test(context, relative);
        if (!value) return alternate(context, relative);
        return consequent ? consequent(context, relative) : value;
      };
    }
    case "FilterExpression":
      return ast.relative ? relativeFilter(of(ast.subject), of(ast.expr)) : staticFilter(of(ast.subject), of(ast.expr));
    case "FunctionCall":
      return call(ast, transforms[ast.name], of);
  }
}

function nothing(): never {
  throw new TypeError("there is no expression");
}

/** @throws TypeError as JavaScript does, when the subject is undefined or null */
function lookUp(subject: unknown, key: unknown): unknown {
  // Any value will do in JavaScript, on both sides; TypeScript wants to be told.
  return (subject as Readonly<Record<string, unknown>>)[key as string];
}

function identifier(
  { value: name, from, relative: isRelative }: Of<"Identifier">,
  of: (ast: Ast) => Evaluate,
): Evaluate {
  if (!from) return isRelative ? (_context, relative) => lookUp(relative, name) : (context) => lookUp(context, name);
  const owner = of(from);
  return (context, relative) => {
    const value = owner(context, relative);
    if (value === undefined || value === null) return undefined;
    // Of a list the first element; an empty one has none to ask, which is an error as in Jexl.
    return lookUp(Array.isArray(value) ? value[0] : value, name);
  };
}

/** As Jexl has it. */
export function operatorOf(operator: string): Operate {
  return GRAMMAR.elements[operator]?.eval ?? nothing;
}

function binary(operator: string, left: Evaluate, right: Evaluate, operators: (operator: string) => Operate): Evaluate {
  if (operator === "&&") return (context, relative) => left(context, relative) && right(context, relative);
  if (operator === "||") return (context, relative) => left(context, relative) || right(context, relative);
  const operate = operators(operator);
  return (context, relative) => operate(left(context, relative), right(context, relative));
}

/** `x[.a == 1]`: the elements for which it holds; what is no list counts as a list of one. */
function relativeFilter(subject: Evaluate, condition: Evaluate): Evaluate {
  return (context, relative) => {
    const value = subject(context, relative);
    const elements: readonly unknown[] = Array.isArray(value) ? value : value === undefined ? [] : [value];
    // Jexl looks up names in the context where an element is falsy.
    return elements.filter((element) => condition(context, element || context));
  };
}

/** `x[0]`, `x['key']`, and `x[true]`, which is x. */
function staticFilter(subject: Evaluate, key: Evaluate): Evaluate {
  return (context, relative) => {
    const value = subject(context, relative);
    const found = key(context, relative);
    if (typeof found === "boolean") return found ? value : undefined;
    return lookUp(value, found);
  };
}

function call(ast: Of<"FunctionCall">, transform: Transform | undefined, of: (ast: Ast) => Evaluate): Evaluate {
  if (transform === undefined) return nothing;
  const [value = nothing, ...args] = ast.args.map(of);
  // The usual number of arguments, without a list for them.
  const [only] = args;
  if (only === undefined) return (context, relative) => transform(value(context, relative));
  if (args.length === 1) return (context, relative) => transform(value(context, relative), only(context, relative));
  return (context, relative) => transform(value(context, relative), ...args.map((item) => item(context, relative)));
}
