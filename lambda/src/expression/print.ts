import type { Ast } from "jexl/dist/parser/Parser.js";

/** Short Jexl for names, literals and their lists, to be used in a suggestion; `…` for anything longer. */
export function print(ast: Ast): string {
  if (!ast) return "…";
  switch (ast.type) {
    case "Literal":
      return literal(ast.value);
    case "Identifier":
      if (ast.from) return `${print(ast.from)}.${ast.value}`;
      return `${ast.relative ? "." : ""}${ast.value}`;
    case "FilterExpression":
      return `${print(ast.subject)}[${ast.relative ? "…" : print(ast.expr)}]`;
    case "ArrayLiteral":
      return ast.value.length > 3 ? "[…]" : `[${ast.value.map(print).join(", ")}]`;
    case "FunctionCall": {
      const [value, ...args] = ast.args;
      return `(${print(value)}|${ast.name}${args.length > 0 ? `(${args.map(print).join(", ")})` : ""})`;
    }
    default:
      return "…";
  }
}

/** Longer texts say nothing in a message. */
const MAX_SHOWN = 60;

function literal(value: string | number | boolean): string {
  if (typeof value !== "string") return String(value);
  if (value.length > MAX_SHOWN) return "'…'";
  return value.includes("'") ? `"${value}"` : `'${value}'`;
}
