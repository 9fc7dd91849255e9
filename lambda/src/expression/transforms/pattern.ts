import { RE2JS } from "re2js";
import { EvaluationError } from "#expression/evaluation-error.ts";
import { type Transform, texts } from "./transform.ts";

/** Characters of one pattern, and of one text that `matches` searches. */
export const MAX_PATTERN_CHARACTERS = 1_000;
export const MAX_TEXT_CHARACTERS = 65_536;
/** Characters of all texts together that `anyMatch` searches: four times what CloudTrail puts into a record. */
export const MAX_TOTAL_CHARACTERS = 1_048_576;
/**
 * Instructions of patterns times characters of texts, in one call. The slowest engine of RE2 needs some 50 ns for each,
 * so this bounds a call to less than two seconds.
 */
const MAX_STEPS = 2 ** 25;

/** Compiled patterns that are kept. A rule set has fewer, unless patterns come from records. */
const MAX_KEPT = 500;
const kept = new Map<string, RE2JS | EvaluationError>();

/** A pattern, compiled once. RE2 searches in linear time. @throws EvaluationError that says what is wrong with it */
export function patternOf(pattern: string): RE2JS {
  let compiled = kept.get(pattern);
  if (compiled === undefined) {
    if (kept.size >= MAX_KEPT) kept.clear();
    compiled = compile(pattern);
    if (pattern.length <= MAX_PATTERN_CHARACTERS) kept.set(pattern, compiled);
  }
  if (compiled instanceof EvaluationError) throw compiled;
  return compiled;
}

function compile(pattern: string): RE2JS | EvaluationError {
  if (pattern.length > MAX_PATTERN_CHARACTERS) {
    return new EvaluationError(`a pattern is longer than ${MAX_PATTERN_CHARACTERS} characters`);
  }
  try {
    return RE2JS.compile(pattern);
  } catch {
    return new EvaluationError("a pattern is none that RE2 knows (it has no look-around and no back references)");
  }
}

/** @throws EvaluationError when texts or patterns pass a bound, or a pattern is none */
function isFound(searched: readonly string[], patterns: readonly string[]): boolean {
  if (searched.length === 0 || patterns.length === 0) return false;
  const compiled = patterns.map(patternOf);
  let steps = 0;
  return searched.some((text) => {
    if (text.length > MAX_TEXT_CHARACTERS) {
      throw new EvaluationError(`a text has more than the ${MAX_TEXT_CHARACTERS} characters that a pattern may search`);
    }
    return compiled.some((pattern) => {
      steps += text.length * pattern.programSize();
      if (steps > MAX_STEPS) throw new EvaluationError("a pattern is too large for so long a text");
      return pattern.test(text);
    });
  });
}

/** Every text anywhere inside. @throws EvaluationError when there is more than {@link MAX_TOTAL_CHARACTERS} */
function textsWithin(value: unknown): readonly string[] {
  const found: string[] = [];
  const seen = new Set<object>();
  let characters = 0;
  const open: unknown[] = [value];
  while (open.length > 0) {
    const item = open.pop();
    if (typeof item === "string") {
      characters += item.length;
      if (characters > MAX_TOTAL_CHARACTERS)
        throw new EvaluationError("there is too much text to search for a pattern");
      found.push(item);
    } else if (typeof item === "object" && item !== null && !seen.has(item)) {
      seen.add(item);
      for (const part of Object.values(item)) open.push(part);
    }
  }
  return found;
}

/** Searches by patterns of RE2 (https://github.com/google/re2/wiki/Syntax). */
export const PATTERN_TRANSFORMS = {
  /** `userAgent|matches('(?i)kali|parrot')`: a pattern is found anywhere in a text. */
  matches: (value, patterns) => isFound(texts(value), texts(patterns)),
  /** `requestParameters|anyMatch('AKIA[A-Z0-9]{16}')`: as `matches`, in every text inside an object or list. */
  anyMatch: (value, patterns) => isFound(textsWithin(value), texts(patterns)),
} satisfies Readonly<Record<string, Transform>>;
