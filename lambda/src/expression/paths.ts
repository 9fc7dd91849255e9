import type { Ast, AstNode } from "jexl/dist/parser/Parser.js";
import { partsOf, pathOf } from "./ast.ts";
import { parse } from "./parse.ts";

/** Transforms whose first argument is a path into what stands before them. */
const TAKES_PATH: ReadonlySet<string> = new Set(["has", "pluck"]);

/**
 * The values that an expression looks at, as paths into its context, in the order in which they stand there, each once:
 * of `a.b == 1 && (c|has('d.e'))` these are `["a", "b"]` and `["c", "d", "e"]`. Names inside a filter are not among them.
 * @throws ExpressionError
 */
export function pathsOf(text: string): readonly (readonly string[])[] {
  const found = new Map<string, readonly string[]>();
  const visit = (node: Ast): void => {
    if (!node) return;
    const path = pathOf(node) ?? pathOfTransform(node);
    if (path === undefined) partsOf(node).forEach(visit);
    else found.set(JSON.stringify(path), path);
  };
  visit(parse(text).ast);
  return [...found.values()];
}

function pathOfTransform(node: AstNode): readonly string[] | undefined {
  if (node.type !== "FunctionCall" || !TAKES_PATH.has(node.name)) return undefined;
  const [subject, argument] = node.args;
  const before = pathOf(subject);
  if (before === undefined || argument?.type !== "Literal" || typeof argument.value !== "string") return undefined;
  return [...before, ...argument.value.split(".")];
}
