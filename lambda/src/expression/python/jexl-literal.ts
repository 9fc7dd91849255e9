import type { Constant } from "./syntax.ts";

/** Jexl for Python's None: there is no word for it, and a missing value counts as None. */
export const NONE = "{}.none";

/** Names that Jexl reads as something else than a value of the record. */
const IDENTIFIER = /^(?!(?:in|true|false|event|config)$)[a-zA-Z_$][a-zA-Z0-9_$]*$/;

/** Whether a name may stand in Jexl as it is. */
export function isIdentifier(name: string): boolean {
  return IDENTIFIER.test(name);
}

/** Control characters, both halves of characters that stand alone, and what could not be seen in a rule. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/**
 * Jexl for a constant. Of a literal's backslashes Jexl takes away one of the first two that stand together, and every one
 * before its own quote; a text that this would change is written as JSON.
 */
export function literal(value: Constant): string {
  if (value === null) return NONE;
  if (typeof value === "boolean") return String(value);
  if (typeof value === "number") {
    const text = String(value);
    if (text.includes("e")) return `('${text}'|number)`;
    return text.startsWith("-") ? `(${text})` : text;
  }
  const quote = value.includes("'") ? '"' : "'";
  if (!value.includes(quote) && !value.includes("\\\\") && !value.endsWith("\\") && !INVISIBLE.test(value)) {
    return `${quote}${value}${quote}`;
  }
  const json = Array.from(value, (character) =>
    INVISIBLE.test(character) || /["'\\]/.test(character) ? escaped(character) : character,
  ).join("");
  return `('"${json}"'|parseJson)`;
}

/** As JSON writes it, unit by unit. */
function escaped(character: string): string {
  return character
    .split("")
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("");
}
