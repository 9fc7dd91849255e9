import { setTimeout as sleep } from "node:timers/promises";
import {
  DescribeExecutionCommand,
  type HistoryEvent,
  paginateGetExecutionHistory,
  type SFNClient,
} from "@aws-sdk/client-sfn";
import { isThrottled, isTransient } from "#incident-response/aws-error.ts";
import type { StepRecord } from "#incident-response/record.ts";
import { explained } from "#incident-response/run-step.ts";
import { type Execution, ended } from "./ended.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { recordIn } from "./history.ts";
import type { Show } from "./progress.ts";

/** How often the execution is looked at, and how long. */
const EVERY_MS = 1_000;
const LONGEST_MS = 30 * 60_000;
/** How long AWS may not answer, in a row: what is throttled or broken at AWS passes. */
const BLIND_MS = 60_000;

/**
 * Shows what an execution does, until it ends. Whoever may not read its history is told its end alone, and whoever may not
 * even ask how it stands is told that it runs, and how to look. Never throws on what AWS answers.
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
  let blindSinceMs: number | undefined;
  const history = historyOf(sfn, executionArn, instanceId, show);
  const look = async (): Promise<Execution> => {
    // Before the history: what ends afterwards is seen in the next round.
    const { status = "RUNNING", error, output } = await sfn.send(new DescribeExecutionCommand({ executionArn }));
    await history.read();
    blindSinceMs = undefined;
    return { status, error, output, cause: history.cause() };
  };
  for (;;) {
    const now = await look().catch((error: unknown) => {
      blindSinceMs ??= Date.now();
      const passes = isThrottled(error) || isTransient(error);
      return { hidden: error, forGood: !passes || Date.now() - blindSinceMs > BLIND_MS };
    });
    if ("hidden" in now && now.forGood) return unseen(executionArn, instanceId, now.hidden, show);
    if ("status" in now && now.status !== "RUNNING") return ended(now, history.records, instanceId, show);
    if (stop.aborted || Date.now() > untilMs) {
      const text = `it goes on: ${executionArn}; respond status ${instanceId} tells`;
      show.event("running", { instance: instanceId, execution: executionArn }, text);
      return EXIT.stillRunning;
    }
    await sleep(EVERY_MS);
  }
}

/** It was started, and nobody here can see how it goes. */
function unseen(executionArn: string, instanceId: string, error: unknown, show: Show): ExitCode {
  const fields = { instance: instanceId, execution: executionArn, problem: explained(error) };
  const text = [
    `the execution was started and goes on, but cannot be followed: ${explained(error)}`,
    `whether ${instanceId} is isolated: respond status ${instanceId}; aws stepfunctions describe-execution --execution-arn ${executionArn}`,
  ];
  show.event("not-followed", fields, text.join("\n"));
  return EXIT.stillRunning;
}

/** The records of an execution, read as they come. */
function historyOf(sfn: SFNClient, executionArn: string, instanceId: string, show: Show) {
  const records = new Map<string, StepRecord>();
  const startedMs = Date.now();
  let seen = 0;
  let refused = false;
  let cause: string | undefined;
  const take = (event: HistoryEvent) => {
    if ((event.id ?? 0) <= seen) return;
    seen = event.id ?? seen;
    cause = event.taskFailedEventDetails?.cause ?? cause;
    const record = recordIn(event);
    if (record === undefined) return;
    records.set(record.step, record);
    show.record(instanceId, record);
    if (record.step === "Isolate" && record.status === "ok") {
      const seconds = Math.max(0, Date.parse(record.ended) - startedMs) / 1_000;
      const text = `${instanceId} is ISOLATED, after ${seconds.toFixed(1)} s`;
      show.event("isolated", { instance: instanceId, seconds }, text);
    }
  };
  const read = async () => {
    if (refused) return;
    try {
      const asked = { executionArn, maxResults: 1_000 };
      for await (const { events = [] } of paginateGetExecutionHistory({ client: sfn }, asked)) events.forEach(take);
    } catch (error) {
      if (isThrottled(error) || isTransient(error)) throw error;
      refused = true;
      show.line(`note: the steps cannot be shown, only the end: ${explained(error)}`);
    }
  };
  return { records, read, cause: () => cause };
}
