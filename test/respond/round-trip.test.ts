import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { createProfile } from "#test/support/truth/profiles.ts";
import { described } from "./support/described.ts";
import { type Home, homeIn, make, type Wanted } from "./support/home.ts";
import { abroad, elsewhere, respond } from "./support/scene.ts";
import { playSteps, said } from "./support/steps.ts";
import { useScene } from "./support/use-scene.ts";

vi.spyOn(console, "log").mockImplementation(() => {});
const account = await useScene();
const profile = await createProfile(account.truth);

/** How many shapes are tried: `RESPOND_ROUND_TRIPS=2000` for more. */
const ROUND_TRIPS = Number(process.env.RESPOND_ROUND_TRIPS ?? 200);
/** One of so many goes through the whole of `full`, which takes longest. */
const OF_WHICH_FULL = 8;
/** In how many regions at the same time. The emulator is slower the more there is in one. */
const REGIONS = 16;

const shapes = fc.record({
  // Few have many; each more makes for more calls.
  interfaces: fc.oneof({ weight: 2, arbitrary: fc.integer({ min: 1, max: 3 }) }, fc.integer({ min: 4, max: 8 })),
  groups: fc.integer({ min: 1, max: 3 }),
  /** At which interface, where there are so many; at none otherwise. */
  elastic: fc.integer({ min: 0, max: 8 }),
  protection: fc.boolean(),
  shutdown: fc.constantFrom("stop", "terminate"),
  tags: fc.subarray(["ir:status", "ir:case", "Name", "team"]),
  profile: fc.option(fc.constant(profile), { nil: undefined }),
  kind: fc.constantFrom("alone", "spot", "in a group", "protected in a group"),
  served: fc.boolean(),
});

/** Makes an instance of that shape, has something done to it, and compares what AWS describes then with what it did before. */
async function roundTrip(home: Home, shape: Wanted, there: Way, andBack: Way): Promise<void> {
  const id = await make(home, shape);
  const before = await described(home.scene, id);
  const ends = [await there(id), await andBack(id)];
  expect({ ends, after: await described(home.scene, id) }).toEqual({ ends: ["", ""], after: before });
}

/** @returns what went wrong */
type Way = (id: string) => Promise<string>;

async function command(...args: readonly string[]): Promise<string> {
  const { code, out } = await respond(...args);
  return code === 0 ? "" : out;
}

async function steps(request: Readonly<Record<string, unknown>>): Promise<string> {
  const records = await playSteps(request, { revoke: "instance" });
  const failed = Object.keys(records).filter((step) => records[step]?.status === "failed");
  return failed.map((step) => `${step} ${said(records, step)}`).join("\n");
}

const tried = (home: Home, numRuns: number, there: Way, andBack: Way) => {
  const property = fc.asyncProperty(shapes, (shape) => roundTrip(home, shape, there, andBack));
  return fc.assert(property, { numRuns: Math.ceil(numRuns), endOnFailure: true });
};

test("G8: whatever the instance was like, it is so again after a response and a restore", async () => {
  const full = ROUND_TRIPS / OF_WHICH_FULL;
  const inOne = async (_: unknown, number: number) => {
    const home = await homeIn(await abroad(account, number));
    const region = ["-r", home.scene.region];
    const there = (id: string) => command("-i", id, ...region);
    const andBack = (id: string) => command("restore", id, "--reason", "round trip", ...region);
    await tried(home, (ROUND_TRIPS - full) / REGIONS, there, andBack);
  };
  const whole = async () => {
    const home = await homeIn(await elsewhere(account));
    const there = (instanceId: string) => steps({ instanceId });
    const andBack = (instanceId: string) => steps({ instanceId, action: "restore" });
    await tried(home, full, there, andBack);
  };
  await Promise.all([whole(), ...Array.from({ length: REGIONS }, inOne)]);
}, 1_800_000);
