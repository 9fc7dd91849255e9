import { isNone } from "./text-methods.ts";

/** A number, or a boolean as the number that it is in Python. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === "boolean") return Number(value);
  return typeof value === "number" ? value : undefined;
}

const DECIMAL_DIGIT = /^\p{Nd}$/u;

/** Decimal digits of every script as those of ASCII: Unicode lists them ten by ten, from zero. */
function asciiDigits(text: string): string {
  return Array.from(text, (character) => {
    if (!DECIMAL_DIGIT.test(character)) return character;
    let before = 0;
    const codePoint = character.codePointAt(0) ?? 0;
    while (DECIMAL_DIGIT.test(String.fromCodePoint(codePoint - before - 1))) before += 1;
    return String(before % 10);
  }).join("");
}

/** `int(…)` of what is no longer surrounded by spaces. */
export function toInteger(value: unknown): number | undefined {
  const ascii = typeof value === "string" ? asciiDigits(value) : undefined;
  if (ascii !== undefined && !/^[+-]?\d+(?:_\d+)*$/.test(ascii)) return undefined;
  const number = ascii === undefined ? numberOf(value) : Number(ascii.replaceAll("_", ""));
  // Beyond these, the number that Python would have is not known any more.
  return number !== undefined && Number.isSafeInteger(Math.trunc(number)) ? Math.trunc(number) : undefined;
}

const FLOAT = /^[+-]?(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:e[+-]?\d+(?:_\d+)*)?$/i;
const NOT_FINITE = /^([+-]?)(inf|infinity|nan)$/i;

/** `float(…)` of what is no longer surrounded by spaces. */
export function toFloat(value: unknown): number | undefined {
  if (typeof value !== "string") return numberOf(value);
  const ascii = asciiDigits(value);
  const [, sign, word = ""] = NOT_FINITE.exec(ascii) ?? [];
  if (/^n/i.test(word)) return Number.NaN;
  if (word !== "") return sign === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return FLOAT.test(ascii) ? Number(ascii.replaceAll("_", "")) : undefined;
}

/** `str(…)` of a scalar. A whole number is taken for an integer, as CloudTrail has them. */
export function toText(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (isNone(value)) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value !== "number") return undefined;
  if (Number.isInteger(value)) return Number.isSafeInteger(value) ? String(value) : undefined;
  if (!Number.isFinite(value)) return undefined;
  return Math.abs(value) < 1e-4 ? value.toExponential().replace(/e-(\d)$/, "e-0$1") : String(value);
}

/** Python's `//` and `%`, which round towards minus infinity. Undefined for a division by zero. */
export function divide(left: number, right: number): { readonly quotient: number; readonly rest: number } | undefined {
  if (right === 0) return undefined;
  let rest = left % right;
  let quotient = (left - rest) / right;
  if (rest !== 0 && right < 0 !== rest < 0) {
    rest += right;
    quotient -= 1;
  }
  const floor = Math.floor(quotient);
  return { quotient: quotient - floor > 0.5 ? floor + 1 : floor, rest };
}

/** `round(…)`: to the even one of two integers that are equally near. */
export function roundToEven(value: number): number | undefined {
  if (!Number.isFinite(value)) return undefined;
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
