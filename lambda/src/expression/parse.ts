import grammarModule from "jexl/dist/grammar.js";
import Lexer, { type Token } from "jexl/dist/Lexer.js";
import Parser, { type Ast, type AstNode } from "jexl/dist/parser/Parser.js";
import { ExpressionError } from "./expression-error.ts";

/** Bounds of one expression, in characters, tokens and levels: far above any rule, far below what overflows a stack. */
export const MAX_LENGTH = 10_000;
export const MAX_TOKENS = 1_000;
export const MAX_DEPTH = 100;

/** Jexl's, as its version 2.3 has it. */
export const GRAMMAR = grammarModule.getGrammar();
/** Keeps nothing between expressions but a regular expression that takes long to make. */
const LEXER = new Lexer(GRAMMAR);

/** An expression as Jexl reads it, and where each part stands in the text. */
export interface Parsed {
  readonly text: string;
  readonly ast: Ast;
  /** Of a node the offset of what makes it: its name, its operator, its opening bracket. */
  readonly offsets: ReadonlyMap<AstNode, number>;
  /** Nodes with parentheses around them. */
  readonly grouped: ReadonlySet<AstNode>;
  /** Names that are called as functions, which Jexl knows none of. */
  readonly calls: readonly { readonly name: string; readonly offset: number }[];
}

/** What may stand between several rules in one text. */
const SEPARATOR = /[,;\n]/;
const NOT_SPLIT = "several rules in one text are not split inside";

/** Parses token by token, because Jexl's own errors do not tell where. @throws ExpressionError at what Jexl refuses */
export function parse(text: string): Parsed {
  if (text.trim() === "") throw new ExpressionError("is empty", text, 0);
  if (text.length > MAX_LENGTH) throw new ExpressionError(`is longer than ${MAX_LENGTH} characters`, text, MAX_LENGTH);
  const tokens = tokenize(text);
  if (tokens.length > MAX_TOKENS) throw new ExpressionError(`has more than ${MAX_TOKENS} parts`, text, text.length);

  const parser = new Parser(GRAMMAR);
  const nesting = createNesting(text);
  const offsets = new Map<AstNode, number>();
  const grouped = new Set<AstNode>();
  const calls: { name: string; offset: number }[] = [];
  // White space before the first token is in no token.
  let offset = tokens.reduce((rest, { raw }) => rest - raw.length, text.length);
  tokens.forEach((token, index) => {
    const word = token.raw.trim();
    try {
      parser.addToken(token);
    } catch {
      throw new ExpressionError(`has an unexpected "${word}"${hintOf(word, nesting.level())}`, text, offset);
    }
    if (token.type === "identifier" && tokens[index - 1]?.type !== "pipe" && tokens[index + 1]?.type === "openParen") {
      calls.push({ name: word, offset });
    }
    const opening = nesting.add(token, offset);
    const placed = lastPlaced(parser);
    if (placed && !offsets.has(placed)) offsets.set(placed, opening ?? offset);
    else if (placed && token.type === "closeParen") grouped.add(placed);
    offset += token.raw.length;
  });
  return { text, ast: complete(parser, text, nesting.unclosed()), offsets, grouped, calls };
}

function complete(parser: Parser, text: string, unclosed: Opening | undefined): Ast {
  // Jexl closes some brackets itself.
  if (unclosed !== undefined) {
    const hint = SEPARATOR.test(text.slice(unclosed.offset)) ? ` (${NOT_SPLIT} brackets)` : "";
    throw new ExpressionError(`never closes the "${unclosed.bracket}"${hint}`, text, unclosed.offset);
  }
  try {
    return parser.complete();
  } catch {
    throw new ExpressionError("ends too early", text, text.trimEnd().length);
  }
}

function lastPlaced(parser: Parser): Ast {
  let innermost = parser;
  while (innermost._subParser) innermost = innermost._subParser;
  return innermost._cursor;
}

interface Opening {
  readonly bracket: string;
  readonly offset: number;
}

/** Counts levels of brackets, ternaries and negations. */
function createNesting(text: string) {
  const open: Opening[] = [];
  let negations = 0;
  const level = () => open.length;
  return {
    level,
    /** The bracket that is left open, of several the innermost. */
    unclosed: () => open.findLast(({ bracket }) => bracket !== "?"),
    /** The offset of the bracket that the token closes. @throws ExpressionError beyond {@link MAX_DEPTH} levels */
    add({ type, raw }: Token, offset: number): number | undefined {
      negations = type === "unaryOp" ? negations + 1 : 0;
      // A ternary lasts until the bracket around it ends.
      if (/^open|^question$/.test(type)) open.push({ bracket: raw.trim(), offset });
      if (level() + negations > MAX_DEPTH) {
        throw new ExpressionError(`is nested more than ${MAX_DEPTH} levels deep`, text, offset);
      }
      if (!type.startsWith("close")) return undefined;
      while (open.at(-1)?.bracket === "?") open.pop();
      return open.pop()?.offset;
    },
  };
}

const WRITE_INSTEAD: Readonly<Record<string, string>> = { and: "&&", or: "||", "=": "==" };

function hintOf(word: string, level: number): string {
  if (Object.hasOwn(WRITE_INSTEAD, word)) return `; write ${WRITE_INSTEAD[word]}`;
  if (word !== ",") return "";
  return level === 0
    ? " (an expression is one rule; give several as a list, or as one text with the separator between them)"
    : "";
}

/** Text to tokens. @throws ExpressionError at the first piece that is none, which Jexl does not tell */
function tokenize(text: string): readonly Token[] {
  const elements = LEXER.getElements(text);
  let offset = 0;
  for (const element of elements) {
    // Jexl takes a quote that is never closed for an empty text.
    if (/^["']/.test(element) && (element.length === 1 || !element.endsWith(element.charAt(0)))) {
      const hint = SEPARATOR.test(text) ? `; ${NOT_SPLIT} quotes` : "";
      throw new ExpressionError(
        `has an unexpected ${element.charAt(0)} (a text that does not end${hint})`,
        text,
        offset,
      );
    }
    offset += element.length;
  }
  const tokensOf = (count: number) => LEXER.getTokens(elements.slice(0, count));
  try {
    return tokensOf(elements.length);
  } catch {
    const wrong = firstRefused(elements.length, tokensOf);
    const [before, element = ""] = [elements.slice(0, wrong).join(""), elements[wrong]];
    // Jexl puts a minus to what follows it, which may be right alone.
    const problem = isToken(element)
      ? 'has an unexpected "-" (only a number can be negative)'
      : `has an unexpected "${element}"${hintOf(element.trim(), -1)}`;
    throw new ExpressionError(problem, text, isToken(element) ? before.lastIndexOf("-") : before.length);
  }
}

function isToken(element: string): boolean {
  try {
    LEXER.getTokens([element]);
    return true;
  } catch {
    return false;
  }
}

/** The index of the first element that Jexl refuses. @param tokensOf throws when there is one among so many */
function firstRefused(count: number, tokensOf: (count: number) => unknown): number {
  let [right, wrong] = [0, count];
  while (wrong - right > 1) {
    const middle = Math.floor((right + wrong) / 2);
    try {
      tokensOf(middle);
      right = middle;
    } catch {
      wrong = middle;
    }
  }
  return right;
}
