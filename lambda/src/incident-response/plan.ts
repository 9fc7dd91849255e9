import type { Before, Run } from "./run.ts";
import type { Settings } from "./settings.ts";

/** One thing that a run would do. */
export interface Planned {
  readonly step: string;
  /** In words; for what is skipped, why. */
  readonly what: string;
  readonly skipped: boolean;
}

/** What a run would do to an instance, without having done any of it. */
export function planOf(
  run: Pick<Run, "profile" | "instanceId">,
  before: Before,
  settings: Settings,
): readonly Planned[] {
  const { instance, interfaces, volumes } = before;
  const spot = instance.lifecycle === "spot";
  const running = instance.state === "running";
  const elastic = interfaces.some((one) => one.elastic.length > 0);
  const does = (step: string, what: string): Planned => ({ step, what, skipped: false });
  const skips = (step: string, what: string): Planned => ({ step, what, skipped: true });
  const when = (condition: boolean, step: string, what: string, otherwise: string) =>
    condition ? does(step, what) : skips(step, otherwise);
  const group = settings.quarantineGroupId ?? "the quarantine group of its VPC";
  const contain = [
    does("RecordBaseline", `write down the state before, to s3://${settings.bucket}`),
    when(
      before.autoScaling !== undefined,
      "HoldAutoScaling",
      `take it out of ${before.autoScaling?.group}, which starts another one`,
      "it is in no Auto Scaling group",
    ),
    does("Isolate", `put ${interfaces.map(({ id }) => id).join(", ")} into ${group}, and into nothing else`),
    elastic && run.profile === "contain" && settings.forensicCidrs.length > 0
      ? skips("CutAddresses", "people come in by its Elastic IP")
      : when(elastic, "CutAddresses", "take its Elastic IPs off", "it has no Elastic IP"),
    when(
      volumes.length > 0,
      "LiveSnapshots",
      `snapshots of ${volumes.map(({ id }) => id).join(", ")} as one set`,
      "no EBS volumes",
    ),
    when(running, "Screenshot", "keep a picture of its console", `it is ${instance.state}`),
    when(running, "ConsoleOutput", "keep what its console shows", `it is ${instance.state}`),
    when(
      !spot && before.shutdownBehavior !== "stop",
      "ShutdownBehavior",
      "a shutdown stops it, and does not end it",
      spot ? "spot" : "it is so",
    ),
    when(
      !spot && before.terminationProtection !== true,
      "TerminationProtection",
      "turn it on",
      spot ? "spot" : "it is on",
    ),
    does("KeepVolumes", "disks and interfaces stay when it goes"),
    does("Tags", "mark it: quarantine, incident investigation required"),
    does("Notify", settings.topicArn === null ? "tell nobody: no topic" : `tell ${settings.topicArn}`),
  ];
  return run.profile === "contain" ? contain : [...contain, ...powerOff(before, settings)];
}

function powerOff(before: Before, settings: Settings): readonly Planned[] {
  const store = before.instanceStoreGB ?? 0;
  const disks = store > 0 ? `; ${store} GB of instance store would be lost` : "";
  return [
    {
      step: "Interrupt",
      what: `diagnostic interrupt: a prepared kernel writes its memory to disk${roomFor(before)}`,
      skipped: !settings.nmi,
    },
    { step: "Stop", what: `stop it${disks}`, skipped: store > 0 || before.spotRequest?.type === "one-time" },
    { step: "FinalSnapshots", what: "snapshots of all disks once more", skipped: false },
    { step: "Detach", what: "detach all disks", skipped: false },
    {
      step: "ForensicInstance",
      what: "start the forensic machine, and attach the disks",
      skipped: settings.forensic === null,
    },
    {
      step: "Replacement",
      what: "start a replacement",
      skipped: settings.replacementLaunchTemplate === null && before.autoScaling === undefined,
    },
  ];
}

const MIB_PER_GIB = 1_024;

/** The kernel writes to the root disk, as much as there is memory at most. */
function roomFor({ instance, volumes, memoryMiB = 0 }: Before): string {
  const sizeGiB = volumes.find(({ device }) => device === instance.rootDeviceName)?.sizeGiB;
  if (sizeGiB === undefined || sizeGiB * MIB_PER_GIB > memoryMiB) return "";
  return `; the root disk of ${sizeGiB} GiB may be too small for ${memoryMiB / MIB_PER_GIB} GiB of memory`;
}
