import { findOpenCase, keys } from "#incident-response/cases.ts";
import { getObject } from "#incident-response/evidence.ts";
import type { Change } from "#incident-response/record.ts";
import { isInstanceId } from "#incident-response/request.ts";
import { Before } from "#incident-response/run.ts";
import { parsed } from "#incident-response/settings.ts";
import { bucketOf } from "#incident-response/validate.ts";
import { messageOf } from "#model/errors.ts";
import { EXIT, RespondError } from "./exit.ts";
import { executedCase } from "./history.ts";
import { loggedCase } from "./log.ts";
import type { Surroundings } from "./surroundings.ts";

/** A case with the instance that it is about. */
export interface Case {
  readonly name: string;
  readonly instanceId: string;
  /** As the bucket has it, the operator's log, or the history of the execution. */
  readonly before: Before | undefined;
  /** Of a case that the bucket does not know: what is known to have been changed. Only this process can restore it. */
  readonly outsideBucket: readonly Change[] | undefined;
}

/** Finds a case by its name, or the open one of an instance, which may stand in log or history alone. @throws RespondError */
export async function findCase(given: string, surroundings: Surroundings): Promise<Case> {
  let refused: unknown;
  const kept = await keptCase(given, surroundings).catch((error: unknown) => {
    refused = error;
    return undefined;
  });
  if (kept?.before !== undefined) return kept;
  const other = isInstanceId(given) ? await caseElsewhere(given, surroundings) : undefined;
  if (other !== undefined && (kept === undefined || kept.name === other.name)) return other;
  if (kept !== undefined) return kept;
  const { bucket } = surroundings.settings;
  if (refused !== undefined) {
    const problem = `s3://${bucket} does not tell of ${given}: ${messageOf(refused)}`;
    throw new RespondError(EXIT.forbidden, problem, { cause: refused });
  }
  const missing = isInstanceId(given) ? `no case of ${given} is open` : `s3://${bucket} has no case ${given}`;
  throw new RespondError(EXIT.notFound, missing);
}

/** As the bucket has it. @throws what the SDK throws; Error for what is damaged */
async function keptCase(given: string, { aws, settings, account }: Surroundings): Promise<Case | undefined> {
  const where = bucketOf(settings, account);
  const name = isInstanceId(given) ? (await findOpenCase(aws, where, given))?.name : given;
  if (name === undefined) return undefined;
  const found = await getObject(aws, where, keys.before(name));
  const before =
    found === undefined ? undefined : parsed(Before, JSON.parse(Buffer.from(found.body).toString()), keys.before(name));
  const instanceId = before?.instance.id ?? (isInstanceId(given) ? given : undefined);
  return instanceId === undefined ? undefined : { name, instanceId, before, outsideBucket: undefined };
}

/** As this machine's log has it, or the latest execution. */
async function caseElsewhere(instanceId: string, { aws, stateMachineArn }: Surroundings): Promise<Case | undefined> {
  let unread: string | undefined;
  const logged = loggedCase(instanceId, (problem) => {
    unread = problem;
  });
  if (logged !== undefined) return { ...logged, instanceId, outsideBucket: [] };
  const executed =
    stateMachineArn === undefined
      ? undefined
      : await executedCase(aws.sfn, stateMachineArn, instanceId).catch((error: unknown) => {
          unread ??= `the executions of ${instanceId} cannot be read: ${messageOf(error)}`;
          return undefined;
        });
  if (executed !== undefined)
    return { name: executed.name, instanceId, before: executed.before, outsideBucket: executed.changes };
  if (unread !== undefined) throw new RespondError(EXIT.forbidden, unread);
  return undefined;
}
