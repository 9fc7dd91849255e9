import { showGroupsOfFirstInterface } from "./groups.ts";
import { correctInterface } from "./interfaces.ts";
import { filtersOf } from "./lookups.ts";
import type { AwsRequest } from "./request.ts";
import type { Correction } from "./rule.ts";
import { correctSpot } from "./spot.ts";
import { transitionOf, type World } from "./world.ts";
import { child, type Element, element, elementsAt, setChild, textAt } from "./xml.ts";

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceState.html */
const stateCodes: Readonly<Record<string, number>> = { pending: 0, "shutting-down": 32, stopping: 64 };

function correctInstance(instance: Element, world: World): void {
  const id = textAt(instance, "instanceId") ?? "";
  for (const each of elementsAt(instance, "networkInterfaceSet", "item")) correctInterface(each, world);
  showGroupsOfFirstInterface(instance);
  correctSpot(instance, world);
  // moto's way to say that there is nothing to say.
  instance.children = instance.children.filter((each) => !(each.name === "kernelId" && each.text === "None"));
  const facts = world.state.facts.get(id);
  if (facts?.rootDeviceType !== undefined) setChild(instance, element("rootDeviceType", facts.rootDeviceType));
  const shown = transitionOf(world, id);
  if (shown === undefined) return;
  const code = element("code", String(stateCodes[shown] ?? 0));
  setChild(instance, element("instanceState", [code, element("name", shown)]));
}

/** RunInstances. */
export const correctLaunch: Correction = (answer, _request, world) => {
  for (const each of elementsAt(answer, "instancesSet", "item")) correctInstance(each, world);
};

/** DescribeInstances. */
export const correctInstances: Correction = (answer, request, world) => {
  for (const reservation of elementsAt(answer, "reservationSet", "item")) {
    const instances = child(reservation, "instancesSet");
    if (instances === undefined) continue;
    for (const each of instances.children) correctInstance(each, world);
    keepFitting(instances, request, "instance-state-name", (each) => textAt(each, "instanceState", "name"));
  }
};

/** moto filters before the proxy says in which state something is: what no longer fits goes, though what now would, stays away. */
function keepFitting(
  set: Element,
  { params }: AwsRequest,
  filter: string,
  read: (item: Element) => string | undefined,
) {
  const wanted = filtersOf(params).get(filter);
  if (wanted !== undefined) set.children = set.children.filter((item) => wanted.includes(read(item) ?? ""));
}

/** DescribeSnapshots. */
export const correctSnapshots: Correction = (answer, request, world) => {
  const set = child(answer, "snapshotSet");
  if (set === undefined) return;
  for (const each of set.children) correctSnapshot(each, world);
  keepFitting(set, request, "status", (each) => textAt(each, "status"));
};

function correctSnapshot(snapshot: Element, world: World): void {
  const shown = transitionOf(world, textAt(snapshot, "snapshotId") ?? "");
  if (shown === undefined) return;
  setChild(snapshot, element("status", shown));
  setChild(snapshot, element("progress", "50%"));
}

/** DescribeVolumes. */
export const correctVolumes: Correction = (answer, request, world) => {
  const set = child(answer, "volumeSet");
  if (set === undefined) return;
  for (const each of set.children) correctVolume(each, world);
  keepFitting(set, request, "status", (each) => textAt(each, "status"));
};

/** A volume that is being detached is still in use. */
function correctVolume(volume: Element, world: World): void {
  const shown = transitionOf(world, textAt(volume, "volumeId") ?? "");
  if (shown === undefined) return;
  const isAttaching = shown === "attaching" || shown === "detaching";
  setChild(volume, element("status", isAttaching ? "in-use" : shown));
  for (const each of elementsAt(volume, "attachmentSet", "item"))
    if (isAttaching) setChild(each, element("status", shown));
}
