import { ExpressionError } from "#expression/expression-error.ts";
import { OutsideError } from "./outside-error.ts";

const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  "\n": "",
  "\\": "\\",
  "'": "'",
  '"': '"',
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};
const DIGITS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

/**
 * Reads a text literal of Python that begins at the offset.
 * @param prefix the letters before the quote: r and u are read, f and b are refused
 * @param mark one or three quotes
 * @returns its value and its length with prefix and quotes
 */
export function readString(
  text: string,
  offset: number,
  prefix: string,
  mark: string,
): { readonly value: string; readonly length: number } {
  if (/f/i.test(prefix)) throw new OutsideError("uses an f-string; join texts with +", text, offset);
  if (/b/i.test(prefix)) throw new OutsideError("uses bytes; leave out the b", text, offset);
  const raw = /r/i.test(prefix);
  let value = "";
  let at = offset + prefix.length + mark.length;
  while (!text.startsWith(mark, at)) {
    const character = text.charAt(at);
    if (character === "" || (mark.length === 1 && /[\r\n]/.test(character))) {
      throw new ExpressionError(`has an unexpected ${mark} (a text that does not end)`, text, offset);
    }
    if (character !== "\\") {
      const [unit, length] = text.startsWith("\r\n", at) ? ["\n", 2] : [character === "\r" ? "\n" : character, 1];
      value += unit;
      at += length;
    } else if (raw) {
      const escaped = text.charAt(at + 1);
      value += `\\${escaped === "\r" ? "\n" : escaped}`;
      at += text.startsWith("\r\n", at + 1) ? 3 : 2;
    } else {
      const escaped = readEscape(text, at);
      value += escaped.value;
      at += escaped.length;
    }
  }
  return { value, length: at + mark.length - offset };
}

function readEscape(text: string, offset: number): { readonly value: string; readonly length: number } {
  if (text.startsWith("\r\n", offset + 1)) return { value: "", length: 3 };
  const letter = text.charAt(offset + 1) === "\r" ? "\n" : text.charAt(offset + 1);
  const simple = SIMPLE_ESCAPES[letter];
  if (simple !== undefined) return { value: simple, length: 2 };
  const octal = /^[0-7]{1,3}/.exec(text.slice(offset + 1, offset + 4))?.[0];
  if (octal !== undefined) return { value: String.fromCodePoint(Number.parseInt(octal, 8)), length: 1 + octal.length };
  if (letter === "N") throw new ExpressionError("names a character (\\N{…}); write \\u and its number", text, offset);
  const digits = DIGITS[letter];
  // Python keeps the backslash of an escape that it does not know.
  if (digits === undefined) return { value: `\\${letter}`, length: 2 };
  const hex = text.slice(offset + 2, offset + 2 + digits);
  const codePoint = new RegExp(`^[0-9a-fA-F]{${digits}}$`).test(hex) ? Number.parseInt(hex, 16) : Number.NaN;
  if (!(codePoint <= 0x10ffff)) throw new ExpressionError(`has an unexpected "\\${letter}"`, text, offset);
  if (codePoint >= 0xd800 && codePoint <= 0xdfff) {
    throw new ExpressionError("writes half of a character (a surrogate); write \\U and its whole number", text, offset);
  }
  return { value: String.fromCodePoint(codePoint), length: 2 + digits };
}
