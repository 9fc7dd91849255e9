import type { Ast, AstNode } from "jexl/dist/parser/Parser.js";
import { conditionsOf } from "#expression/ast.ts";
import { print } from "#expression/print.ts";
import type { Trap } from "./trap.ts";

/** Transforms that always give a list. */
const LISTS: readonly string[] = ["keys", "pluck", "values"];

/** A list where a condition belongs: an empty one is true, too, and a rule matches on no list at all. */
export const truthyList: Trap = ({ ast }) =>
  conditionsOf(ast).flatMap((node) => {
    const instead = insteadOf(node);
    if (instead === undefined) return [];
    const problem = `takes a list for a condition, but an empty list is true as well; write ${instead}`;
    return [{ node, severity: "error" as const, problem }];
  });

function insteadOf(node: AstNode): string | undefined {
  if (node.type === "ArrayLiteral") return `value in ${print(node)}`;
  if (node.type === "FunctionCall" && LISTS.includes(node.name)) return `(${print(node)}|length) > 0`;
  if (node.type !== "FilterExpression" || !node.relative) return undefined;
  const { subject, expr } = node;
  const field = expr?.type === "BinaryExpression" && expr.operator === "==" ? relativePath(expr.left) : undefined;
  return field === undefined || expr?.type !== "BinaryExpression"
    ? `(${print(node)}|length) > 0`
    : `(${print(subject)}|pluck('${field}'))|any(${print(expr.right)})`;
}

/** `a.b` of `.a.b`. */
function relativePath(ast: Ast): string | undefined {
  if (ast?.type !== "Identifier") return undefined;
  if (!ast.from) return ast.relative ? ast.value : undefined;
  const owner = relativePath(ast.from);
  return owner === undefined ? undefined : `${owner}.${ast.value}`;
}
