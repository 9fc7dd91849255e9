import jexlModule, { type JexlGrammar } from "jexl";
import Lexer, { type Token } from "jexl/dist/Lexer.js";
import Parser from "jexl/dist/parser/Parser.js";
import { ExpressionError } from "./expression-error.ts";
import { TRANSFORMS, type Transform } from "./transforms.ts";

/** Bounds of one expression, in characters and tokens: far above any rule, far below what overflows Jexl's recursion. */
export const MAX_LENGTH = 10_000;
export const MAX_TOKENS = 1_000;

/** A compiled expression. Throws whatever Jexl throws on this context, such as a list index on a missing value. */
export type Predicate = (context: object) => unknown;

/** Turns text into a {@link Predicate}. @throws ExpressionError that points at the place */
export type Compile = (text: string) => Predicate;

/**
 * A compiler for Jexl expressions with the transforms of {@link TRANSFORMS} and the given ones.
 * Jexl finds out about an unknown transform only when it evaluates, so names are checked here.
 */
export function createCompiler(transforms: Readonly<Record<string, Transform>> = {}): Compile {
  const known = { ...TRANSFORMS, ...transforms };
  const jexl = new jexlModule.Jexl();
  jexl.addTransforms(known);
  const names = Object.keys(known);
  return (text) => {
    check(text, jexl._grammar, names);
    const expression = jexl.createExpression(text).compile();
    return (context) => expression.evalSync(context);
  };
}

/** Parses token by token, because Jexl's own errors do not tell where. */
function check(text: string, grammar: JexlGrammar, transforms: readonly string[]): void {
  if (text.trim() === "") throw new ExpressionError("is empty", text, 0);
  if (text.length > MAX_LENGTH) throw new ExpressionError(`is longer than ${MAX_LENGTH} characters`, text, MAX_LENGTH);
  const tokens = tokenize(text, grammar);
  if (tokens.length > MAX_TOKENS) throw new ExpressionError(`has more than ${MAX_TOKENS} parts`, text, text.length);

  const parser = new Parser(grammar);
  const open: { readonly bracket: string; readonly offset: number }[] = [];
  let offset = text.length - text.trimStart().length;
  tokens.forEach((token, index) => {
    const word = token.raw.trim();
    try {
      parser.addToken(token);
    } catch {
      throw new ExpressionError(`has an unexpected "${word}"`, text, offset);
    }
    const before = tokens[index - 1]?.type;
    if (token.type === "identifier" && before === "pipe" && !transforms.includes(word)) {
      throw new ExpressionError(`uses the unknown transform "${word}" (known: ${transforms.join(", ")})`, text, offset);
    }
    if (token.type === "identifier" && before !== "pipe" && tokens[index + 1]?.type === "openParen") {
      throw new ExpressionError(
        `calls "${word}" as a function; there are only transforms: value|name(arguments)`,
        text,
        offset,
      );
    }
    if (/^open/.test(token.type)) open.push({ bracket: word, offset });
    if (/^close/.test(token.type)) open.pop();
    offset += token.raw.length;
  });
  try {
    parser.complete();
  } catch {
    throw new ExpressionError("ends too early", text, text.trimEnd().length);
  }
  // Jexl itself closes what was left open.
  const last = open.pop();
  if (last !== undefined) throw new ExpressionError(`never closes the "${last.bracket}"`, text, last.offset);
}

/** Text to tokens, after each piece was tried on its own: Jexl does not tell which one is none. */
function tokenize(text: string, grammar: JexlGrammar): readonly Token[] {
  const lexer = new Lexer(grammar);
  const elements = lexer.getElements(text);
  let offset = 0;
  for (const element of elements) {
    // Jexl takes a quote that is never closed for an empty text.
    if (/^["']/.test(element) && (element.length === 1 || !element.endsWith(element.charAt(0)))) {
      throw new ExpressionError(`has an unexpected ${element.charAt(0)} (a text that does not end)`, text, offset);
    }
    try {
      lexer.getTokens([element]);
    } catch {
      throw new ExpressionError(`has an unexpected "${element}"`, text, offset);
    }
    offset += element.length;
  }
  return lexer.getTokens(elements);
}
