import { defaultRules } from "#default-rules";
import { insightNotices } from "./alerts/insight-notices.ts";
import { recordProblemsNotice, ruleProblemsNotice } from "./alerts/notices.ts";
import { toAlert } from "./alerts/to-alert.ts";
import { cloudwatchLog, metricLine } from "./aws/cloudwatch-log.ts";
import { s3ObjectStore } from "./aws/s3.ts";
import { snsPublisher } from "./aws/sns.ts";
import { ssmParameterStore } from "./aws/ssm.ts";
import { readSettings, type SettingsEnvironment } from "./config/read-settings.ts";
import { createDeliver } from "./delivery/deliver.ts";
import { hookProblem } from "./delivery/hook-url.ts";
import { cachedSecrets, type Secrets } from "./delivery/secrets.ts";
import type { RuleProblem } from "./model/decision.ts";
import { ConfigurationError, IncompleteError, messageOf } from "./model/errors.ts";
import { brokenIdentities, type Outcome } from "./model/outcome.ts";
import type { Clock, Log, ObjectStore, ParameterStore, Ports, Publisher } from "./model/ports.ts";
import { LOG_LEVELS, type Settings } from "./model/settings.ts";
import { processPayload, type Stages } from "./pipeline.ts";
import { unfoldAggregated } from "./records/aggregated.ts";
import { flatten } from "./records/flatten.ts";
import { readLogFile } from "./records/read.ts";
import { destinationsFor } from "./routing/destinations-for.ts";
import { decide } from "./rules/decide.ts";
import { createRuleSet } from "./rules/rule-set.ts";
import { decode } from "./sources/decode.ts";
import { objectKind } from "./sources/object-kind.ts";

/** Everything outside: the adapters and the environment. Tests give their own. */
export interface World {
  readonly environment: SettingsEnvironment & {
    readonly LOG_LEVEL?: string | undefined;
    /** Set by AWS Lambda, in MB. */
    readonly AWS_LAMBDA_FUNCTION_MEMORY_SIZE?: string | undefined;
  };
  readonly parameters: ParameterStore;
  readonly objects: ObjectStore;
  readonly publisher: Publisher;
  readonly clock: Clock;
  readonly slackApiUrl: string;
  readonly write: (line: string) => void;
}

/** What Terraform invokes a new version with before the alias moves to it. */
interface SelfCheck {
  readonly selfCheck: true;
}

/** What the self-check answers; it lands in the Terraform state, so it holds no secret. */
export interface SelfCheckResult {
  readonly ok: boolean;
  /** Each names the variable, and shows the place in the expression. */
  readonly problems: readonly string[];
}

/** How long and how often the self-check waits for a new IAM policy to take effect, which AWS does within seconds. */
const IAM_WAIT_MS = 5_000;
const IAM_ATTEMPTS = 12;

/**
 * How much memory a byte of an unpacked log file takes at the peak: the bytes, their text, the parsed records and what
 * is left for the collector. A larger file is refused with a sentence instead of ending the process.
 */
const MEMORY_PER_BYTE = 8;
const DEFAULT_MEMORY_MB = 512;

/** The names under which users of the older module chart refused calls. */
const REFUSED_CALLS_NAMESPACE = "CloudTrailToSlack/AccessDeniedEvents";

/** What AWS Lambda tells of an invocation. https://docs.aws.amazon.com/lambda/latest/dg/nodejs-context.html */
export interface InvocationContext {
  getRemainingTimeInMillis(): number;
}

