/**
 * What deciding costs, beside parsing the same file: `make bench` measures everything that is promised, writes
 * `test/bench/results/<version>.json`, and fails when a required figure falls short. Options:
 *
 *   --json FILE     measures a gzipped log file of yours, and prints one JSON object
 *   --seconds N     how long each figure is measured (6)
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { version } from "#cli/shared/version.ts";
import { repoRoot } from "#test/support/tools.ts";
import { type Figure, figures } from "./figures.ts";
import { fileFigures } from "./one-file.ts";
import { benchRules, countsOf } from "./rule-sets.ts";

const RESULTS = path.join(repoRoot, "test", "bench", "results");

const isMissed = ({ value, required }: Figure) => required !== undefined && !(value <= required);

function line({ name, value, unit, required, aim }: Figure): string {
  const digits = value < 10 ? 2 : value < 100 ? 1 : 0;
  const bounds = required === undefined ? "" : `at most ${required}${aim === undefined ? "" : `, aim ${aim}`}`;
  return `${name.padEnd(46)}${value.toFixed(digits).padStart(8)} ${unit.padEnd(12)}${bounds}`;
}

async function measureAll(seconds: number): Promise<void> {
  const rules = countsOf(benchRules());
  const counts = Object.entries(rules).map(([origin, count]) => `${count} ${origin}`);
  console.log(`Node ${process.versions.node}; rules: ${counts.join(", ")}\n`);
  const measured: Figure[] = [];
  for await (const figure of figures(seconds)) {
    measured.push(figure);
    console.log(line(figure) + (isMissed(figure) ? "  FALLS SHORT" : ""));
  }
  const file = path.join(RESULTS, `${version}.json`);
  mkdirSync(RESULTS, { recursive: true });
  // One result per version of Node stands in it.
  const earlier = readResults(file);
  const result = {
    ...earlier,
    [`node ${process.versions.node.split(".")[0]}`]: { node: process.versions.node, rules, figures: measured },
  };
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
  const missed = measured.filter(isMissed).length;
  console.log(missed === 0 ? "\nevery required figure is reached" : `\n${missed} required figures fall short`);
  process.exitCode = missed === 0 ? 0 : 1;
}

function readResults(file: string): object {
  try {
    return Object(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return {};
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { json: { type: "string" }, seconds: { type: "string", default: "6" } } });
  const seconds = Number(values.seconds);
  if (!(seconds > 0)) throw new Error(`--seconds ${values.seconds}: a number of seconds is expected`);
  if (values.json === undefined) await measureAll(seconds);
  else console.log(JSON.stringify(await fileFigures(values.json, seconds)));
}

await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
});
