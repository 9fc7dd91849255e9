import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { DescribeSecurityGroupsCommand, DescribeSnapshotsCommand } from "@aws-sdk/client-ec2";
import { afterAll, beforeAll, expect, test } from "vitest";
import { repoRoot } from "#test/support/tools.ts";
import { elsewhere, groupsOf, keysIn, launch, respond, type Scene, startScene } from "./support/scene.ts";

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
async function killedAt(scene: Scene, id: string, change: number): Promise<boolean> {
  const program = path.join(repoRoot, "cli/dist/cloudtrail-to-slack.js");
  const child = spawn(process.execPath, [program, "respond", "-i", id], { stdio: "ignore" });
  const ended = once(child, "exit");
  const run = () => void child.kill("SIGKILL");
  const injected = scene.truth.inject({
    on: ({ mutating }) => mutating,
    from: change,
    times: 10_000,
    fault: { kind: "meanwhile", run },
  });
  await ended;
  injected.remove();
  return injected.hits() > 0;
}

test("G5 trap 31: killed at any change and run again, everything is done once, and the state before is the first one", async () => {
  let change = 0;
  for (let killed = true; killed; ) {
    change += 1;
    const scene = await elsewhere(account);
    const id = await launch(scene);
    killed = await killedAt(scene, id, change);
    const { code, out } = await respond("-i", id);
    const at = `killed at change ${change}`;
    expect([at, [0, 6].includes(code), code === 0 || code === 6 ? "" : out]).toEqual([at, true, ""]);
    expect([at, await madeFor(scene, id)]).toEqual([at, { snapshots: 1, groups: 1 }]);
    const restored = await respond("restore", id, "--reason", "test");
    expect([at, restored.code, await groupsOf(scene, id)]).toEqual([at, 0, [[scene.groupId]]]);
  }
  expect(change).toBeGreaterThan(12);
}, 600_000);

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
