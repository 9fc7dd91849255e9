import { afterAll, beforeAll, expect, test } from "vitest";
import { type Deployed, deploy } from "./support/deployed.ts";
import { elsewhere, groupsOf, keysIn, launch, respond } from "./support/scene.ts";

let deployed: Deployed;
beforeAll(async () => {
  deployed = await deploy(() => ({ approvePowerOff: true, nmiGraceSeconds: 1 }));
});
afterAll(() => deployed?.stop());

test.each([
  ["approve", 0, ["StopInstances"]],
  ["deny", 4, []],
] as const)("the power-off waits for a person, isolation does not: %s", async (answer, code, stops) => {
  const scene = await elsewhere(deployed.scene);
  const id = await launch(scene);
  const running = respond("-i", id, "--mode", "full", "--yes");
  const waiting = async () =>
    (await keysIn(scene, "cases/")).find((key) => key.includes(id) && key.includes("approval-"));
  await expect.poll(waiting, { timeout: 60_000 }).toBeDefined();
  const [, name = ""] = ((await waiting()) ?? "").split("/");
  expect((await groupsOf(scene, id)).flat()).not.toContain(scene.groupId);
  expect(scene.truth.calls("StopInstances")).toEqual([]);
  expect((await respond(answer, name)).code).toBe(0);
  const ended = await running;
  expect({ code: ended.code, out: ended.code === code ? "" : ended.out }).toEqual({ code, out: "" });
  expect(scene.truth.calls("StopInstances").map(({ action }) => action)).toEqual(stops);
});
