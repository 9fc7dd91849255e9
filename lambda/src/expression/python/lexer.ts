import { ExpressionError } from "#expression/expression-error.ts";
import { OutsideError } from "./outside-error.ts";
import { readString } from "./string-literal.ts";

/** Characters of one rule, as the older module bounds it. */
const MAX_PYTHON_LENGTH = 65_536;

/** A word, number, text or sign of Python. Offsets count UTF-16 units from 0. */
export interface Token {
  readonly kind: "name" | "number" | "string" | "sign" | "end";
  /** As written. */
  readonly text: string;
  readonly offset: number;
  /** Of a number or a text. */
  readonly value?: number | string;
  /** A number that is no integer. */
  readonly float?: true;
}

/** The tokens of a rule, the last of which is the end. */
export interface Tokens {
  readonly tokens: readonly Token[];
  /** Whether something is written as only Python writes it: a comment, a prefixed or a triple-quoted text. */
  readonly pythonOnly: boolean;
}

const NAME = /[\p{L}\p{Nl}_][\p{L}\p{N}\p{M}_]*/uy;
const INTEGER = /0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|0(?:_?0)*|[1-9](?:_?[0-9])*/y;
const FLOAT =
  /(?:[0-9](?:_?[0-9])*\.(?:[0-9](?:_?[0-9])*)?|\.[0-9](?:_?[0-9])*)(?:[eE][+-]?[0-9](?:_?[0-9])*)?|[0-9](?:_?[0-9])*[eE][+-]?[0-9](?:_?[0-9])*/y;
const SIGN = /\*\*|\/\/|<<|>>|<=|>=|==|!=|:=|\.\.\.|[-+*/%@&|^~<>()[\]{},:.=]/y;
const QUOTE = /([rRuUfFbB]|[fFbB][rR]|[rR][fFbB])?("""|'''|"|')/y;
const BLANK = /(?:[ \t\f]|\\\r?\n)+/y;
const LINE_END = /(?:\r\n|\r|\n)/y;
const COMMENT = /#[^\r\n]*/y;
/** Words that may stand right behind a number. */
const BEHIND_NUMBER = /^(?:and|else|if|in|is|or|not)(?![\p{L}\p{N}_])/u;

/** Splits a rule into tokens. @throws ExpressionError at what is none; OutsideError at an f-string or bytes */
export function tokenize(text: string): Tokens {
  if (text.trim() === "") throw new ExpressionError("is empty", text, 0);
  if (text.length > MAX_PYTHON_LENGTH) {
    throw new ExpressionError(`is longer than ${MAX_PYTHON_LENGTH} characters`, text, MAX_PYTHON_LENGTH);
  }
  const tokens: Token[] = [];
  let [offset, open, broken, pythonOnly] = [0, 0, false, false];
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = offset;
    return pattern.exec(text);
  };
  const add = (token: Token): void => {
    if (broken) throw new ExpressionError("has a line break outside of brackets", text, token.offset);
    tokens.push(token);
    offset = token.offset + token.text.length;
  };
  while (offset < text.length) {
    const blank = take(BLANK) ?? take(COMMENT);
    if (blank !== null) {
      pythonOnly ||= blank[0].startsWith("#");
      offset += blank[0].length;
      continue;
    }
    const lineEnd = take(LINE_END);
    if (lineEnd !== null) {
      broken = open === 0 && tokens.length > 0;
      offset += lineEnd[0].length;
      continue;
    }
    const quote = take(QUOTE);
    if (quote !== null) {
      const [, prefix = "", mark = ""] = quote;
      const { value, length } = readString(text, offset, prefix, mark);
      pythonOnly ||= prefix !== "" || mark.length === 3;
      add({ kind: "string", text: text.slice(offset, offset + length), offset, value });
      continue;
    }
    const number = readNumber(text, offset, take);
    if (number !== undefined) {
      add(number);
      continue;
    }
    const name = take(NAME);
    if (name !== null) {
      add({ kind: "name", text: name[0], offset });
      continue;
    }
    const sign = take(SIGN);
    if (sign === null) {
      throw new ExpressionError(
        `has an unexpected "${String.fromCodePoint(text.codePointAt(offset) ?? 0)}"`,
        text,
        offset,
      );
    }
    if ("([{".includes(sign[0])) open += 1;
    if (")]}".includes(sign[0])) open = Math.max(0, open - 1);
    add({ kind: "sign", text: sign[0], offset });
  }
  tokens.push({ kind: "end", text: "", offset: text.trimEnd().length });
  return { tokens, pythonOnly };
}

function readNumber(
  text: string,
  offset: number,
  take: (pattern: RegExp) => RegExpExecArray | null,
): Token | undefined {
  const [float, integer] = [take(FLOAT)?.[0], take(INTEGER)?.[0]];
  const written = float ?? integer;
  if (written === undefined) return undefined;
  const rest = text.slice(offset + written.length, offset + written.length + 8);
  if (/^[jJ]/.test(rest)) throw new OutsideError("uses a complex number", text, offset);
  if (/^[\p{L}\p{N}_]/u.test(rest) && !BEHIND_NUMBER.test(rest)) {
    throw new ExpressionError(`has an unexpected "${written}${rest.charAt(0)}"`, text, offset);
  }
  const value = Number(written.replaceAll("_", ""));
  if (float !== undefined ? !Number.isFinite(value) : !Number.isSafeInteger(value)) {
    throw new ExpressionError("uses a number too large to be exact", text, offset);
  }
  return { kind: "number", text: written, offset, value, ...(float === undefined ? {} : { float: true }) };
}
