import { isPython, translatePython } from "#expression/python/translate.ts";
import type { RulesLanguage } from "#model/rule.ts";

/**
 * An expression of a user's in Jexl. In `auto` it is Python when it uses what only Python has.
 * @returns `isTranslated` when it was Python
 * @throws ExpressionError that points at the place when it cannot be translated
 */
export function jexlOf(
  text: string,
  language: RulesLanguage,
): { readonly jexl: string; readonly isTranslated: boolean } {
  const isTranslated = language === "python" || (language === "auto" && isPython(text));
  return { jexl: isTranslated ? translatePython(text) : text, isTranslated };
}
