import { readFileSync } from "node:fs";
import path from "node:path";
import { repoRoot } from "#test/support/tools.ts";
import type { Fault } from "#test/support/truth/faults.ts";

/** A fault of the matrix. */
export interface Injected {
  readonly fault: Fault;
  readonly times: number;
  /** Whether a response gets over it. */
  readonly passes: boolean;
}

/** What happens to each call that changes something. */
export const FAULTS: Readonly<Record<string, Injected>> = {
  "throttled five times": { fault: { kind: "throttle" }, times: 5, passes: true },
  "an internal error": { fault: { kind: "internal" }, times: 1, passes: true },
  "an answer that is lost after the effect": { fault: { kind: "lost" }, times: 1, passes: true },
  "not found once": { fault: { kind: "error", code: "InvalidGroup.NotFound" }, times: 1, passes: false },
  forbidden: { fault: { kind: "denied" }, times: 10_000, passes: false },
};

/** Without these there is no isolation. */
export const ISOLATING = [
  "CreateSecurityGroup",
  "RevokeSecurityGroupEgress",
  "RevokeSecurityGroupIngress",
  "ModifyNetworkInterfaceAttribute",
  "AuthorizeSecurityGroupIngress",
];

/** All that the profile contain changes, in one process. */
export const OF_CONTAIN = [
  ...ISOLATING,
  "DisassociateAddress",
  "CreateSnapshots",
  "ModifyInstanceAttribute",
  "CreateTags",
  "SetInstanceProtection",
  "DetachInstances",
  "RecordLifecycleActionHeartbeat",
  "PutObject",
  "Publish",
];

/** What the function changes beside that, most of it for the profile full. */
export const OF_FULL = [
  "AttachVolume",
  "CreateVolume",
  "DeregisterTargets",
  "DetachVolume",
  "DisassociateIamInstanceProfile",
  "Invoke",
  "LockSnapshot",
  "ModifyInstanceMetadataOptions",
  "RunInstances",
  "SendDiagnosticInterrupt",
  "Sign",
  "StopInstances",
];

/** Steps that are no part of a response, or ask a person; and what IAM wants beside the calls themselves. */
const OTHERS = ["intake", "ApproveContain", "ApprovePowerOff", "Restore", "implied"];

/** All that the function may change in a response, by its policy. */
export function changesGranted(): readonly string[] {
  const file = path.join(repoRoot, "modules/incident-response/actions.json");
  const steps: Readonly<Record<string, readonly string[]>> = JSON.parse(readFileSync(file, "utf8"));
  const granted = Object.entries(steps).flatMap(([step, actions]) => (OTHERS.includes(step) ? [] : actions));
  const names = granted.map((action) => action.replace(/^\w+:/, "").replace("InvokeFunction", "Invoke"));
  return [...new Set(names)].filter((name) => !/^(Describe|Get|List)/.test(name)).sort();
}
