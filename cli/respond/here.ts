import { each } from "#cli/shared/each.ts";
import {
  type Begun,
  finishHere,
  isolateHere,
  type Surroundings as RunSurroundings,
} from "#incident-response/in-process.ts";
import { isIsolated } from "#incident-response/manifest.ts";
import { planOf } from "#incident-response/plan.ts";
import { readBefore } from "#incident-response/read-before.ts";
import type { Logged } from "#incident-response/record-before.ts";
import { Request } from "#incident-response/request.ts";
import type { Before, Run } from "#incident-response/run.ts";
import { runStep } from "#incident-response/run-step.ts";
import { parsed } from "#incident-response/settings.ts";
import { completeLine } from "#incident-response/steps/people.ts";
import { type Validated, validate } from "#incident-response/validate.ts";
import { EXIT, type ExitCode, exitCodeOf } from "./exit.ts";
import { type CaseLog, loggedCase, openLog } from "./log.ts";
import type { Show } from "./progress.ts";
import type { Surroundings } from "./surroundings.ts";

/** What is asked for each instance. */
export interface Asked {
  readonly reason: string;
  readonly profile: "contain" | "full";
  readonly dryRun: boolean;
}

/** How many instances at the same time. */
const CONCURRENCY = 10;
const never = new AbortController().signal;

/** A run of one instance, with what it works on. */
interface Work {
  readonly begun: Begun;
  readonly surroundings: RunSurroundings;
}

/**
 * Contains instances in this process, without anything deployed: first all are isolated, then everything else is done.
 * @returns the exit code of each
 */
export async function containHere(
  ids: readonly string[],
  asked: Asked,
  surroundings: Surroundings,
  show: Show,
): Promise<readonly ExitCode[]> {
  const codes = new Map<string, ExitCode>();
  const works: Work[] = [];
  const options = { concurrency: CONCURRENCY, stop: never };
  await each(ids, options, async (id) => {
    const begun = await begin(id, asked, surroundings, show);
    if (typeof begun === "number") codes.set(id, begun);
    else works.push(begun);
  });
  await each(works, options, async (work) => {
    const { outcome, records } = await finishHere(work.begun, work.surroundings);
    const { instanceId, case: name } = work.begun.run;
    codes.set(instanceId, exitCodeOf(outcome));
    const failed = records.filter(({ status }) => status === "failed").map(({ step }) => step);
    end(show, work.begun, { instanceId, name, outcome, failed });
  });
  return ids.map((id) => codes.get(id) ?? EXIT.internal);
}

async function begin(id: string, asked: Asked, surroundings: Surroundings, show: Show): Promise<ExitCode | Work> {
  const startedMs = Date.now();
  const logged = loggedCase(id, (problem) => show.line(`note: ${problem}`));
  show.begin(id, "Validate");
  const checked = await check(id, asked, surroundings, logged?.name);
  if (typeof checked === "string") {
    show.end();
    show.event("refused", { instance: id }, checked);
    return checked.includes("NoSuchInstance") ? EXIT.notFound : EXIT.forbidden;
  }
  const { run, notes } = checked;
  for (const note of notes) show.line(`note: ${note}`);
  if (run.decision === "duplicate") {
    show.end();
    show.event("contained-before", { instance: id, case: run.case }, `${id} is contained already: case ${run.case}`);
    return EXIT.containedBefore;
  }
  if (run.decision === "plan") return plan(run, surroundings, show);
  const log = openLog(run.case);
  log.append({ run });
  const work = workOf(run, surroundings, show, log, logged);
  const begun = await isolateHere(run, work);
  const isolated = isIsolated([...begun.records.values()]);
  const seconds = ((Date.now() - startedMs) / 1_000).toFixed(1);
  if (isolated)
    show.event(
      "isolated",
      { instance: id, case: run.case, seconds: Number(seconds) },
      `${id} is ISOLATED, after ${seconds} s`,
    );
  else show.event("not-isolated", { instance: id, case: run.case }, `${id} is NOT ISOLATED`);
  return { begun, surroundings: work };
}

/** @returns why it cannot be done, in words, where it cannot */
async function check(
  id: string,
  asked: Asked,
  { aws, settings, region, callerArn }: Surroundings,
  caseOfLog: string | undefined,
) {
  const { reason, profile, dryRun } = asked;
  const request = parsed(Request, { instanceId: id, profile, reason, dryRun, requestedBy: callerArn }, "the request");
  let validated: Validated | undefined;
  const record = await runStep("Validate", aws, async (tools) => {
    const surroundings = { region, execution: undefined, loggedCase: caseOfLog };
    validated = await validate(tools.aws, request, settings, surroundings);
    return { status: "ok" };
  });
  return validated ?? `Unable to get instance metadata: ${record.reason}`;
}

async function plan(run: Run, { aws, settings }: Surroundings, show: Show): Promise<ExitCode> {
  let before: Before | undefined;
  const record = await runStep("Plan", aws, async (tools) => {
    before = await readBefore(tools.aws, run.instanceId, settings.quarantineGroupId);
    return { status: "ok" };
  });
  show.end();
  if (before === undefined) {
    show.event("refused", { instance: run.instanceId }, `Unable to get instance metadata: ${record.reason}`);
    return EXIT.forbidden;
  }
  const planned = planOf(run, before, settings);
  show.line(`plan for ${run.instanceId} (nothing is changed):`);
  for (const { step, what, skipped } of planned) {
    const { instanceId: instance } = run;
    show.event("planned", { instance, step, skipped }, `${skipped ? "skip " : "do   "}${step.padEnd(21)} ${what}`);
  }
  return EXIT.done;
}

function workOf(
  run: Run,
  { aws, settings, settled }: Surroundings,
  show: Show,
  log: CaseLog,
  logged: Logged | undefined,
): RunSurroundings {
  return {
    aws,
    settings,
    settled,
    logged,
    onBegin: (step) => show.begin(run.instanceId, step),
    onRecord: (record) => {
      // Before anything is changed, what was there is on this disk.
      const { before, ...details } = record.details ?? {};
      log.append({ record: { ...record, details }, ...(before === undefined ? {} : { before }) });
      const [manifest] = record.step === "Manifest" ? record.evidence.filter(({ what }) => what === "manifest") : [];
      if (manifest !== undefined) log.append({ manifest: { key: manifest.id, sha256: manifest.sha256 } });
      show.record(run.instanceId, record);
    },
  };
}

function end(
  show: Show,
  { records }: Begun,
  fields: {
    readonly instanceId: string;
    readonly name: string;
    readonly outcome: string;
    readonly failed: readonly string[];
  },
): void {
  const { instanceId, name, outcome, failed } = fields;
  const ended = { instance: instanceId, case: name, outcome, failed };
  if (!isIsolated([...records.values()])) {
    show.event("ended", ended, `${instanceId} is NOT ISOLATED: act now, by hand; case ${name}`);
    return;
  }
  const rest = failed.length === 0 ? "" : `; not done: ${failed.join(", ")}`;
  show.line(`case ${name}${rest}`);
  show.event("ended", ended, completeLine(instanceId));
}
