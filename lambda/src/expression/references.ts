import type { Ast, AstNode } from "jexl/dist/parser/Parser.js";
import { nodesOf } from "./ast.ts";
import { EvaluationError } from "./evaluation-error.ts";
import { ExpressionError } from "./expression-error.ts";
import { nearest } from "./nearest.ts";
import type { Parsed } from "./parse.ts";
import { patternOf } from "./transforms/pattern.ts";
import { isTimeZone } from "./transforms/time.ts";

/** What is wrong with a text that is given to a transform. Continues the sentence "the expression …". */
type ArgumentCheck = (text: string) => string | undefined;

const checkPattern: ArgumentCheck = (text) => {
  try {
    patternOf(text);
    return undefined;
  } catch (error) {
    return `has a pattern that cannot be used: ${error instanceof EvaluationError ? error.message : error}`;
  }
};

const checkTimeZone: ArgumentCheck = (text) =>
  isTimeZone(text) ? undefined : `names the unknown time zone "${text}"; write one like "Europe/Berlin"`;

/** Arguments that can be judged before there is a record. */
const ARGUMENT_CHECKS: Readonly<Record<string, ArgumentCheck>> = {
  matches: checkPattern,
  anyMatch: checkPattern,
  hour: checkTimeZone,
  weekday: checkTimeZone,
};

/**
 * What an expression refers to in vain, from left to right: functions, which Jexl knows none of, transforms that there
 * are not, patterns and time zones that are none. Jexl finds out only when it evaluates.
 */
export function brokenReferences(parsed: Parsed, transforms: readonly string[]): readonly ExpressionError[] {
  const found: { readonly problem: string; readonly offset: number }[] = [];
  for (const { name, offset } of parsed.calls) {
    const hint = transforms.includes(name)
      ? `write value|${name}(…)`
      : "there are only transforms: value|name(arguments)";
    found.push({ problem: `calls "${name}" as a function; ${hint}`, offset });
  }
  const offsetOf = (node: AstNode) => parsed.offsets.get(node) ?? 0;
  for (const node of nodesOf(parsed.ast)) {
    if (node.type !== "FunctionCall" || node.pool !== "transforms") continue;
    if (!transforms.includes(node.name)) {
      found.push({ problem: unknownTransform(node.name, transforms), offset: offsetOf(node) });
      continue;
    }
    const check = Object.hasOwn(ARGUMENT_CHECKS, node.name) ? ARGUMENT_CHECKS[node.name] : undefined;
    for (const literal of textLiterals(node.args[1])) {
      const problem = check?.(String(literal.value));
      if (problem !== undefined) found.push({ problem, offset: offsetOf(literal) });
    }
  }
  return found
    .sort((a, b) => a.offset - b.offset)
    .map(({ problem, offset }) => new ExpressionError(problem, parsed.text, offset));
}

function unknownTransform(name: string, transforms: readonly string[]): string {
  const meant = nearest(name, transforms);
  const hint = meant === undefined ? ` (known: ${transforms.join(", ")})` : `; did you mean "${meant}"?`;
  return `uses the unknown transform "${name}"${hint}`;
}

/** A text that stands in the expression, or each of a list. */
function textLiterals(ast: Ast): readonly Extract<AstNode, { type: "Literal" }>[] {
  const items = ast?.type === "ArrayLiteral" ? ast.value : [ast];
  return items.flatMap((item) => (item?.type === "Literal" && typeof item.value === "string" ? [item] : []));
}
