import { createHash } from "node:crypto";
import { paginateListExecutions, StartExecutionCommand } from "@aws-sdk/client-sfn";
import type { Aws } from "./aws.ts";
import { errorName } from "./aws-error.ts";
import { judge } from "./findings.ts";
import type { Request } from "./request.ts";
import type { Settings } from "./settings.ts";

/** What became of a finding. */
export interface Taken {
  readonly started: readonly string[];
  /** Executions that an earlier event of the same finding started. */
  readonly again: readonly string[];
  readonly dropped?: string;
}

const HOUR_MS = 3_600_000;
/** So that no more are listed than the limit can be. */
const MAX_LISTED = 1_000;

/**
 * Starts one execution for each instance of a finding. Its name tells account, region, instance and finding, so that an
 * event that comes twice, and a finding that is updated, start nothing new.
 * @returns undefined for what is no finding
 * @throws what the SDK throws: EventBridge then brings the event again
 */
export async function intake(
  { sfn }: Pick<Aws, "sfn">,
  payload: unknown,
  settings: Settings,
  region: string,
): Promise<Taken | undefined> {
  const judged = judge(payload, settings);
  if (judged === undefined) return undefined;
  if (judged.kind === "dropped") return { started: [], again: [], dropped: judged.reason };
  const { stateMachineArn } = settings;
  if (stateMachineArn === null) throw new Error("SETTINGS names no stateMachineArn");
  let recent = await startedWithinAnHour(sfn, stateMachineArn, settings.maxPerHour);
  const started: string[] = [];
  const again: string[] = [];
  for (const request of judged.requests) {
    const approveFirst = settings.maxPerHour > 0 && recent >= settings.maxPerHour;
    const name = executionName(judged.account, region, request.instanceId, judged.findingId);
    const input = JSON.stringify({ request: { ...request, approveFirst } });
    if (await start(sfn, stateMachineArn, name, input)) {
      started.push(name);
      recent += 1;
    } else again.push(name);
  }
  return { started, again };
}

/** At most 80 characters. https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html */
function executionName(account: string, region: string, instanceId: Request["instanceId"], id: string): string {
  const hash = createHash("sha256").update(id).digest("hex").slice(0, 8);
  return `ir-${account}-${region}-${instanceId}-${hash}`;
}

async function start(sfn: Aws["sfn"], stateMachineArn: string, name: string, input: string): Promise<boolean> {
  try {
    await sfn.send(new StartExecutionCommand({ stateMachineArn, name, input }));
    return true;
  } catch (error) {
    if (errorName(error) === "ExecutionAlreadyExists") return false;
    throw error;
  }
}

/** Only executions that findings started count: their names say so. Newest come first. */
async function startedWithinAnHour(sfn: Aws["sfn"], stateMachineArn: string, limit: number): Promise<number> {
  if (limit === 0) return 0;
  let count = 0;
  let listed = 0;
  const sinceMs = Date.now() - HOUR_MS;
  for await (const { executions = [] } of paginateListExecutions({ client: sfn, pageSize: 100 }, { stateMachineArn })) {
    for (const { name = "", startDate } of executions) {
      listed += 1;
      if ((startDate?.getTime() ?? 0) < sinceMs || listed > MAX_LISTED) return count;
      if (/^ir-\d{12}-/.test(name)) count += 1;
    }
  }
  return count;
}
