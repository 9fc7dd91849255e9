import path from "node:path";
import { DescribeSecurityGroupsCommand, DescribeSnapshotsCommand } from "@aws-sdk/client-ec2";
import { expect, test } from "vitest";
import { repoRoot } from "#test/support/tools.ts";
import { described } from "./support/described.ts";
import { homeIn, make, type Wanted } from "./support/home.ts";
import { killedAt, passTime } from "./support/killed.ts";
import { abroad, elsewhere, groupsOf, keysIn, launch, respond, type Scene } from "./support/scene.ts";
import { useScene } from "./support/use-scene.ts";

const account = await useScene();

/** The built one. */
const COMMAND = path.join(repoRoot, "cli/dist/cloudtrail-to-slack.js");

/** What `contain` finds most to do on. */
const VICTIM: Wanted = {
  interfaces: 2,
  groups: 2,
  elastic: 1,
  protection: false,
  shutdown: "terminate",
  tags: ["ir:status", "Name"],
  profile: undefined,
  kind: "in a group",
  served: false,
};

async function madeFor(scene: Scene, id: string) {
  const Filters = [{ Name: "tag:ir:source", Values: [id] }];
  const { Snapshots = [] } = await scene.ec2.send(new DescribeSnapshotsCommand({ Filters }));
  const inVpc = [{ Name: "vpc-id", Values: [scene.vpcId] }];
  const { SecurityGroups = [] } = await scene.ec2.send(new DescribeSecurityGroupsCommand({ Filters: inVpc }));
  const groups = SecurityGroups.filter(({ GroupName = "" }) => GroupName.startsWith("ir-quarantine"));
  return { snapshots: Snapshots.length, groups: groups.length };
}

/** @returns whether there was an nth change at which to kill it */
async function killAndResume(home: Scene, change: number): Promise<boolean> {
  const scene = await elsewhere(home);
  const inRegion = ["-r", scene.region];
  const id = await make(await homeIn(scene), VICTIM);
  const before = await described(scene, id);
  const killed = await killedAt(scene, change, [COMMAND, "respond", "-i", id, ...inRegion]);
  await passTime(scene, id);
  const { code, out } = await respond("-i", id, ...inRegion);
  const at = `killed at change ${change}`;
  expect([at, [0, 6].includes(code), code === 0 || code === 6 ? "" : out]).toEqual([at, true, ""]);
  expect([at, await madeFor(scene, id)]).toEqual([at, { snapshots: 1, groups: 1 }]);
  const restored = await respond("restore", id, "--reason", "test", ...inRegion);
  expect([at, restored.code, await described(scene, id)]).toEqual([at, 0, before]);
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
  expect(changes).toBeGreaterThan(20);
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