/** What a queue is answered: which messages are to come again. https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html */
export interface BatchResult {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/** The function: settings and rules are read once per cold start, then every payload goes through the pipeline. */
export function createHandler(
  world: World,
): (payload: unknown, context?: InvocationContext) => Promise<SelfCheckResult | BatchResult | Outcome> {
  const level = LOG_LEVELS.find((name) => name === world.environment.LOG_LEVEL) ?? "INFO";
  const log = cloudwatchLog(level, world.write);
  const secrets = cachedSecrets(world.parameters, world.clock);
  let deployment: Promise<Deployment> | undefined;

  return async (payload, context) => {
    const remainingMs = () => context?.getRemainingTimeInMillis() ?? Number.MAX_SAFE_INTEGER;
    if (isSelfCheck(payload)) return selfCheck(world, remainingMs);
    // A cold start that failed (SSM throttled, say) is tried again by the next payload.
    deployment ??= deploy(world, secrets, log).catch((error) => {
      deployment = undefined;
      throw error;
    });
    return runOnce(payload, await deployment, world, log, remainingMs);
  };
}

/** What a cold start makes. */
interface Deployment {
  readonly settings: Settings;
  readonly stages: Stages;
  readonly ports: Omit<Ports, "remainingMs">;
  /** Rules that do not compile: told with the first payload that gets through. */
  untold: readonly RuleProblem[];
}

async function deploy(world: World, secrets: Secrets, log: Log): Promise<Deployment> {
  const settings = await readSettings(world.environment, world.parameters);
  const { ruleSet, problems } = rulesOf(settings);
  for (const { ruleId, message } of problems) log.error("a rule was left out", { rule: ruleId, reason: message });
  const memoryMb = Number(world.environment.AWS_LAMBDA_FUNCTION_MEMORY_SIZE) || DEFAULT_MEMORY_MB;
  const { allowedHookHosts, routing, tellRuleProblems } = settings;
  return {
    settings,
    stages: {
      decode,
      objectKind,
      readLogFile,
      unfold: unfoldAggregated,
      flatten,
      decide: (record) => decide(ruleSet, record),
      toAlert,
      insightNotices,
      problemNotices: (rules, records, total) => [
        ...(tellRuleProblems && rules.length > 0 ? [ruleProblemsNotice(rules)] : []),
        ...(total > 0 ? [recordProblemsNotice(records, total)] : []),
      ],
      destinationsFor: (accountId) => destinationsFor(routing, accountId),
      maxBytes: (memoryMb * 2 ** 20) / MEMORY_PER_BYTE,
    },
    ports: { objects: world.objects, deliver: createDeliver({ ...world, secrets, allowedHookHosts }), log },
    untold: tellRuleProblems ? problems : [],
  };
}

function rulesOf(settings: Settings) {
  const definitions = [...(settings.useDefaultRules ? defaultRules : []), ...settings.rules];
  const { ruleSet, problems } = createRuleSet(definitions, settings.ruleConfig);
  return { ruleSet, problems: [...settings.problems, ...problems] };
}

/**
 * One payload. A queue gets back the messages that were not finished.
 * @throws IncompleteError, naming what was not finished, so that AWS brings the payload again as a whole
 */
async function runOnce(
  payload: unknown,
  deployment: Deployment,
  world: World,
  log: Log,
  remainingMs: () => number,
): Promise<BatchResult | Outcome> {
  const { settings, stages, ports, untold } = deployment;
  const startup = untold.length === 0 ? [] : [{ kind: "notice", notice: ruleProblemsNotice(untold) } as const];
  const decodeWithStartup: Stages["decode"] = (given) => [...stages.decode(given), ...startup];
  const outcome = await processPayload(payload, { ...stages, decode: decodeWithStartup }, { ...ports, remainingMs });
  if (outcome.notices.failed === 0) deployment.untold = [];

  report(outcome, log);
  if (settings.countRefusedCalls && outcome.records.in > 0) {
    const { total, ignored } = outcome.refusedCalls;
    const counts = { TotalAccessDeniedEvents: total, TotalIgnoredAccessDeniedEvents: ignored };
    world.write(metricLine(REFUSED_CALLS_NAMESPACE, counts, world.clock.nowMs()));
  }
  const { failures, messages } = outcome;
  if (messages.in > 0) {
    // What belongs to no message is the notice about rules, which waits in `untold` for the next payload.
    const ackIds = new Set(failures.flatMap(({ ackId }) => ackId ?? []));
    return { batchItemFailures: Array.from(ackIds, (itemIdentifier) => ({ itemIdentifier })) };
  }
  if (failures.length > 0) throw new IncompleteError(describeFailures(outcome));
  return outcome;
}

function report(outcome: Outcome, log: Log): void {
  const { failures, recordProblems, ruleProblems, ...counts } = outcome;
  for (const { what, reason } of failures) log.error("not finished; AWS will bring it again", { what, reason });
  for (const { where, reason } of recordProblems) log.warning("a record could not be judged", { where, reason });
  for (const { ruleId, message } of ruleProblems.values())
    log.error("a rule failed", { rule: ruleId, reason: message });
  for (const identity of brokenIdentities(outcome)) log.error("counts do not reconcile", { identity });
  log.info("outcome", counts);
}

function describeFailures({ failures }: Outcome): string {
  const shown = failures.slice(0, 5).map(({ what, reason }) => `${what}: ${reason}`);
  const more = failures.length > shown.length ? `; and ${failures.length - shown.length} more` : "";
  return `not finished: ${shown.join("; ")}${more}`;
}

function isSelfCheck(payload: unknown): payload is SelfCheck {
  return typeof payload === "object" && payload !== null && "selfCheck" in payload && payload.selfCheck === true;
}

/**
 * Whether this version may go live. Mistakes in the configuration are the answer, because only a changed configuration
 * mends them; what can be mended without one (a hook that cannot be read or points elsewhere) is thrown, so that
 * the next apply asks again.
 */
async function selfCheck(world: World, remainingMs: () => number): Promise<SelfCheckResult> {
  const mayWait = () => remainingMs() > 2 * IAM_WAIT_MS;
  let settings: Settings;
  try {
    settings = await patiently(world.clock, mayWait, () => readSettings(world.environment, world.parameters));
  } catch (error) {
    if (error instanceof ConfigurationError) return { ok: false, problems: shorten(error.message.split("\n")) };
    throw error;
  }
  const problems = rulesOf(settings).problems.map(({ ruleId, message }) => `${ruleId}: ${message}`);
  if (problems.length > 0) return { ok: false, problems: shorten(problems) };
  // Not from memory: a hook may have been mended since.
  await checkSecrets(settings, cachedSecrets(world.parameters, world.clock), world.clock, mayWait);
  return { ok: true, problems: [] };
}

/** Terraform shows them all on one screen. */
const MAX_SHOWN_PROBLEMS = 20;

function shorten(problems: readonly string[]): readonly string[] {
  if (problems.length <= MAX_SHOWN_PROBLEMS) return problems;
  return [...problems.slice(0, MAX_SHOWN_PROBLEMS), `… and ${problems.length - MAX_SHOWN_PROBLEMS} more problems`];
}

async function checkSecrets(settings: Settings, secrets: Secrets, clock: Clock, mayWait: () => boolean): Promise<void> {
  const destinations = settings.routing.flatMap(({ routes, default: fallback }) => [
    ...routes.map(({ destination }) => destination),
    ...(fallback === undefined ? [] : [fallback]),
  ]);
  for (const destination of destinations) {
    if (destination.kind === "sns") continue;
    const parameter = destination.kind === "slack_app" ? destination.tokenParameter : destination.hookParameter;
    const secret = await patiently(clock, mayWait, () => secrets.read(parameter)).catch((cause) => {
      const sentence = `the secret of the destination "${destination.name}" cannot be read from SSM: ${messageOf(cause)}`;
      throw new Error(sentence, { cause });
    });
    const problem = destination.kind === "slack_webhook" && hookProblem(secret, settings.allowedHookHosts);
    if (problem) throw new Error(`the hook in the SSM parameter ${parameter} ${problem}`);
  }
}

/** Tries again while AWS denies access, as long as the time suffices: the role's policy was written seconds ago. */
async function patiently<T>(clock: Clock, mayWait: () => boolean, read: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await read();
    } catch (error) {
      const denied = error instanceof Error && error.name.startsWith("AccessDenied");
      if (!denied || attempt === IAM_ATTEMPTS || !mayWait()) throw error;
      await clock.sleep(IAM_WAIT_MS);
    }
  }
}

/** What AWS Lambda calls. */
export const handler = createHandler({
  environment: process.env,
  parameters: ssmParameterStore(),
  objects: s3ObjectStore(),
  publisher: snsPublisher(),
  clock: { nowMs: Date.now, sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) },
  slackApiUrl: "https://slack.com/api/",
  write: (line) => console.log(line),
});
