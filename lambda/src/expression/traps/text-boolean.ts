import type { AstNode } from "jexl/dist/parser/Parser.js";
import { conditionsOf, nodesOf, pathOf } from "#expression/ast.ts";
import { print } from "#expression/print.ts";
import type { Vocabulary } from "#expression/vocabulary.ts";
import type { Trap, Trapped } from "./trap.ts";

/** "true" and "false" are texts that no boolean equals; the text "false" is true as a condition. */
export const textBoolean: Trap = ({ ast }, vocabulary) => {
  const comparisons = nodesOf(ast).flatMap((node) => comparisonsIn(node, vocabulary));
  return [
    ...comparisons.flatMap((comparison): readonly Trapped[] => {
      // Who compares with both knows what may stand there.
      if (comparisons.some(({ dots, to }) => dots === comparison.dots && typeof to !== typeof comparison.to)) return [];
      const problem = problemOf(comparison, vocabulary);
      // A known boolean never equals a text; where a text is usual, a service may write a boolean all the same.
      const severity = typeof comparison.to === "string" ? "error" : "warning";
      return problem === undefined ? [] : [{ node: comparison.node, severity, problem }];
    }),
    ...conditionsOf(ast).flatMap((node): readonly Trapped[] => {
      const name = pathOf(node)?.at(-1);
      if (name === undefined || !vocabulary.textBooleanNames.includes(name)) return [];
      const value = print(node);
      const problem = `takes ${value} for a boolean, but ${vocabulary.source} writes a text there, and "false" is true as well; write (${value}|isTrue)`;
      return [{ node, severity: "warning", problem }];
    }),
  ];
};

/** Of a path with `true` or `false`, or with one of them as a text. */
interface Comparison {
  readonly node: AstNode;
  readonly path: readonly string[];
  readonly dots: string;
  readonly value: string;
  readonly operator: string;
  readonly to: boolean | string;
}

function comparisonsIn(node: AstNode, { everything }: Vocabulary): readonly Comparison[] {
  if (node.type !== "BinaryExpression" || !/^[!=]=$/.test(node.operator)) return [];
  const { left, operator, right } = node;
  return [[left, right] as const, [right, left] as const].flatMap(([asked, other]) => {
    const path = pathOf(asked);
    if (path === undefined || other?.type !== "Literal" || !/^(true|false)$/i.test(String(other.value))) return [];
    if (typeof other.value === "number") return [];
    const dots = (path[0] === everything ? path.slice(1) : path).join(".");
    return [{ node, path, dots, value: print(asked), operator, to: other.value }];
  });
}

function problemOf({ path, dots, value, operator, to }: Comparison, vocabulary: Vocabulary): string | undefined {
  const { booleans, source, textBooleans, textBooleanNames } = vocabulary;
  if (typeof to === "string") {
    if (!booleans.includes(dots)) return undefined;
    return `compares ${value} with a text, but it is a boolean; write ${value} ${operator} ${to.toLowerCase()}`;
  }
  const isText =
    textBooleanNames.includes(path.at(-1) ?? "") || textBooleans.some((known) => `${dots}.`.startsWith(`${known}.`));
  const question = `${operator === "!=" ? "!" : ""}(${value}|${to ? "isTrue" : "isFalse"})`;
  return isText
    ? `compares ${value} with ${to}, but ${source} often writes a text there; write ${question}`
    : undefined;
}
