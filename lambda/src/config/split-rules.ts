const OPENING = "([{";
const CLOSING = ")]}";

/**
 * Splits rules that arrive as one text, as in the older module. A separator inside quotes or brackets belongs to the
 * rule. Rules are trimmed, empty ones dropped. Where quotes or brackets do not match, the rest stays together: the
 * expression's own error then shows the place.
 */
export function splitRules(text: string, separator: string): readonly string[] {
  const rules: string[] = [];
  let quote: string | undefined;
  let depth = 0;
  let start = 0;
  for (let index = 0; index < text.length; index++) {
    const character = text.charAt(index);
    if (quote !== undefined) {
      if (character === "\\") index += 1;
      else if (character === quote) quote = undefined;
    } else if (depth === 0 && text.startsWith(separator, index)) {
      rules.push(text.slice(start, index));
      start = index + separator.length;
      index = start - 1;
    } else if (character === "'" || character === '"') quote = character;
    else if (OPENING.includes(character)) depth += 1;
    else if (CLOSING.includes(character)) depth = Math.max(0, depth - 1);
  }
  return [...rules, text.slice(start)].map((rule) => rule.trim()).filter((rule) => rule !== "");
}
