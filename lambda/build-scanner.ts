import { readFileSync } from "node:fs";
import path from "node:path";
import { main } from "assemblyscript/asc";

const SOURCE = path.join(import.meta.dirname, "scanner", "scan.ts");

/** Compiles the scanner to WebAssembly, byte for byte the same on every machine. @throws what the compiler says */
export async function compileScanner(): Promise<Uint8Array> {
  let code: Uint8Array | undefined;
  const { error, stderr } = await main(
    // Without a runtime: the scanner allocates nothing, and its memory comes from outside.
    [
      "scan.ts",
      "--outFile",
      "scan.wasm",
      "-O3",
      "--runtime",
      "stub",
      "--enable",
      "simd",
      "--importMemory",
      "--noAssert",
    ],
    {
      readFile: (name) => (name === "scan.ts" ? readFileSync(SOURCE, "utf8") : null),
      writeFile: (name, contents) => {
        if (name === "scan.wasm" && typeof contents !== "string") code = contents;
      },
      listFiles: () => [],
    },
  );
  if (error !== null || code === undefined)
    throw new Error(`the scanner does not compile:\n${stderr}`, { cause: error });
  return code;
}
