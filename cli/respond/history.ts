import {
  type HistoryEvent,
  paginateGetExecutionHistory,
  paginateListExecutions,
  type SFNClient,
} from "@aws-sdk/client-sfn";
import * as v from "valibot";
import type { Change, StepRecord } from "#incident-response/record.ts";
import type { Before } from "#incident-response/run.ts";
import { readState } from "#incident-response/state.ts";

const Answer = v.object({ Payload: v.unknown() });

/** The record that a task answered with. */
export function recordIn({ type, taskSucceededEventDetails: details }: HistoryEvent): StepRecord | undefined {
  if (type !== "TaskSucceeded" || details?.output === undefined) return undefined;
  const answer = v.safeParse(Answer, JSON.parse(details.output));
  if (!answer.success) return undefined;
  const [record] = readState({ records: { task: answer.output } }).records.values();
  return record;
}

/** What an execution knew and did. */
export interface ExecutedCase {
  readonly name: string;
  readonly before: Before;
  readonly changes: readonly Change[];
}

/** Executions that are looked through for one of an instance, the newest first. */
const MAX_LISTED = 1_000;

/**
 * The case of an instance whose state before the bucket refused, as its executions have it, which is the only place: the
 * state before the first of them, and what all of them changed.
 * @throws what the SDK throws
 */
export async function executedCase(
  sfn: SFNClient,
  stateMachineArn: string,
  instanceId: string,
): Promise<ExecutedCase | undefined> {
  let listed = 0;
  let found: ExecutedCase | undefined;
  for await (const { executions = [] } of paginateListExecutions({ client: sfn, pageSize: 100 }, { stateMachineArn })) {
    for (const { name = "", executionArn } of executions) {
      listed += 1;
      if (listed > MAX_LISTED) return found;
      if (!name.includes(`-${instanceId}-`)) continue;
      const records = await recordsOf(sfn, executionArn);
      const { run, before } = readState({ records: Object.fromEntries(records) });
      if (run?.action === "restore" && records.get("Restore")?.status === "ok") return found;
      const recorded = records.get("RecordBaseline");
      if (run === undefined || before === undefined || recorded?.status !== "failed") continue;
      const changes = [...records.values()].flatMap((record) => record.changes);
      found = { name: found?.name ?? run.case, before, changes: [...changes, ...(found?.changes ?? [])] };
    }
  }
  return found;
}

async function recordsOf(sfn: SFNClient, executionArn: string | undefined): Promise<ReadonlyMap<string, StepRecord>> {
  const records = new Map<string, StepRecord>();
  for await (const { events = [] } of paginateGetExecutionHistory(
    { client: sfn },
    { executionArn, maxResults: 1_000 },
  )) {
    for (const record of events.map(recordIn)) if (record !== undefined) records.set(record.step, record);
  }
  return records;
}
