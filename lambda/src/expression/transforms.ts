import { ADDRESS_TRANSFORMS } from "./transforms/address.ts";
import { LIST_TRANSFORMS } from "./transforms/list.ts";
import { PATTERN_TRANSFORMS } from "./transforms/pattern.ts";
import { TEXT_TRANSFORMS } from "./transforms/text.ts";
import { TIME_TRANSFORMS } from "./transforms/time.ts";
import type { Transform } from "./transforms/transform.ts";
import { VALUE_TRANSFORMS } from "./transforms/value.ts";

export { type Transform, texts } from "./transforms/transform.ts";

/**
 * Transforms that every expression may use. Where a text is expected, a list means "any of them". A question about what
 * is not there is answered with false, a value of it is undefined.
 */
export const TRANSFORMS: Readonly<Record<string, Transform>> = {
  ...TEXT_TRANSFORMS,
  ...PATTERN_TRANSFORMS,
  ...LIST_TRANSFORMS,
  ...ADDRESS_TRANSFORMS,
  ...VALUE_TRANSFORMS,
  ...TIME_TRANSFORMS,
};

/** Those that refuse some values with an EvaluationError; no other transform throws. */
export const THROWING_TRANSFORMS: readonly string[] = Object.keys(PATTERN_TRANSFORMS);
