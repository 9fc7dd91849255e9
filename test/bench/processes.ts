import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { unzipSync } from "fflate";
import { bundle } from "#lambda/bundle.ts";
import { onProcessEnd, repoRoot, run } from "#test/support/tools.ts";
import { median } from "./measure.ts";

const STARTS = 9;
/** As Lambda bounds the heap of a function with 512 MB. */
const HEAP = ["--max-old-space-size=460", "--max-semi-space-size=16"];

/** The megabytes that a process takes at most which does nothing but decide about the records of a file. */
export async function peakMemoryMb(file: string): Promise<number> {
  const { code } = await bundle("test/bench/peak-memory.ts", "", { target: "node22", format: "esm" });
  const script = path.join(temporaryFolder(), "peak-memory.mjs");
  writeFileSync(script, code);
  const { stdout } = await run(process.execPath, [...HEAP, script, file], { timeoutMs: 600_000 });
  return Number(stdout);
}

/** What a cold start costs before the first event, in the median and in milliseconds beside starting Node. */
interface ColdStart {
  readonly zipKb: number;
  readonly importMs: number;
  /** Until the client of SSM is there, too, which begins to load at once. */
  readonly readyMs: number;
}

/** How large the function's package is, and what loading it takes. */
export async function coldStart(): Promise<ColdStart> {
  const zip = path.join(repoRoot, "lambda", "dist", "notifier.zip");
  const folder = temporaryFolder();
  for (const [name, bytes] of Object.entries(unzipSync(readFileSync(zip))))
    writeFileSync(path.join(folder, name), bytes);
  const entry = JSON.stringify(path.join(folder, "index.js"));
  const script = `const start = performance.now(); require(${entry}); const loaded = performance.now();
    setImmediate(() => console.log(JSON.stringify([loaded - start, performance.now() - start])));`;
  const env = { ...process.env, AWS_REGION: "eu-central-1" };
  const times: [importMs: number, readyMs: number][] = [];
  for (let start = 0; start < STARTS; start++) {
    const { stdout } = await run(process.execPath, ["--eval", script], { env });
    times.push(JSON.parse(stdout));
  }
  return {
    zipKb: statSync(zip).size / 1024,
    importMs: median(times.map(([importMs]) => importMs)),
    readyMs: median(times.map(([, readyMs]) => readyMs)),
  };
}

function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), "bench-"));
  onProcessEnd(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
