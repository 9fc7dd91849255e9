import { keys } from "#incident-response/cases.ts";
import type { Context, Step } from "#incident-response/context.ts";
import { put } from "#incident-response/evidence.ts";
import { tell } from "#incident-response/tell.ts";
import { bucketOf } from "#incident-response/validate.ts";

/** Asks people before the instance loses its memory. */
export const approvePowerOff: Step = (context) =>
  ask(context, "ApprovePowerOff", `Power off EC2 instance ${context.run.instanceId}? It is isolated already`);

/** Asks people before a finding isolates: so many came that it may be a mistake, or somebody who wants it. */
export const approveContain: Step = (context) =>
  ask(
    context,
    "ApproveContain",
    `Isolate EC2 instance ${context.run.instanceId}? Too many findings came within an hour`,
  );

/** Leaves the token of the execution where `respond approve` finds it, and tells people. Who has the token decides. */
async function ask({ aws, run, settings, taskToken }: Context, step: string, title: string): ReturnType<Step> {
  if (taskToken === undefined) return { status: "failed", reason: "nobody waits for an answer" };
  // Another attempt has another token: the latest counts.
  const body = JSON.stringify({ token: taskToken, step, at: new Date().toISOString() });
  await put(aws, bucketOf(settings, run.account), keys.approval(run.case, step), body, "approval");
  const told = await tell(aws, settings, run, {
    severity: "high",
    title,
    occasion: step,
    facts: [{ label: "Answer", value: `cloudtrail-to-slack respond approve ${run.case}, or deny` }],
  });
  // One of them is enough for somebody to answer.
  return Number(told.details?.told) > 0 ? { ...told, status: "ok" } : told;
}
