import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { DescribeSecurityGroupsCommand, DescribeSnapshotsCommand } from "@aws-sdk/client-ec2";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { repoRoot } from "#test/support/tools.ts";
import {
  abroad,
  bucketIn,
  elsewhere,
  groupsOf,
  keysIn,
  launch,
  objectIn,
  respond,
  type Scene,
  startScene,
} from "./support/scene.ts";

let account: Scene;
beforeAll(async () => {
  account = await startScene();
});
afterAll(() => account.truth.stop());

async function madeFor(scene: Scene, id: string) {
  const Filters = [{ Name: "tag:ir:source", Values: [id] }];
  const { Snapshots = [] } = await scene.ec2.send(new DescribeSnapshotsCommand({ Filters }));
  const inVpc = [{ Name: "vpc-id", Values: [scene.vpcId] }];
  const { SecurityGroups = [] } = await scene.ec2.send(new DescribeSecurityGroupsCommand({ Filters: inVpc }));
  const groups = SecurityGroups.filter(({ GroupName = "" }) => GroupName.startsWith("ir-quarantine"));
  return { snapshots: Snapshots.length, groups: groups.length };
}

/** Runs the built command, and kills it when its nth change arrives. @returns whether there was an nth */
async function killedAt({ truth, region }: Scene, id: string, change: number): Promise<boolean> {
  const program = path.join(repoRoot, "cli/dist/cloudtrail-to-slack.js");
  const child = spawn(process.execPath, [program, "respond", "-i", id, "-r", region], { stdio: "ignore" });
  const ended = once(child, "exit");
  const run = () => void child.kill("SIGKILL");
  const injected = truth.inject({
    on: ({ mutating }) => mutating,
    region,
    from: change,
    times: 10_000,
    fault: { kind: "meanwhile", run },
  });
  await ended;
  injected.remove();
  return injected.hits() > 0;
}

/** Who was killed still has its turn for half a minute. Lets most of that pass, so that the next one waits only for the rest. */
async function passTime(scene: Scene, id: string): Promise<void> {
  const { s3, region } = scene;
  const claims = (await keysIn(scene, "cases/")).filter((key) => key.includes(id) && key.includes("/claims/"));
  for (const Key of claims) {
    const { atMs } = JSON.parse((await objectIn(scene, Key)).toString());
    const Body = JSON.stringify({ atMs: atMs - 22_000 });
    await s3.send(new PutObjectCommand({ Bucket: bucketIn(region), Key, Body }));
  }
}

/** @returns whether there was an nth change at which to kill it */
async function killAndResume(home: Scene, change: number): Promise<boolean> {
  const scene = await elsewhere(home);
  const inRegion = ["-r", scene.region];
  const id = await launch(scene);
  const killed = await killedAt(scene, id, change);
  await passTime(scene, id);
  const { code, out } = await respond("-i", id, ...inRegion);
  const at = `killed at change ${change}`;
  expect([at, [0, 6].includes(code), code === 0 || code === 6 ? "" : out]).toEqual([at, true, ""]);
  expect([at, await madeFor(scene, id)]).toEqual([at, { snapshots: 1, groups: 1 }]);
  const restored = await respond("restore", id, "--reason", "test", ...inRegion);
  expect([at, restored.code, await groupsOf(scene, id)]).toEqual([at, 0, [[scene.groupId]]]);
  return killed;
}

/** How many are killed at the same time, each in a region of its own. */
const TOGETHER = 8;

test("G5 trap 31: killed at any change and run again, everything is done once, and the state before is the first one", async () => {
  const homes = await Promise.all(Array.from({ length: TOGETHER }, (_, number) => abroad(account, number)));
  let changes = 0;
  for (let going = true; going; ) {
    const done = changes;
    const killed = await Promise.all(homes.map((home, number) => killAndResume(home, done + number + 1)));
    changes += killed.filter(Boolean).length;
    going = !killed.includes(false);
  }
  expect(changes).toBeGreaterThan(12);
}, 300_000);

test("G6: twenty at once are one case, one group, one set of snapshots", async () => {
  const scene = await elsewhere(account);
  const id = await launch(scene);
  const runs = await Promise.all(Array.from({ length: 20 }, () => respond("-i", id)));
  expect(new Set(runs.map(({ code }) => code)).size).toBeLessThanOrEqual(2);
  expect(runs.filter(({ code }) => code !== 0 && code !== 6).map(({ out }) => out)).toEqual([]);
  expect(await madeFor(scene, id)).toEqual({ snapshots: 1, groups: 1 });
  const cases = (await keysIn(scene, "cases/")).filter((key) => key.includes(id)).map((key) => key.split("/")[1]);
  expect(new Set(cases).size).toBe(1);
  expect((await respond("restore", id, "--reason", "test")).code).toBe(0);
  expect(await groupsOf(scene, id)).toEqual([[scene.groupId]]);
});
