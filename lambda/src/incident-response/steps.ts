import type { Step } from "./context.ts";
import { approveContain, approvePowerOff } from "./steps/approve.ts";
import { consoleOutput, screenshot } from "./steps/console.ts";
import { credentials } from "./steps/credentials.ts";
import { cutAddresses } from "./steps/cut-addresses.ts";
import { holdAutoScaling } from "./steps/hold-auto-scaling.ts";
import { isolate } from "./steps/isolate.ts";
import { loadBalancers } from "./steps/load-balancers.ts";
import { awaitForensic, forensicInstance, replacement } from "./steps/machines.ts";
import { manifest } from "./steps/manifest.ts";
import { notify, notifyIsolated, pageNotIsolated } from "./steps/people.ts";
import { awaitStopped, interrupt, stop } from "./steps/power-off.ts";
import { keepVolumes, shutdownBehavior, tags, terminationProtection } from "./steps/protect.ts";
import { restore } from "./steps/restore.ts";
import { finalSnapshots, liveSnapshots } from "./steps/snapshots.ts";
import { attach, awaitSnapshots, detach, forensicVolumes } from "./steps/volumes.ts";

/** Every step that works on a run whose state before is recorded, by its name in the state machine. */
export const STEPS = {
  ApproveContain: approveContain,
  ApprovePowerOff: approvePowerOff,
  Attach: attach,
  AwaitForensic: awaitForensic,
  AwaitSnapshots: awaitSnapshots,
  AwaitStopped: awaitStopped,
  ConsoleOutput: consoleOutput,
  Credentials: credentials,
  CutAddresses: cutAddresses,
  Detach: detach,
  FinalSnapshots: finalSnapshots,
  ForensicInstance: forensicInstance,
  ForensicVolumes: forensicVolumes,
  HoldAutoScaling: holdAutoScaling,
  Interrupt: interrupt,
  Isolate: isolate,
  KeepVolumes: keepVolumes,
  LiveSnapshots: liveSnapshots,
  LoadBalancers: loadBalancers,
  Manifest: manifest,
  Notify: notify,
  NotifyIsolated: notifyIsolated,
  PageNotIsolated: pageNotIsolated,
  Replacement: replacement,
  Restore: restore,
  Screenshot: screenshot,
  ShutdownBehavior: shutdownBehavior,
  Stop: stop,
  Tags: tags,
  TerminationProtection: terminationProtection,
} as const satisfies Readonly<Record<string, Step>>;

export type StepName = keyof typeof STEPS;

export const isStepName = (name: string): name is StepName => Object.hasOwn(STEPS, name);
