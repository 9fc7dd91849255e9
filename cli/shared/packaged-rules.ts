import { fileURLToPath } from "node:url";

/** The folder of the rule files that come with the package: as far from this file as from the bundle in `cli/dist/`. */
export const PACKAGED_RULES = fileURLToPath(new URL("../../rules/", import.meta.url));
