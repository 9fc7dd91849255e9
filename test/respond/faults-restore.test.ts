import { DescribeInstancesCommand } from "@aws-sdk/client-ec2";
import { RegisterTargetsCommand } from "@aws-sdk/client-elastic-load-balancing-v2";
import { expect, test, vi } from "vitest";
import { launchInGroup } from "#test/support/truth/grouped-shapes.ts";
import { launch as launchShape } from "#test/support/truth/shapes.ts";
import { FAULTS, type Injected } from "./support/faults.ts";
import { groupsOf } from "./support/scene.ts";
import { playSteps, said } from "./support/steps.ts";
import { useScene } from "./support/use-scene.ts";

vi.spyOn(console, "log").mockImplementation(() => {});
// Of the waits that the jitter may draw, nearly the shortest: nothing here depends on their length.
vi.spyOn(Math, "random").mockReturnValue(0.02);
const scene = await useScene();
const grouped = await launchInGroup(scene.truth, { targetGroups: 1, sizes: [0, 1, 9] });

/** All that a restore changes. */
const CHANGES = [
  "AssociateAddress",
  "AssociateIamInstanceProfile",
  "AttachInstances",
  "AttachVolume",
  "CreateTags",
  "DeleteTags",
  "ModifyInstanceAttribute",
  "ModifyInstanceMetadataOptions",
  "ModifyNetworkInterfaceAttribute",
  "RegisterTargets",
  "StartInstances",
];

/** Two instances that `full` has contained, on which a restore finds something to do for every one of its changes. */
async function contained() {
  const alone = await launchShape(scene.truth, {
    network: grouped.network,
    profile: true,
    elasticIp: true,
    tags: { "ir:status": "mine" },
    launch: { InstanceInitiatedShutdownBehavior: "terminate" },
  });
  const Targets = [{ Id: alone.id, Port: 80 }];
  await scene.loadBalancing.send(new RegisterTargetsCommand({ TargetGroupArn: grouped.targetGroupArns[0], Targets }));
  const ids = [alone.id, grouped.id];
  for (const instanceId of ids) await playSteps({ instanceId }, { revoke: "instance" });
  scene.truth.forgetCalls();
  return ids;
}

async function restored(ids: readonly string[]) {
  const ends: string[] = [];
  for (const instanceId of ids) ends.push(said(await playSteps({ instanceId, action: "restore" }), "Restore"));
  const { Reservations = [] } = await scene.ec2.send(new DescribeInstancesCommand({ InstanceIds: [...ids] }));
  const states = Reservations.flatMap(({ Instances = [] }) => Instances.map(({ State }) => State?.Name));
  const groups = await Promise.all(ids.map((id) => groupsOf(scene, id)));
  return { ends, states, isOpen: groups.flat(2).every((group) => group === grouped.network.groupId) };
}

const WHOLE = { ends: ["ok: ", "ok: "], states: ["running", "running"], isOpen: true };

function inject({ fault, times }: Injected) {
  const injected = CHANGES.map((on) => ({ on, ...scene.truth.inject({ on, times, fault }) }));
  return () => {
    for (const one of injected) one.remove();
    return injected.filter(({ hits }) => hits() === 0).map(({ on }) => on);
  };
}

test.each(Object.entries(FAULTS).filter(([, { passes }]) => passes))(
  "G4: a restore gets over it at every one of its changes: %s",
  async (_name, injected) => {
    const ids = await contained();
    const end = inject(injected);
    const once = await restored(ids);
    expect({ missed: end(), ...once }).toEqual({ missed: [], ...WHOLE });
  },
);

test.each(Object.entries(FAULTS).filter(([, { passes }]) => !passes))(
  "G4: a restore says all that it could not do, and the next one does it: %s",
  async (_name, injected) => {
    const ids = await contained();
    const end = inject(injected);
    const { ends } = await restored(ids);
    end();
    expect(ends).toEqual([expect.stringMatching(/^failed: ./), expect.stringMatching(/^failed: ./)]);
    expect(await restored(ids)).toEqual(WHOLE);
  },
);
