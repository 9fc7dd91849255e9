import { readFileSync } from "node:fs";
import path from "node:path";

/** The scanner of log files, WebAssembly in base64. `build.ts` compiles it; in a bundle this module is its value. */
export const scannerCode: string = readFileSync(path.join(import.meta.dirname, "dist", "scanner.wasm")).toString(
  "base64",
);
