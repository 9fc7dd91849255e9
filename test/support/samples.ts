import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { repoRoot } from "./tools.ts";

/** Real log files that lie beside the checkout on the project's own machines; nothing here needs them. */
const SAMPLES = path.join(repoRoot, "..", "shared", "samples");

/** Whether the sample log files are there. */
export const hasSamples: boolean = existsSync(SAMPLES);

/** The sample log files, or none. */
export function sampleLogFiles(): readonly { readonly name: string; readonly bytes: Uint8Array }[] {
  if (!hasSamples) return [];
  const names = readdirSync(SAMPLES).filter((name) => name.endsWith(".json.gz"));
  return names.map((name) => ({ name, bytes: readFileSync(path.join(SAMPLES, name)) }));
}
