import { createChecker } from "#expression/check.ts";
import type { Examine } from "./rule-set.ts";
import { transforms } from "./transforms.ts";
import { VOCABULARY } from "./vocabulary.ts";

const CHECKS = {
  condition: createChecker(transforms, VOCABULARY),
  text: createChecker(transforms, VOCABULARY, "text"),
};

/** Everything that can be said of an expression before there is a record: Jexl's own errors, and its traps. */
export const examine: Examine = (jexl, purpose) => CHECKS[purpose](jexl);
