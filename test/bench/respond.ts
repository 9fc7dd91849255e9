/**
 * How long the incident response takes on the local emulators: `npm run bench:respond`. Options:
 *
 *   --runs N        instances that are contained one after the other (100)
 *   --fleet N       instances that are contained at once while EC2 throttles at 20 requests a second (100)
 */
import { parseArgs } from "node:util";
import { deploy } from "#test/respond/support/deployed.ts";
import { containFleet, launchFleet, outOf, THROTTLE } from "#test/respond/support/fleet.ts";
import { freshScene, launch, type Ran, REGION, respond, type Scene, startScene } from "#test/respond/support/scene.ts";

const seconds = (ms: number) => ms / 1_000;
const isolatedAfter = ({ lines }: Ran) =>
  lines.flatMap(({ event, seconds: after }) => (event === "isolated" ? Number(after) : []));

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

function tell(what: string, value: string): void {
  console.log(`${what.padEnd(62)}${value}`);
}

async function oneByOne(scene: Scene, runs: number): Promise<void> {
  const toIsolation: number[] = [];
  const whole: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const id = await launch(scene);
    const startedMs = performance.now();
    const ran = await respond("-i", id, "--json");
    whole.push(seconds(performance.now() - startedMs));
    toIsolation.push(...isolatedAfter(ran));
    if (ran.code !== 0) throw new Error(`${id}: exit ${ran.code}\n${ran.said}`);
  }
  const shown = (values: readonly number[]) =>
    `median ${quantile(values, 0.5).toFixed(1)} s, p95 ${quantile(values, 0.95).toFixed(1)} s`;
  tell(`G1 time to isolation, contain, ${runs} runs`, shown(toIsolation));
  tell(`G2 whole contain, ${runs} runs`, shown(whole));
}

async function manyAtOnce(scene: Scene, count: number): Promise<void> {
  const ids = await launchFleet(scene, count);
  const { code, lines, isolatedMs, endedMs, calls } = await containFleet(scene);
  const isolated = (await outOf(scene, ids)).length;
  const what = `G7 ${count} instances, EC2 throttles at ${THROTTLE.perSecond} a second`;
  tell(`${what}: isolated`, `${isolated} within ${seconds(isolatedMs).toFixed(0)} s`);
  tell(`${what}: ended`, `after ${seconds(endedMs).toFixed(0)} s, exit ${code}`);
  for (const { instance, step, status, reason } of lines)
    if (status === "failed") tell(`   ${instance} ${step} failed`, String(reason));
  tell(`${what}: calls`, `${calls.all} of EC2, of which ${calls.throttled} were throttled`);
}

async function full(): Promise<void> {
  const deployed = await deploy(({ imageId, subnetId }) => ({ forensic: { ami: imageId, subnetIds: [subnetId] } }));
  try {
    const id = await launch(deployed.scene);
    const startedMs = performance.now();
    const { code } = await respond("-i", id, "--mode", "full", "--yes");
    tell(
      "G3 whole full, without its waits, one run",
      `${seconds(performance.now() - startedMs).toFixed(1)} s, exit ${code}`,
    );
  } finally {
    await deployed.stop();
  }
}

const { values } = parseArgs({
  options: { runs: { type: "string", default: "100" }, fleet: { type: "string", default: "100" } },
});
console.log(`Node ${process.versions.node}, emulators in ${REGION} on this machine\n`);
const scene = await startScene();
try {
  await oneByOne(scene, Number(values.runs));
  await manyAtOnce(await freshScene(scene), Number(values.fleet));
} finally {
  await scene.truth.stop();
}
await full();
