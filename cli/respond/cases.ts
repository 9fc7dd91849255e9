import { findOpenCase, keys } from "#incident-response/cases.ts";
import { getObject } from "#incident-response/evidence.ts";
import { isInstanceId } from "#incident-response/request.ts";
import { Before } from "#incident-response/run.ts";
import { parsed } from "#incident-response/settings.ts";
import { bucketOf } from "#incident-response/validate.ts";
import { messageOf } from "#model/errors.ts";
import { EXIT, RespondError } from "./exit.ts";
import { loggedCase } from "./log.ts";
import type { Surroundings } from "./surroundings.ts";

/** A case with the instance that it is about. */
export interface Case {
  readonly name: string;
  readonly instanceId: string;
  /** As the bucket has it, or the operator's log. */
  readonly before: Before | undefined;
}

/** Finds a case by its name, or the open one of an instance. @throws RespondError */
export async function findCase(given: string, { aws, settings, account }: Surroundings): Promise<Case> {
  const where = bucketOf(settings, account);
  try {
    const logged = isInstanceId(given) ? loggedCase(given) : undefined;
    const name = isInstanceId(given) ? ((await findOpenCase(aws, where, given))?.name ?? logged?.name) : given;
    if (name === undefined) throw new RespondError(EXIT.notFound, `no case of ${given} is open`);
    const found = await getObject(aws, where, keys.before(name));
    const before =
      found === undefined
        ? logged?.before
        : parsed(Before, JSON.parse(Buffer.from(found.body).toString()), keys.before(name));
    const instanceId = before?.instance.id ?? (isInstanceId(given) ? given : undefined);
    if (instanceId === undefined) throw new RespondError(EXIT.notFound, `s3://${where.bucket} has no case ${name}`);
    return { name, instanceId, before };
  } catch (cause) {
    if (cause instanceof RespondError) throw cause;
    throw new RespondError(EXIT.forbidden, `s3://${where.bucket} does not tell of ${given}: ${messageOf(cause)}`, {
      cause,
    });
  }
}
