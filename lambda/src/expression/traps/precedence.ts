import type { Ast } from "jexl/dist/parser/Parser.js";
import { nodesOf } from "#expression/ast.ts";
import { print } from "#expression/print.ts";
import { COMPARISONS, type Trap } from "./trap.ts";

/** `!a == b` is `(!a) == b`: a boolean is compared, not a comparison denied. */
export const negatedComparison: Trap = ({ ast, grouped }) =>
  nodesOf(ast).flatMap((node) => {
    if (node.type !== "BinaryExpression" || !COMPARISONS.includes(node.operator)) return [];
    const { left, operator, right } = node;
    if (left?.type !== "UnaryExpression" || grouped.has(left)) return [];
    const [denied, other] = [print(left.right), print(right)];
    const problem = `compares !${denied} with ${other}; write !(${denied} ${operator} ${other})`;
    return [{ node: left, severity: isNeverBoolean(right) ? ("error" as const) : ("warning" as const), problem }];
  });

/** A literal that no comparison with a boolean makes sense of. */
function isNeverBoolean(ast: Ast): boolean {
  if (ast?.type === "ArrayLiteral") return ast.value.every(isNeverBoolean);
  return ast?.type === "Literal" && typeof ast.value !== "boolean";
}

/** `a || b && c` is `(a || b) && c`: both bind alike, from left to right. */
export const mixedRow: Trap = ({ ast, grouped }) =>
  nodesOf(ast).flatMap((node) => {
    if (node.type !== "BinaryExpression" || node.operator !== "&&") return [];
    const { left, right } = node;
    if (left?.type !== "BinaryExpression" || left.operator !== "||" || grouped.has(left)) return [];
    const [a, b, c] = [print(left.left), print(left.right), print(right)];
    const problem = `mixes || and &&, which bind alike, from left to right; write (${a} || ${b}) && ${c}, or ${a} || (${b} && ${c})`;
    return [{ node, severity: "warning" as const, problem }];
  });
