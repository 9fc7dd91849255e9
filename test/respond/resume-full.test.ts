import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import StreamZip from "node-stream-zip";
import { expect, test, vi } from "vitest";
import { repoRoot } from "#test/support/tools.ts";
import { described } from "./support/described.ts";
import { MADE_ONCE, madeFor, prepareForFull } from "./support/for-full.ts";
import { killedAt, passTime } from "./support/killed.ts";
import { FULL, type Play, playStep, playSteps } from "./support/steps.ts";
import { useScene } from "./support/use-scene.ts";

vi.spyOn(console, "log").mockImplementation(() => {});
const scene = await useScene();
const { settings, victim } = await prepareForFull(scene);

/** The function as it is deployed, with its payload on standard input. */
const folder = mkdtempSync(path.join(tmpdir(), "function-"));
const zip = new StreamZip.async({ file: path.join(repoRoot, "lambda/dist/incident-response.zip") });
await zip.extract(null, folder);
await zip.close();
const CALL = `require(${JSON.stringify(folder)}).handler(JSON.parse(require("node:fs").readFileSync(0, "utf8")))`;

/** The steps that find nothing to change on that instance. */
const LOOKING = "HoldAutoScaling CutAddresses ShutdownBehavior AwaitStopped AwaitSnapshots AwaitForensic".split(" ");

/** Of `full` and of a restore: whether a step has still been killed at the change before. */
const going = { full: new Map<string, boolean>(), restore: new Map<string, boolean>() };

/** Plays both; each step is killed at its nth change, or loses its answer where it has no nth, and is tried again. */
async function killedAndResumed(change: number) {
  const id = await victim();
  const before = await described(scene, id);
  const killed: string[] = [];
  const again =
    (had: Map<string, boolean>): Play =>
    async (step, state) => {
      if (had.get(step) !== false) {
        const there = await killedAt(scene, change, ["--eval", CALL], JSON.stringify({ step, state }));
        had.set(step, there);
        if (there) killed.push(step);
        await passTime(scene, id);
      }
      return playStep(step, state);
    };
  const records = await playSteps({ instanceId: id }, settings, again(going.full));
  const { interrupts, ...made } = await madeFor(scene, id);
  const restored = await playSteps({ instanceId: id, action: "restore" }, settings, again(going.restore));
  const failed = Object.values({ ...records, ...restored }).filter(({ status }) => status === "failed");
  return { killed, interrupts, made, failed, before, after: await described(scene, id) };
}

test("G5: the function is killed at any change of any step of full and restore, and tried again: everything is done once", async () => {
  const { interrupts: once, ...whole } = MADE_ONCE;
  for (let change = 1, more = true; more; change += 1) {
    const { killed, interrupts, made, failed, before, after } = await killedAndResumed(change);
    expect({ change, failed, made, after }).toEqual({ change, failed: [], made: whole, after: before });
    // Killed between the intent and the interrupt, it does not know whether the machine got it, and sends no other.
    expect([change, interrupts <= once]).toEqual([change, true]);
    more = killed.length > 0;
    const changing = [...FULL, "Restore"].filter((step) => !LOOKING.includes(step));
    if (change === 1) expect(killed).toEqual(expect.arrayContaining(changing));
  }
}, 600_000);
