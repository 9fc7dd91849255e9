import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { flatten } from "#records/flatten.ts";
import { decide } from "#rules/decide.ts";
import { chunksOf, createFastPath } from "./fast-path.ts";
import { benchFile } from "./log-files.ts";
import { alternate } from "./measure.ts";
import { ratios } from "./one-file.ts";
import { coldStart, peakMemoryMb } from "./processes.ts";
import { benchRules, manyRules, unfilterableRules } from "./rule-sets.ts";

/** One line of the table. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** At most so much; undefined where nothing is required. */
  readonly required?: number | undefined;
  readonly aim?: number;
}

/** Required on Node 22, and on Node 24, where parsing is faster. */
interface Bound {
  readonly node22: number;
  readonly node24: number;
  readonly aim: number;
}

const IS_NODE_22 = process.versions.node.startsWith("22.");
const bound = ({ node22, node24, aim }: Bound) => ({ required: IS_NODE_22 ? node22 : node24, aim });
/** The processor time of `gunzipSync` and `JSON.parse` in the same process. */
const UNIT = "× parsing";

/** Every figure that the project has promised, one after another. @param seconds for each */
export async function* figures(seconds: number): AsyncGenerator<Figure> {
  const [small, usual, large, agents] = [
    await benchFile(1_000),
    await benchFile(20_000),
    await benchFile(200_000),
    await benchFile(20_000, { distinctUserAgents: true }),
  ];
  const ratio = async (file: string, ruleSet = benchRules()) => {
    const { fast, parse } = await ratios(readFileSync(file), ruleSet, seconds);
    return fast.cpuMs / parse.cpuMs;
  };
  yield {
    name: "20,000 records",
    value: await ratio(usual),
    unit: UNIT,
    ...bound({ node22: 0.38, node24: 0.5, aim: 0.28 }),
  };
  yield {
    name: "200,000 records",
    value: await ratio(large),
    unit: UNIT,
    ...bound({ node22: 0.3, node24: 0.38, aim: 0.2 }),
  };
  yield { name: "peak memory, 200,000 records", value: await peakMemoryMb(large), unit: "MB", required: 200, aim: 130 };
  yield {
    name: "1,000 records, warm",
    value: await ratio(small),
    unit: UNIT,
    ...bound({ node22: 0.45, node24: 0.55, aim: 0.3 }),
  };
  const others = (node22: number, aim: number) => (IS_NODE_22 ? { required: node22, aim } : {});
  yield { name: "every record has another user agent", value: await ratio(agents), unit: UNIT, ...others(0.5, 0.38) };
  yield {
    name: "rules that nothing can filter",
    value: await ratio(usual, unfilterableRules()),
    unit: UNIT,
    ...others(1, 0.75),
  };
  yield {
    name: "decision on a parsed record",
    value: await decisionMicroseconds(small, seconds),
    unit: "µs",
    required: 5,
    aim: 2,
  };
  const { zipKb, importMs, readyMs } = await coldStart();
  yield { name: "package, zipped", value: zipKb, unit: "KB", required: 350, aim: 150 };
  yield { name: "import, without starting Node", value: importMs, unit: "ms", required: 50, aim: 25 };
  yield { name: "the same until SSM can be asked", value: readyMs, unit: "ms" };
  yield* growth(seconds);
  yield { name: "SHA-256 of the file, where a ledger wants it", value: await hashRatio(usual, seconds), unit: UNIT };
}

/** Of records as `JSON.parse` gives them; a thousand of them, so that they stay in the processor's cache. */
async function decisionMicroseconds(file: string, seconds: number): Promise<number> {
  const { Records } = JSON.parse(gunzipSync(readFileSync(file)).toString());
  const judgeables = (Array.isArray(Records) ? Records : []).flatMap((record: unknown) => {
    const judgeable = flatten(record);
    return "unjudgeable" in judgeable ? [] : [judgeable];
  });
  const ruleSet = benchRules();
  const [cost] = await alternate([() => judgeables.map((judgeable) => decide(ruleSet, judgeable))], seconds);
  return ((cost?.cpuMs ?? Number.NaN) / judgeables.length) * 1_000;
}

/** Ten times as much takes at most eleven times as long. */
async function* growth(seconds: number): AsyncGenerator<Figure> {
  const bound = { unit: "× for 10 ×", required: 11 };
  const fastPath = createFastPath(benchRules());
  for (const records of [1_000, 10_000, 100_000]) {
    const works = await Promise.all(
      [records, 10 * records].map(async (count) => {
        const bytes = readFileSync(await benchFile(count));
        return () => fastPath(chunksOf(bytes));
      }),
    );
    // In pairs, or the largest file would leave no time for the others.
    const [few, many] = await alternate(works, seconds);
    const name = `growth from ${records.toLocaleString("en")} to ${(10 * records).toLocaleString("en")} records`;
    yield { name, value: (many?.cpuMs ?? Number.NaN) / (few?.cpuMs ?? Number.NaN), ...bound };
  }
  const tenThousand = readFileSync(await benchFile(10_000));
  const paths = [10, 100, 1_000].map((count) => createFastPath(manyRules(count)));
  const byRules = await alternate(
    paths.map((path) => () => path(chunksOf(tenThousand))),
    seconds,
  );
  for (const [index, cost] of byRules.slice(1).entries()) {
    const name = `growth from ${10 ** (index + 1)} to ${10 ** (index + 2)} rules`;
    yield { name, value: cost.cpuMs / (byRules[index]?.cpuMs ?? Number.NaN), ...bound };
  }
}

/** What hashing adds, which a digest file is compared with. */
async function hashRatio(file: string, seconds: number): Promise<number> {
  const bytes = readFileSync(file);
  const unpacked = gunzipSync(bytes);
  const works = [() => JSON.parse(gunzipSync(bytes).toString()), () => createHash("sha256").update(unpacked).digest()];
  const [parse, hash] = await alternate(works, seconds);
  return (hash?.cpuMs ?? Number.NaN) / (parse?.cpuMs ?? Number.NaN);
}
