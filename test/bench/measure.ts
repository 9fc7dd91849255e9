/** Processor time of the whole process, its helpers for packing and garbage included, and time on the clock; both in milliseconds. */
export interface Cost {
  readonly cpuMs: number;
  readonly wallMs: number;
}

/** A sample lasts so long at least, or it would measure the clock. In milliseconds. */
const MIN_SAMPLE_MS = 60;
const MIN_SAMPLES = 3;
/** What takes longer than a second needs no warming. */
const WARM_RUNS = 8;

async function costOf(work: () => unknown, times: number): Promise<Cost> {
  const [cpu, wall] = [process.cpuUsage(), performance.now()];
  for (let time = 0; time < times; time++) await work();
  const { user, system } = process.cpuUsage(cpu);
  return { cpuMs: (user + system) / 1_000 / times, wallMs: (performance.now() - wall) / times };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/**
 * What several things cost, in turns, so that whatever else the machine does meets all of them.
 * @param seconds how long to go on, once all are warm
 * @returns the median of each, in their order
 */
export async function alternate(works: readonly (() => unknown)[], seconds: number): Promise<readonly Cost[]> {
  const times: number[] = [];
  for (const work of works) {
    let wallMs = 0;
    for (let time = 0; time < WARM_RUNS && wallMs < 1_000; time++) wallMs = (await costOf(work, 1)).wallMs;
    times.push(Math.ceil(MIN_SAMPLE_MS / Math.max(0.01, wallMs)));
  }
  const samples: Cost[][] = works.map(() => []);
  const end = performance.now() + 1_000 * seconds;
  while (performance.now() < end || (samples[0]?.length ?? 0) < MIN_SAMPLES) {
    for (const [index, work] of works.entries()) samples[index]?.push(await costOf(work, times[index] ?? 1));
  }
  return samples.map((costs) => ({
    cpuMs: median(costs.map(({ cpuMs }) => cpuMs)),
    wallMs: median(costs.map(({ wallMs }) => wallMs)),
  }));
}
