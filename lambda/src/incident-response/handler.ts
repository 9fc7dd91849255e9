import * as v from "valibot";
import { type Aws, connectAws } from "./aws.ts";
import { intake } from "./intake.ts";
import { planOf } from "./plan.ts";
import { readBefore } from "./read-before.ts";
import type { StepRecord, StepResult } from "./record.ts";
import { recordBefore } from "./record-before.ts";
import { Request } from "./request.ts";
import type { Run } from "./run.ts";
import { runStep, type Tools } from "./run-step.ts";
import { parsed, Settings } from "./settings.ts";
import { readState, type State } from "./state.ts";
import { isStepName, STEPS } from "./steps.ts";
import { tell } from "./tell.ts";
import { validate } from "./validate.ts";

/** What the state machine sends: which step, on which state of the execution. */
const Task = v.object({ step: v.string(), state: v.unknown(), token: v.optional(v.string()) });

let aws: Aws | undefined;

/** A step that Step Functions is to try again, and that counts as failed when it has. */
class StepFailed extends Error {
  override readonly name = "StepFailed";
}

/**
 * The function: a step of an execution, or a finding that starts executions.
 * @throws Error for what is neither, and for a step whose failure the state machine must see
 */
export async function handler(payload: unknown): Promise<unknown> {
  const region = process.env.AWS_REGION ?? "";
  aws ??= connectAws(region);
  const settings = parsed(Settings, JSON.parse(process.env.SETTINGS ?? "{}"), "SETTINGS");
  const task = v.safeParse(Task, payload);
  if (task.success)
    return perform(aws, task.output.step, readState(task.output.state), settings, region, task.output.token);
  const taken = await intake(aws, payload, settings, region);
  if (taken === undefined) throw new Error("the payload is neither a step nor a finding");
  console.log(JSON.stringify({ level: "info", message: "finding", ...taken }));
  return taken;
}

async function perform(
  clients: Aws,
  name: string,
  state: State,
  settings: Settings,
  region: string,
  taskToken: string | undefined,
): Promise<StepRecord> {
  const record = await runStep(name, clients, (tools) => work(tools, name, state, settings, region, taskToken));
  console.log(JSON.stringify({ level: "info", message: "step", case: state.run?.case, ...record }));
  const blind = name === "RecordBaseline" && record.details?.before === undefined;
  if (record.status === "failed" && (MUST_NOT_FAIL.has(name) || blind || taskToken !== undefined)) {
    throw new StepFailed(`${name}: ${record.reason}`);
  }
  return record;
}

/** Without these the run cannot go on as it should: the state machine repeats them. */
const MUST_NOT_FAIL: ReadonlySet<string> = new Set(["Validate", "Isolate"]);

async function work(
  tools: Tools,
  name: string,
  state: State,
  settings: Settings,
  region: string,
  taskToken: string | undefined,
): Promise<StepResult> {
  const request = parsed(Request, state.request, "the request");
  const own = { ...settings, ...definedOf(request.options) };
  if (name === "Validate") return start(tools, request, own, region, state.execution);
  const { run, before } = state;
  if (run === undefined) throw new Error("Validate has left no run");
  if (name === "RecordBaseline") return recordBefore(tools, run, own, undefined);
  if (!isStepName(name)) throw new Error(`there is no step ${name}`);
  const known = before ?? (await readBefore(tools.aws, run.instanceId, own.quarantineGroupId));
  return STEPS[name]({
    ...tools,
    run,
    before: known,
    settings: own,
    records: state.records,
    changedBefore: [],
    taskToken,
  });
}

/** Options that the request leaves out stay those of the settings. */
function definedOf(options: Request["options"]): Partial<Settings> {
  const given = Object.entries(options).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(given);
}

async function start(
  { aws: clients }: Tools,
  request: Request,
  settings: Settings,
  region: string,
  execution: string | undefined,
): Promise<StepResult> {
  const surroundings = { region, execution, loggedCase: undefined };
  const { run, notes } = await validate(clients, request, settings, surroundings);
  const planned = run.decision === "plan" ? await plan(clients, run, settings) : undefined;
  if (run.decision === "ignored") await tellIgnored(clients, run, settings, notes);
  const reason = notes.join("; ");
  const { approvePowerOff, approvalHours } = settings;
  // What the state machine branches by.
  const details = { run, approvePowerOff, approvalSeconds: Math.max(1, Math.round(approvalHours * 3_600)) };
  return {
    status: "ok",
    ...(reason === "" ? {} : { reason }),
    details: planned === undefined ? details : { ...details, planned },
  };
}

const plan = async (clients: Aws, run: Run, settings: Settings) =>
  planOf(run, await readBefore(clients, run.instanceId, settings.quarantineGroupId), settings);

async function tellIgnored(clients: Aws, run: Run, settings: Settings, notes: readonly string[]): Promise<void> {
  await tell(clients, settings, run, {
    severity: "high",
    title: `A finding about EC2 instance ${run.instanceId} was not acted on`,
    occasion: "ignored",
    facts: [{ label: "Why", value: notes.join("; ") }],
  });
}
