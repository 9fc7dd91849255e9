import type { Step } from "./context.ts";
import { consoleOutput, screenshot } from "./steps/console.ts";
import { holdAutoScaling } from "./steps/hold-auto-scaling.ts";
import { isolate } from "./steps/isolate.ts";
import { manifest } from "./steps/manifest.ts";
import { notify, notifyIsolated, pageNotIsolated } from "./steps/people.ts";
import { keepVolumes, shutdownBehavior, tags, terminationProtection } from "./steps/protect.ts";
import { finalSnapshots, liveSnapshots } from "./steps/snapshots.ts";

/** Every step that works on a run whose state before is recorded, by its name in the state machine. */
export const STEPS = {
  ConsoleOutput: consoleOutput,
  FinalSnapshots: finalSnapshots,
  HoldAutoScaling: holdAutoScaling,
  Isolate: isolate,
  KeepVolumes: keepVolumes,
  LiveSnapshots: liveSnapshots,
  Manifest: manifest,
  Notify: notify,
  NotifyIsolated: notifyIsolated,
  PageNotIsolated: pageNotIsolated,
  Screenshot: screenshot,
  ShutdownBehavior: shutdownBehavior,
  Tags: tags,
  TerminationProtection: terminationProtection,
} as const satisfies Readonly<Record<string, Step>>;

export type StepName = keyof typeof STEPS;
