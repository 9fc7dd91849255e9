import { SendTaskFailureCommand, SendTaskSuccessCommand } from "@aws-sdk/client-sfn";
import * as v from "valibot";
import { keys } from "#incident-response/cases.ts";
import { getObject } from "#incident-response/evidence.ts";
import { bucketOf } from "#incident-response/validate.ts";
import { messageOf } from "#model/errors.ts";
import { EXIT, type ExitCode, RespondError } from "./exit.ts";
import type { Show } from "./progress.ts";
import type { Surroundings } from "./surroundings.ts";

const Approval = v.object({ token: v.pipe(v.string(), v.minLength(1)), step: v.string() });
/** What may wait for an answer, the later first. */
const STEPS = ["ApprovePowerOff", "ApproveContain"] as const;

/** Answers the question that the execution of a case waits for. @throws RespondError */
export async function answer(
  name: string,
  approved: boolean,
  { aws, settings, account, callerArn }: Surroundings,
  show: Show,
): Promise<ExitCode> {
  const where = bucketOf(settings, account);
  let stale: RespondError | undefined;
  for (const step of STEPS) {
    const found = await getObject(aws, where, keys.approval(name, step)).catch((cause: unknown) => {
      throw new RespondError(EXIT.forbidden, `s3://${where.bucket} does not tell: ${messageOf(cause)}`, { cause });
    });
    if (found === undefined) continue;
    const { token: taskToken } = v.parse(Approval, JSON.parse(Buffer.from(found.body).toString()));
    try {
      if (approved)
        await aws.sfn.send(new SendTaskSuccessCommand({ taskToken, output: JSON.stringify({ by: callerArn }) }));
      else
        await aws.sfn.send(
          new SendTaskFailureCommand({ taskToken, error: "IR.Denied", cause: `denied by ${callerArn}` }),
        );
    } catch (cause) {
      // Of an earlier run of the case: another step may wait now.
      stale = new RespondError(EXIT.notFound, `${step} of ${name} waits no more: ${messageOf(cause)}`, { cause });
      continue;
    }
    show.event("answered", { case: name, step, approved }, `${step} of ${name} is ${approved ? "approved" : "denied"}`);
    return EXIT.done;
  }
  throw stale ?? new RespondError(EXIT.notFound, `nothing of ${name} waits for an answer`);
}
