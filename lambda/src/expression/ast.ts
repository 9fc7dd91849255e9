import type { Ast, AstNode } from "jexl/dist/parser/Parser.js";

/** The parts of a node, from left to right. */
export function partsOf(node: AstNode): readonly Ast[] {
  switch (node.type) {
    case "Literal":
      return [];
    case "Identifier":
      return [node.from];
    case "ArrayLiteral":
      return node.value;
    case "ObjectLiteral":
      return Object.values(node.value);
    case "UnaryExpression":
      return [node.right];
    case "BinaryExpression":
      return [node.left, node.right];
    case "ConditionalExpression":
      return [node.test, node.consequent, node.alternate];
    case "FilterExpression":
      return [node.subject, node.expr];
    case "FunctionCall":
      return node.args;
  }
}

/** A node and everything in it, each before its parts. */
export function nodesOf(ast: Ast): readonly AstNode[] {
  const found: AstNode[] = [];
  const open: Ast[] = [ast];
  while (open.length > 0) {
    const node = open.pop();
    if (!node) continue;
    found.push(node);
    open.push(...[...partsOf(node)].reverse());
  }
  return found;
}

/**
 * The names that lead to a value of the context, where only names do: `a.b` and `a['b.c']` give `["a", "b"]` and
 * `["a", "b", "c"]`. Undefined for anything else, such as a name inside a filter.
 */
export function pathOf(ast: Ast): readonly string[] | undefined {
  const names: string[] = [];
  let node = ast;
  for (;;) {
    if (node?.type === "Identifier") {
      if (node.relative) return undefined;
      names.unshift(node.value);
      if (!node.from) return names;
      node = node.from;
    } else if (node?.type === "FilterExpression" && !node.relative && node.expr?.type === "Literal") {
      if (typeof node.expr.value === "boolean") return undefined;
      names.unshift(...String(node.expr.value).split("."));
      node = node.subject;
    } else return undefined;
  }
}

/** Nodes of which only the truth matters: the whole, operands of `&& || !`, tests of `? :`, conditions of filters. */
export function conditionsOf(ast: Ast): readonly AstNode[] {
  const found = new Set<AstNode>();
  const add = (...nodes: readonly Ast[]) => {
    for (const node of nodes) if (node) found.add(node);
  };
  add(ast);
  // Each node comes before its parts, so a branch of a ternary that is a condition is found to be one.
  for (const node of nodesOf(ast)) {
    if (node.type === "UnaryExpression") add(node.right);
    if (node.type === "BinaryExpression" && /^(&&|\|\|)$/.test(node.operator)) add(node.left, node.right);
    if (node.type === "FilterExpression" && node.relative) add(node.expr);
    if (node.type !== "ConditionalExpression") continue;
    add(node.test);
    if (found.has(node)) add(node.consequent, node.alternate);
  }
  return [...found];
}
