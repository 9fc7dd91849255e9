import { ExpressionError } from "./expression-error.ts";
import { type Parsed, parse } from "./parse.ts";
import { brokenReferences } from "./references.ts";
import { TRANSFORMS, type Transform } from "./transforms.ts";
import { firstElement, onlyFirstItem } from "./traps/first-element.ts";
import { inObject } from "./traps/in-object.ts";
import { mixedRow, negatedComparison } from "./traps/precedence.ts";
import { textBoolean } from "./traps/text-boolean.ts";
import type { Trap } from "./traps/trap.ts";
import { truthyList } from "./traps/truthy-list.ts";
import { unknownField } from "./traps/unknown-field.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** What is wrong, or probably wrong, with an expression. */
export interface Finding {
  /** An error when the verdict cannot be what was meant, whatever the record; a warning where it may be. */
  readonly severity: "error" | "warning";
  /** Continues the sentence "the expression …"; shows the place with a caret. */
  readonly message: string;
}

/** Everything that can be said of an expression before there is a record, in the order of the text. Never throws. */
export type Check = (text: string) => readonly Finding[];

/** Traps of an expression whatever its value is for. */
const TRAPS: readonly Trap[] = [
  firstElement,
  onlyFirstItem,
  inObject,
  negatedComparison,
  mixedRow,
  textBoolean,
  unknownField,
];

/** What an expression is for: to be true or not, or to be told. */
export type Purpose = "condition" | "text";

/** A checker for expressions with the transforms of {@link TRANSFORMS} and the given ones. */
export function createChecker(
  transforms: Readonly<Record<string, Transform>>,
  vocabulary: Vocabulary,
  purpose: Purpose = "condition",
): Check {
  const names = Object.keys({ ...TRANSFORMS, ...transforms });
  // A list is as good a text as any.
  const traps = purpose === "condition" ? [truthyList, ...TRAPS] : TRAPS;
  return (text) => {
    try {
      return findingsOf(parse(text), names, vocabulary, traps);
    } catch (error) {
      if (error instanceof ExpressionError) return [{ severity: "error", message: error.message }];
      throw error;
    }
  };
}

/** Characters of what is said of one place; names in an expression may be long. */
const MAX_PROBLEM = 500;

function findingsOf(
  parsed: Parsed,
  transforms: readonly string[],
  vocabulary: Vocabulary,
  traps: readonly Trap[],
): readonly Finding[] {
  const told = new Set<string>();
  const trapped = traps
    .flatMap((trap) => trap(parsed, vocabulary))
    .map(({ problem, ...rest }) => ({ ...rest, problem: shortened(problem) }))
    // Once is enough where a name comes again and again.
    .filter(({ problem }) => !told.has(problem) && told.add(problem))
    .map(({ node, severity, problem }) => ({
      severity,
      error: new ExpressionError(problem, parsed.text, parsed.offsets.get(node) ?? 0),
    }));
  const broken = brokenReferences(parsed, transforms).map((error) => ({ severity: "error" as const, error }));
  return [...broken, ...trapped]
    .sort((a, b) => a.error.line - b.error.line || a.error.column - b.error.column)
    .map(({ severity, error }) => ({ severity, message: error.message }));
}

function shortened(problem: string): string {
  return problem.length > MAX_PROBLEM ? `${problem.slice(0, MAX_PROBLEM)}…` : problem;
}
