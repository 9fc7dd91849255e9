/** A process that does nothing but decide about the records of one file: prints how many megabytes it took at most. */
import { createReadStream } from "node:fs";
import { createFastPath } from "./fast-path.ts";
import { benchRules } from "./rule-sets.ts";

let peak = 0;
// Sampled: the largest resident set that Linux tells of a process begins with that of its parent.
const onBatch = () => {
  peak = Math.max(peak, process.memoryUsage.rss());
};
const [, , file = ""] = process.argv;
await createFastPath(benchRules())(createReadStream(file), { onBatch });
onBatch();
console.log((peak / 2 ** 20).toFixed(1));
