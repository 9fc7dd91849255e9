import { restoreHere } from "#incident-response/in-process.ts";
import { Request } from "#incident-response/request.ts";
import { parsed } from "#incident-response/settings.ts";
import { validate } from "#incident-response/validate.ts";
import { messageOf } from "#model/errors.ts";
import { findCase } from "./cases.ts";
import { EXIT, type ExitCode, exitCodeOf, RespondError } from "./exit.ts";
import { openLog } from "./log.ts";
import type { Show } from "./progress.ts";
import type { Surroundings } from "./surroundings.ts";

/**
 * Puts back what a response changed, in this process.
 * @param given a case, or an instance with an open one
 * @throws RespondError
 */
export async function restoreCase(
  given: string,
  reason: string,
  surroundings: Surroundings,
  show: Show,
): Promise<ExitCode> {
  if (reason === "") throw new RespondError(EXIT.usage, "restore wants a --reason: it stands in the manifest");
  const { aws, settings, settled, region, callerArn } = surroundings;
  const found = await findCase(given, surroundings);
  const { name, instanceId, before } = found;
  if (before === undefined) {
    const problem = `neither bucket nor log nor history know how ${instanceId} was before: nothing was changed`;
    throw new RespondError(EXIT.forbidden, problem);
  }
  if (found.outsideBucket !== undefined)
    show.line(
      "note: the bucket does not tell of the case; what counts is the log of this machine, or the execution's history",
    );
  const request = parsed(Request, { action: "restore", instanceId, reason, requestedBy: callerArn }, "the request");
  const { run } = await validate(aws, request, settings, { region, execution: undefined, loggedCase: name }).catch(
    (cause: unknown) => {
      throw new RespondError(EXIT.notFound, messageOf(cause), { cause });
    },
  );
  if (run.case !== name)
    throw new RespondError(EXIT.notFound, `${name} is closed; the open case of ${instanceId} is ${run.case}`);
  const log = openLog(name);
  const { outcome, records } = await restoreHere(run, before, found.outsideBucket ?? [], {
    aws,
    settings,
    settled,
    logged: undefined,
    onBegin: (step) => show.begin(instanceId, step),
    onRecord: (record) => {
      log.append({ record });
      show.record(instanceId, record);
    },
  });
  const restored = records.find(({ step }) => step === "Restore");
  if (restored?.status === "ok") log.append({ closed: true });
  const words = { done: "is restored", drift: "is restored but for what others changed" } as const;
  const how = outcome === "done" || outcome === "drift" ? words[outcome] : "is NOT restored in full";
  show.event(
    "ended",
    { instance: instanceId, case: name, outcome, drift: restored?.details?.drift },
    `${instanceId} ${how}: case ${name}`,
  );
  return exitCodeOf(outcome);
}
