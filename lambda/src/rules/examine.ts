import { createChecker } from "#expression/check.ts";
import type { Examine } from "./rule-set.ts";
import { transforms } from "./transforms.ts";
import { VOCABULARY } from "./vocabulary.ts";

/** Everything that can be said of a rule's expression before there is a record: Jexl's own errors, and its traps. */
export const examine: Examine = createChecker(transforms, VOCABULARY);
