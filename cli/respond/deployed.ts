import { createHash } from "node:crypto";
import { type SFNClient, StartExecutionCommand } from "@aws-sdk/client-sfn";
import { errorName } from "#incident-response/aws-error.ts";
import { messageOf } from "#model/errors.ts";
import { EXIT, type ExitCode, RespondError } from "./exit.ts";
import { follow } from "./follow.ts";
import type { Show } from "./progress.ts";
import type { Surroundings } from "./surroundings.ts";

/** What an execution is started with. */
export type Request = Readonly<Record<string, unknown>> & { readonly instanceId: string };

/** The state machine could not be started: nothing has been done. */
export class NotStarted extends RespondError {
  override readonly name = "NotStarted";
}

/**
 * Lets the deployed state machine do it, and follows.
 * @param stop ends the following; the execution goes on
 * @throws NotStarted
 */
export async function respondDeployed(
  request: Request,
  { aws, stateMachineArn, account, region }: Surroundings,
  show: Show,
  stop: AbortSignal,
): Promise<ExitCode> {
  if (stateMachineArn === undefined)
    throw new RespondError(EXIT.forbidden, "the module incident-response is not deployed here");
  const input = JSON.stringify({ request });
  // Who asks for the same within a minute meets the execution that runs.
  const minute = new Date().toISOString().slice(0, 16);
  const hash = createHash("sha256").update(`${input} ${minute}`).digest("hex").slice(0, 8);
  const name = `cli-${account}-${region}-${request.instanceId}-${hash}`;
  const arn = await start(aws.sfn, stateMachineArn, name, input);
  show.event("started", { instance: request.instanceId, execution: arn }, `execution ${arn}`);
  return follow(aws.sfn, arn, request.instanceId, show, stop);
}

async function start(sfn: SFNClient, stateMachineArn: string, name: string, input: string): Promise<string> {
  try {
    const { executionArn = "" } = await sfn.send(new StartExecutionCommand({ stateMachineArn, name, input }));
    return executionArn;
  } catch (cause) {
    if (errorName(cause) === "ExecutionAlreadyExists")
      return `${stateMachineArn.replace(":stateMachine:", ":execution:")}:${name}`;
    throw new NotStarted(EXIT.forbidden, `the execution does not start: ${messageOf(cause)}`, { cause });
  }
}
