import { readFileSync } from "node:fs";
import * as v from "valibot";

/** The version of this repository. In the bundle this whole module is replaced by its value: see `lambda/bundle.ts`. */
export const version = v.parse(
  v.object({ version: v.string() }),
  JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")),
).version;
