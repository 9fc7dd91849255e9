import { messageOf } from "#model/errors.ts";
import { keys } from "./cases.ts";
import { type EvidenceBucket, getObject, putOnce, sha256 } from "./evidence.ts";
import { within } from "./patience.ts";
import { readBefore } from "./read-before.ts";
import type { StepResult } from "./record.ts";
import { Before, type Run } from "./run.ts";
import type { Tools } from "./run-step.ts";
import { parsed, type Settings } from "./settings.ts";
import { bucketOf } from "./validate.ts";

/** How long the bucket may take: isolation waits for it. What it does not take stands in the record of the step. */
const BUCKET_PATIENCE_MS = 3_000;

/** What the operator's own log has of a case of the instance. */
export interface Logged {
  readonly name: string;
  readonly before: Before;
}

type Result = StepResult & { readonly details: { readonly before: Before } };

/**
 * Records the state before, once per case: a later run goes back to what the first one found. Where the bucket refuses,
 * the record itself holds it: in the execution's history, or in the operator's log.
 * @param logged the case that the operator's own log has open for the instance
 * @throws what the SDK throws when EC2 does not tell the state
 */
export async function recordBefore(
  tools: Tools,
  run: Run,
  settings: Settings,
  logged: Logged | undefined,
): Promise<Result> {
  const where = bucketOf(settings, run.account);
  const [found, read] = await Promise.all([
    recorded(tools, where, run.case).catch(() => undefined),
    remembered(tools, where, run, logged).then(
      (before) => before ?? readBefore(tools.aws, run.instanceId, settings.quarantineGroupId),
    ),
  ]);
  if (found !== undefined) return found;
  const body = JSON.stringify(read, null, 2);
  try {
    const put = await within(
      BUCKET_PATIENCE_MS,
      putOnce(tools.aws, where, keys.before(run.case), body, "state before"),
    );
    if (put !== undefined) {
      tools.kept(put);
      return { status: "ok", details: { before: read } };
    }
    // Another run of the case was faster, and has not changed anything either: what it wrote counts.
    return (
      (await recorded(tools, where, run.case)) ?? { status: "failed", reason: "it vanished", details: { before: read } }
    );
  } catch (error) {
    const reason = `the bucket did not take it (${messageOf(error)}); it stands in this record instead`;
    return { status: "failed", reason, details: { before: read } };
  }
}

/** By the log, unless it is of another case that the bucket has too: that one ended without this machine. */
async function remembered({ aws }: Tools, where: EvidenceBucket, run: Run, logged: Logged | undefined) {
  if (logged === undefined || logged.name === run.case) return logged?.before;
  const key = keys.before(logged.name);
  const kept = await within(BUCKET_PATIENCE_MS, getObject(aws, where, key)).catch(() => undefined);
  return kept === undefined ? logged.before : undefined;
}

async function recorded({ aws, kept }: Tools, where: EvidenceBucket, name: string): Promise<Result | undefined> {
  const key = keys.before(name);
  const found = await within(BUCKET_PATIENCE_MS, getObject(aws, where, key));
  if (found === undefined) return undefined;
  const { body, versionId } = found;
  kept({ kind: "object", id: key, what: "state before", versionId, size: body.length, sha256: sha256(body) });
  const before = parsed(Before, JSON.parse(Buffer.from(body).toString()), key);
  return { status: "ok", reason: "recorded by an earlier run of the case", details: { before } };
}
