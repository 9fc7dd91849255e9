import { ExpressionError } from "#expression/expression-error.ts";
import { MAX_LENGTH, MAX_TOKENS, parse as parseJexl } from "#expression/parse.ts";
import { TooLongError } from "./logic.ts";
import { createReader } from "./meaning-of.ts";
import { KNOWN_NAMES } from "./names.ts";
import { OutsideError } from "./outside-error.ts";
import { parse } from "./parser.ts";

/**
 * Whether a rule is to be read as Python where either language may be: it uses what only Python has. Three such things
 * Jexl reads too, but as nothing that could be meant: `'key' in event`, `1 < event['x'] < 5`, `True`. False for what is
 * neither.
 */
export function isPython(text: string): boolean {
  try {
    const { names, pythonOnly, likeJexl } = parse(text);
    if (pythonOnly === "no" || likeJexl) return false;
    return [...names].every((name) => name === "event" || (pythonOnly === "certain" && KNOWN_NAMES.has(name)));
  } catch (error) {
    return error instanceof OutsideError;
  }
}

/**
 * Jexl with the verdict that the older Python module gives: `eval(rule, {}, {"event": flattened}) is True`, where a rule
 * that raises an exception does not match. It needs the transforms of PYTHON_TRANSFORMS.
 * @throws ExpressionError at a syntax error, and at what has no exact equal in Jexl; its message continues "the expression …"
 */
export function translatePython(text: string): string {
  const { tree } = parse(text);
  const jexl = whereItFits(() => {
    const { isTrue } = createReader(text)(tree);
    return isTrue.strict ? isTrue.text : `!!(${isTrue.text})`;
  });
  if (jexl === undefined || !isSmall(jexl)) {
    throw new ExpressionError(
      `has more than ${MAX_LENGTH} characters or ${MAX_TOKENS} parts when it is translated to Jexl`,
      text,
      0,
    );
  }
  return jexl;
}

function whereItFits(translate: () => string): string | undefined {
  try {
    return translate();
  } catch (error) {
    if (error instanceof TooLongError) return undefined;
    throw error;
  }
}

/** What is translated is right for the compiler, unless it is over one of its bounds. */
function isSmall(jexl: string): boolean {
  try {
    parseJexl(jexl);
    return true;
  } catch {
    return false;
  }
}
