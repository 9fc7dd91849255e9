import type { AstNode } from "jexl/dist/parser/Parser.js";
import type { Parsed } from "#expression/parse.ts";
import type { Vocabulary } from "#expression/vocabulary.ts";

/** Something that Jexl accepts and that hardly means what was meant. */
export interface Trapped {
  readonly node: AstNode;
  /** An error when the verdict is wrong whatever the record; a warning where it may be right. */
  readonly severity: "error" | "warning";
  /** Continues the sentence "the expression …" and ends with what to write instead. */
  readonly problem: string;
}

/** Looks for one kind of trap. */
export type Trap = (parsed: Parsed, vocabulary: Vocabulary) => readonly Trapped[];

/** Operators that compare. */
export const COMPARISONS: readonly string[] = ["==", "!=", "<", ">", "<=", ">=", "in"];
