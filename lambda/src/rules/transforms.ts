import { PYTHON_TRANSFORMS } from "#expression/python/transforms.ts";
import { THROWING_TRANSFORMS, type Transform } from "#expression/transforms.ts";
import { isAdminPolicy } from "./admin-policy.ts";
import { isCall } from "./call-name.ts";
import { lacksTags } from "./lacks-tags.ts";
import { isPublicPolicy } from "./public-policy.ts";

/** Transforms beside those of every expression: what knows AWS, and what translated Python needs. */
export const transforms: Readonly<Record<string, Transform>> = {
  ...PYTHON_TRANSFORMS,
  isAdminPolicy,
  isCall,
  isPublicPolicy,
  lacksTags,
};

/** All that may throw, because they search with patterns of the user's. */
export const THROWING: ReadonlySet<string> = new Set([...THROWING_TRANSFORMS, "lacksTags"]);
