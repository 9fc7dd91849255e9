import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import {
  DescribeExecutionCommand,
  type ExecutionStatus,
  type HistoryEvent,
  paginateGetExecutionHistory,
  type SFNClient,
  StartExecutionCommand,
} from "@aws-sdk/client-sfn";
import * as v from "valibot";
import { errorName } from "#incident-response/aws-error.ts";
import { OUTCOMES, type Outcome } from "#incident-response/manifests.ts";
import type { StepRecord } from "#incident-response/record.ts";
import { readState } from "#incident-response/state.ts";
import { completeLine } from "#incident-response/steps/people.ts";
import { messageOf } from "#model/errors.ts";
import { EXIT, type ExitCode, exitCodeOf, RespondError } from "./exit.ts";
import type { Show } from "./progress.ts";
import type { Surroundings } from "./surroundings.ts";

/** How often the execution is looked at, and how long. */
const EVERY_MS = 1_000;
const LONGEST_MS = 30 * 60_000;

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

/**
 * Shows what an execution does, until it ends.
 * @returns what the command exits with
 */
export async function follow(
  sfn: SFNClient,
  executionArn: string,
  instanceId: string,
  show: Show,
  stop: AbortSignal,
): Promise<ExitCode> {
  const untilMs = Date.now() + LONGEST_MS;
  let seen = 0;
  const records = new Map<string, StepRecord>();
  for (;;) {
    // Before the history: what ends afterwards is seen in the next round.
    const { status, error } = await sfn.send(new DescribeExecutionCommand({ executionArn }));
    for await (const { events = [] } of paginateGetExecutionHistory(
      { client: sfn },
      { executionArn, maxResults: 1_000 },
    )) {
      for (const event of events) {
        if ((event.id ?? 0) <= seen) continue;
        seen = event.id ?? seen;
        const record = recordIn(event);
        if (record === undefined) continue;
        records.set(record.step, record);
        show.record(instanceId, record);
        if (record.step === "Isolate" && record.status === "ok")
          show.event("isolated", { instance: instanceId }, `${instanceId} is ISOLATED`);
      }
    }
    if (status !== "RUNNING" && status !== undefined) return ended(status, error, records, instanceId, show);
    if (stop.aborted || Date.now() > untilMs) {
      show.event(
        "running",
        { instance: instanceId, execution: executionArn },
        `it goes on: ${executionArn}; respond status ${instanceId} tells`,
      );
      return EXIT.stillRunning;
    }
    await sleep(EVERY_MS);
  }
}

const Answer = v.object({ Payload: v.unknown() });

/** The record that a task answered with. */
function recordIn({ type, taskSucceededEventDetails: details }: HistoryEvent): StepRecord | undefined {
  if (type !== "TaskSucceeded" || details?.output === undefined) return undefined;
  const answer = v.safeParse(Answer, JSON.parse(details.output));
  if (!answer.success) return undefined;
  const [record] = readState({ records: { task: answer.output } }).records.values();
  return record;
}

const OF_ERROR: Readonly<Record<string, Outcome>> = {
  "IR.Partial": "partial",
  "IR.NotIsolated": "not-isolated",
  "IR.Drift": "drift",
};

function ended(
  status: ExecutionStatus,
  error: string | undefined,
  records: ReadonlyMap<string, StepRecord>,
  instanceId: string,
  show: Show,
): ExitCode {
  if (error === "IR.Invalid") {
    show.event(
      "refused",
      { instance: instanceId },
      `Unable to get instance metadata: ${records.get("Validate")?.reason ?? "see the execution"}`,
    );
    return EXIT.notFound;
  }
  const { run } = readState({ records: Object.fromEntries(records) });
  if (run?.decision === "duplicate") {
    show.event(
      "contained-before",
      { instance: instanceId, case: run.case },
      `${instanceId} is contained already: case ${run.case}`,
    );
    return EXIT.containedBefore;
  }
  const said = v.safeParse(v.picklist(OUTCOMES), records.get("Notify")?.details?.outcome);
  const outcome = OF_ERROR[error ?? ""] ?? (said.success ? said.output : undefined);
  if (run === undefined || outcome === undefined) {
    show.event("ended", { instance: instanceId, status }, `the execution ended: ${status} ${error ?? ""}`);
    return status === "SUCCEEDED" ? EXIT.done : EXIT.notIsolated;
  }
  const isolated = run.action === "contain" && outcome !== "not-isolated";
  const text = isolated
    ? completeLine(instanceId)
    : `${instanceId}: ${outcome === "not-isolated" ? "NOT ISOLATED: act now, by hand" : outcome}`;
  show.event("ended", { instance: instanceId, case: run.case, outcome }, text);
  return exitCodeOf(outcome);
}
