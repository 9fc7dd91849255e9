import { closeCase, findOpenCase, keys } from "#incident-response/cases.ts";
import type { Context, Step } from "#incident-response/context.ts";
import { getObject, sha256 } from "#incident-response/evidence.ts";
import { manifestsOf } from "#incident-response/manifests.ts";
import type { Change } from "#incident-response/record.ts";
import {
  restoreCredentials,
  restoreDeletion,
  restoreProtection,
  restoreTags,
} from "#incident-response/restore/attributes.ts";
import { restoreDisksAndState, restoreService } from "#incident-response/restore/machine.ts";
import { restoreAddresses, restoreGroups } from "#incident-response/restore/network.ts";
import { attempt, type PuttingBack } from "#incident-response/restore/putting-back.ts";
import { Before } from "#incident-response/run.ts";
import { explained } from "#incident-response/run-step.ts";
import { parsed } from "#incident-response/settings.ts";
import { bucketOf } from "#incident-response/validate.ts";

/**
 * Puts back exactly what the runs of the case changed, and nothing that somebody else has changed since. What was made
 * stays: snapshots, volumes, machines, the quarantine group. The instance is open to the network only at the end.
 */
export const restore: Step = async (context) => {
  const { changes, before } = await known(context);
  const back: PuttingBack = { context: { ...context, before }, changes, drift: [], problems: [] };
  await restoreCredentials(back);
  await restoreDisksAndState(back);
  await restoreDeletion(back);
  await restoreProtection(back);
  await restoreService(back);
  await restoreAddresses(back);
  await attempt(back, "security groups", () => restoreGroups(back));
  await restoreTags(back);
  const details = { drifted: back.drift.length, drift: back.drift };
  const reason = [...back.problems, ...back.drift].join("; ");
  if (back.problems.length > 0) return { status: "failed", reason, details };
  const open = await close(context).then(() => undefined, explained);
  if (open !== undefined) {
    return { status: "failed", reason: `everything is put back, but the case stays open: ${open}`, details };
  }
  return { status: "ok", ...(reason === "" ? {} : { reason: `left alone: ${reason}` }), details };
};

/**
 * What the bucket has of the case; where it has nothing, or refuses, what the operator's log or the history has.
 * @throws Error for what was altered; in an execution, what the SDK throws
 */
async function known({
  aws,
  run,
  settings,
  before,
  changedBefore,
}: Context): Promise<{ readonly before: Before; readonly changes: readonly Change[] }> {
  const where = bucketOf(settings, run.account);
  const key = keys.before(run.case);
  const inProcess = run.execution === undefined;
  const found = await getObject(aws, where, key).catch((error: unknown) => {
    if (inProcess) return undefined;
    throw error;
  });
  if (found === undefined && inProcess) return { before, changes: changedBefore };
  if (found === undefined) {
    throw new Error(`the bucket has no ${key}: the history of the execution that contained the instance has it`);
  }
  const changes: Change[] = [];
  for await (const manifest of manifestsOf(aws, where, run.case)) {
    const witness = manifest.evidence.find(({ id }) => id === key)?.sha256;
    if (witness !== undefined && witness !== sha256(found.body)) {
      throw new Error(
        `${key} is not what the manifest ${manifest.number} says: somebody altered it; nothing was changed`,
      );
    }
    if (manifest.action === "contain") changes.push(...manifest.steps.flatMap((step) => step.changes));
  }
  return { before: parsed(Before, JSON.parse(Buffer.from(found.body).toString()), key), changes };
}

/** The next response to the instance is a new case. */
async function close({ aws, run, settings }: Context): Promise<void> {
  const where = bucketOf(settings, run.account);
  const open = await findOpenCase(aws, where, run.instanceId);
  if (open?.name === run.case) await closeCase(aws, where, run.instanceId, open.number);
}
