import { setTimeout as sleep } from "node:timers/promises";
import { handler } from "#incident-response/handler.ts";
import type { StepRecord } from "#incident-response/record.ts";
import { ACCOUNT, BUCKET, TOPIC } from "./scene.ts";

/** The steps of `full`, one after the other; those of a branch are in the order of the state machine. */
export const FULL = [
  "Validate",
  "RecordBaseline",
  "HoldAutoScaling",
  "Isolate",
  "NotifyIsolated",
  "CutAddresses",
  "LiveSnapshots",
  "Screenshot",
  "ConsoleOutput",
  "ShutdownBehavior",
  "TerminationProtection",
  "KeepVolumes",
  "Tags",
  "Credentials",
  "LoadBalancers",
  "Replacement",
  "Interrupt",
  "Stop",
  "AwaitStopped",
  "FinalSnapshots",
  "Detach",
  "AwaitSnapshots",
  "ForensicVolumes",
  "ForensicInstance",
  "AwaitForensic",
  "Attach",
  "Manifest",
  "Notify",
] as const;
const RESTORE = ["Validate", "RecordBaseline", "Restore", "Manifest", "Notify"] as const;

/** Records by step. */
export type Records = Readonly<Record<string, StepRecord>>;

/** Plays one step. @param state of the execution, with the records of the steps before */
export type Play = (step: string, state: unknown) => Promise<StepRecord>;

/** Sets what the function is configured with, beside bucket and topic. */
export function configure(settings: Readonly<Record<string, unknown>>): void {
  const SETTINGS = JSON.stringify({ bucket: BUCKET, bucketOwner: ACCOUNT, topicArn: TOPIC, ...settings });
  Object.assign(process.env, { SETTINGS });
}

/**
 * Plays the function in this process, step after step: every setting can be tried without deploying it. What the state
 * machine does beside is shown by full.test.ts.
 * @param play what happens in place of a step, or around it
 */
export async function playSteps(
  request: Readonly<Record<string, unknown>>,
  settings: Readonly<Record<string, unknown>> = {},
  play: Play = playStep,
): Promise<Records> {
  configure({ nmiGraceSeconds: 0, ...settings });
  const records: Record<string, StepRecord> = {};
  for (const step of request.action === "restore" ? RESTORE : FULL) {
    const state = { input: { request: { profile: "full", ...request } }, execution: "arn:execution", records };
    records[step] = await play(step, state);
  }
  return records;
}

/** Asks again as long as the answer is to ask again. */
export async function playStep(step: string, state: unknown): Promise<StepRecord> {
  for (;;) {
    const record = (await handler({ step, state })) as StepRecord;
    if (record.status !== "pending") return record;
    await sleep(50);
  }
}

/** The status of each step, with the reason. */
export const said = (records: Records, step: string) => `${records[step]?.status}: ${records[step]?.reason ?? ""}`;
