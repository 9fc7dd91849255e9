import { defaultRules } from "#default-rules";
import { scannerCode } from "#scanner-code";
import { alterationNotices } from "./alerts/completeness-notices.ts";
import { insightNotices } from "./alerts/insight-notices.ts";
import { type LiveMessages, liveMessages } from "./alerts/live-messages.ts";
import { recordProblemsNotice, ruleProblemsNotice } from "./alerts/notices.ts";
import { plainAlert, plainInsightNotice } from "./alerts/plain-news.ts";
import { joined, moreNotice, repeatsOf, together } from "./alerts/repeats.ts";
import { toAlert } from "./alerts/to-alert.ts";
import { worded } from "./alerts/worded.ts";
import { cloudwatchLog, type MetricSet, metricLine } from "./aws/cloudwatch-log.ts";
import {
  directoryWhenNeeded,
  ledgerWhenNeeded,
  objectsWhenNeeded,
  parametersSoon,
  publisherWhenNeeded,
  queueWhenNeeded,
  tagStoreWhenNeeded,
} from "./aws/when-needed.ts";
import { findDigests } from "./completeness/find-digests.ts";
import { readDigest } from "./completeness/read-digest.ts";
import { readSettings, type SettingsEnvironment } from "./config/read-settings.ts";
import { createDeliver } from "./delivery/deliver.ts";
import { cachedSecrets, type Secrets } from "./delivery/secrets.ts";
import { guardedLedger, SPACING_MS } from "./ledger/guarded-ledger.ts";
import { destinationKey, ledgerKey, windowId } from "./ledger/keys.ts";
import {
  NAMESPACE,
  outcomeMetrics,
  REFUSED_CALLS_NAMESPACE,
  refusedCallMetrics,
  written,
} from "./metrics/outcome-metrics.ts";
import { describeFailures, report } from "./metrics/report.ts";
import type { RuleProblem } from "./model/decision.ts";
import { IncompleteError, messageOf } from "./model/errors.ts";
import type { Failure, Outcome } from "./model/outcome.ts";
import type {
  AccountDirectory,
  Clock,
  Ledger,
  Log,
  MessageQueue,
  ObjectStore,
  ParameterStore,
  Ports,
  Publisher,
  TagStore,
} from "./model/ports.ts";
import { LOG_LEVELS, type Settings } from "./model/settings.ts";
import type { QueueMessage, SourceItem } from "./model/source-item.ts";
import { processPayload, type Stages } from "./pipeline.ts";
import { unfoldAggregated } from "./records/aggregated.ts";
import { flatten } from "./records/flatten.ts";
import { openLogFile } from "./records/open-log-file.ts";
import { createSieve } from "./records/sieve.ts";
import { targetsFor } from "./routing/targets-for.ts";
import { confirmTags } from "./rules/confirm-tags.ts";
import { decide } from "./rules/decide.ts";
import { ruleSetOf } from "./rules/rule-set.ts";
import { isSelfCheck, type SelfCheckResult, selfCheck } from "./self-check.ts";
import { decode } from "./sources/decode.ts";
import { objectKind } from "./sources/object-kind.ts";
import { retryDelaySeconds } from "./sources/retry-delay.ts";
import { queueMessages } from "./sources/sqs.ts";

/** Everything outside: the adapters and the environment. Tests give their own. */
export interface World {
  readonly environment: SettingsEnvironment & {
    readonly LOG_LEVEL?: string | undefined;
    /** Set by AWS Lambda. */
    readonly AWS_LAMBDA_FUNCTION_NAME?: string | undefined;
  };
  readonly parameters: ParameterStore;
  readonly objects: ObjectStore;
  readonly publisher: Publisher;
  readonly tags: TagStore;
  readonly accounts: AccountDirectory;
  readonly queue: MessageQueue;
  readonly ledger: (settings: NonNullable<Settings["ledger"]>) => Ledger;
  readonly clock: Clock;
  readonly slackApiUrl: string;
  readonly fetch: typeof fetch;
  readonly write: (line: string) => void;
}

/** What AWS Lambda tells of an invocation. https://docs.aws.amazon.com/lambda/latest/dg/nodejs-context.html */
export interface InvocationContext {
  getRemainingTimeInMillis(): number;
}

/** What a queue is answered: which messages are to come again. https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html */
export interface BatchResult {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/** How long an invocation may ask for names of accounts, once an hour: that many milliseconds, or this part of its time. */
const MAX_NAMING_MS = 5_000;
const NAMING_PART = 1 / 4;

/** AWS ends an invocation after 15 minutes at most. In milliseconds. */
const MAX_INVOCATION_MS = 900_000;

/** The function: settings and rules are read once per cold start, then every payload goes through the pipeline. */
export function createHandler(
  world: World,
): (payload: unknown, context?: InvocationContext) => Promise<SelfCheckResult | BatchResult | Outcome> {
  const level = LOG_LEVELS.find((name) => name === world.environment.LOG_LEVEL) ?? "INFO";
  const log = cloudwatchLog(level, world.write);
  const secrets = cachedSecrets(world.parameters, world.clock);
  let deployment: Promise<Deployment> | undefined;

  return async (payload, context) => {
    const remainingMs = () => context?.getRemainingTimeInMillis() ?? MAX_INVOCATION_MS;
    if (isSelfCheck(payload)) return selfCheck(world, remainingMs);
    const messages = queueMessages(payload);
    try {
      // A cold start that failed (SSM throttled, say) is tried again by the next payload.
      deployment ??= deploy(world, secrets, log).catch((error) => {
        deployment = undefined;
        throw error;
      });
      const outcome = await runOnce(payload, await deployment, world, log, remainingMs);
      return outcome.messages.in > 0 ? await handBack(outcome.failures, messages, world, log) : complete(outcome);
    } catch (error) {
      if (messages.length === 0) throw error;
      log.error("the function could not start; its messages come again", { reason: messageOf(error) });
      const counts = { MessagesIn: messages.length, MessagesFailed: messages.length };
      world.write(metricLine(world.clock.nowMs(), [ownMetrics(counts, world)]));
      const failures = messages.map(({ id }) => ({ what: "cold start", reason: messageOf(error), ackId: id }));
      return handBack(failures, messages, world, log);
    }
  };
}

/** What a cold start makes. */
interface Deployment {
  readonly settings: Settings;
  readonly stages: Stages;
  readonly ports: Omit<Ports, "remainingMs">;
  readonly messages: LiveMessages;
  /** Rules that do not compile: told with the first payload that gets through. */
  untold: readonly RuleProblem[];
}

async function deploy(world: World, secrets: Secrets, log: Log): Promise<Deployment> {
  const settings = await readSettings(world.environment, world.parameters);
  const { ruleSet, problems } = ruleSetOf(settings, defaultRules);
  for (const { ruleId, message } of problems) log.error("a rule was left out", { rule: ruleId, reason: message });
  const { objects, clock } = world;
  const { allowedHookHosts, tellRuleProblems, limits, grouping } = settings;
  const messages = liveMessages(settings.messages, world.accounts, clock, log);
  const sieve = createSieve(Buffer.from(scannerCode, "base64"), ruleSet.prefilter, limits);
  return {
    settings,
    messages,
    stages: {
      decode: (payload) =>
        decode(payload).map((item) =>
          item.kind === "notice" ? { ...item, notice: worded(item.notice, messages.now()) } : item,
        ),
      objectKind,
      readLogFile: (chunks, name) => openLogFile(chunks, name, limits, sieve),
      unfold: unfoldAggregated,
      flatten: (element) => flatten(element, limits),
      decide: (record) => decide(ruleSet, record),
      confirm: (suspects, ports) => confirmTags(suspects, settings.ruleConfig, ports),
      toAlert: (record, rules, logFile) =>
        toAlert(record, rules, { messages: messages.now(), requiredTags: settings.ruleConfig.requiredTags, logFile }),
      plainAlert,
      plainInsightNotice,
      insightNotices: (insights) => insightNotices(insights, messages.now()),
      problemNotices: (rules, records, total) => [
        ...(tellRuleProblems && rules.length > 0 ? [ruleProblemsNotice(rules, dayOf(clock))] : []),
        ...(total > 0 ? [recordProblemsNotice(records, total)] : []),
      ],
      targetsFor: (news) => targetsFor(settings, news),
      together: (alerts) => together(alerts, settings.messages),
      repeatsOf: (alerts, standing) => repeatsOf(alerts, standing, settings.messages),
      joined,
      moreNotice: (alert, repeats, occasion) => moreNotice(alert, repeats, occasion, settings.messages),
      windowId,
      windowMs: grouping.windowMs,
      ledgerKey,
      destinationKey,
      guard: (ledger, onFailure) => guardedLedger(ledger, clock, onFailure),
      readDigest,
      findDigests: (store, request) => findDigests(store, request, clock.nowMs()),
      alterationNotices: (digest, name, alterations) => alterationNotices(digest, name, alterations, messages.now()),
    },
    ports: {
      objects,
      ledger: settings.ledger && world.ledger(settings.ledger),
      tags: world.tags,
      deliver: createDeliver({ ...world, secrets, allowedHookHosts }),
      wake: (payload, seconds) => world.queue.send(grouping.retryQueue, payload, seconds),
      clock,
      log,
    },
    untold: tellRuleProblems ? problems : [],
  };
}

function dayOf(clock: Clock): string {
  return new Date(clock.nowMs()).toISOString().slice(0, "2025-06-11".length);
}

async function runOnce(
  payload: unknown,
  deployment: Deployment,
  world: World,
  log: Log,
  remainingMs: () => number,
): Promise<Outcome> {
  const { settings, stages, ports, messages, untold } = deployment;
  await messages.refresh(Math.min(MAX_NAMING_MS, remainingMs() * NAMING_PART));
  const startup: readonly SourceItem[] =
    untold.length === 0 ? [] : [{ kind: "notice", notice: ruleProblemsNotice(untold, dayOf(world.clock)) }];
  const decodeWithStartup: Stages["decode"] = (given) => [...stages.decode(given), ...startup];
  const outcome = await processPayload(payload, { ...stages, decode: decodeWithStartup }, { ...ports, remainingMs });
  if (outcome.notices.failed === 0) deployment.untold = [];
  report(outcome, log);
  for (const line of metricLines(outcome, settings, world)) world.write(line);
  return outcome;
}

/** Counts under the function's name. */
function ownMetrics(
  counts: MetricSet["counts"],
  { environment }: World,
  more: MetricSet["dimensions"] = {},
): MetricSet {
  const FunctionName = environment.AWS_LAMBDA_FUNCTION_NAME ?? "unknown";
  return { namespace: NAMESPACE, dimensions: { FunctionName, ...more }, counts };
}

/** One line of metrics, and one for each rule that failed. */
function metricLines(outcome: Outcome, settings: Settings, world: World): readonly string[] {
  const own = ownMetrics(written(outcomeMetrics(outcome)), world);
  const refused = { namespace: REFUSED_CALLS_NAMESPACE, dimensions: {}, counts: refusedCallMetrics(outcome) };
  const rules = [...outcome.ruleProblems.keys()].map((Rule) => ownMetrics({ RuleErrors: 1 }, world, { Rule }));
  const withRefused = settings.countRefusedCalls && outcome.records.in > 0;
  const nowMs = world.clock.nowMs();
  return [metricLine(nowMs, withRefused ? [own, refused] : [own]), ...rules.map((set) => metricLine(nowMs, [set]))];
}

/** @throws IncompleteError, naming what was not finished, so that AWS brings the payload again as a whole */
function complete(outcome: Outcome): Outcome {
  if (outcome.failures.length > 0) throw new IncompleteError(describeFailures(outcome));
  return outcome;
}

/** Answers a queue: the messages that were not finished come again, each after a delay that grows with its attempts. */
async function handBack(
  failures: readonly Failure[],
  messages: readonly QueueMessage[],
  { queue }: World,
  log: Log,
): Promise<BatchResult> {
  // What belongs to no message is the notice about rules, which waits in `untold` for the next payload.
  const ackIds = new Set(failures.flatMap(({ ackId }) => ackId ?? []));
  const delayed = messages.filter(({ id }) => ackIds.has(id));
  await Promise.all(
    delayed.map(async (message) => {
      const own = failures.filter(({ ackId }) => ackId === message.id);
      const soon = own.every((failure) => failure.soon === true);
      const asked = Math.max(0, ...own.map(({ afterSeconds = 0 }) => afterSeconds));
      const seconds = soon ? 0 : Math.max(asked, retryDelaySeconds(message.receives));
      await queue.delay(message, seconds).catch((error) => {
        log.warning("a message comes again later than it could", { id: message.id, reason: messageOf(error) });
      });
    }),
  );
  return { batchItemFailures: Array.from(ackIds, (itemIdentifier) => ({ itemIdentifier })) };
}

const clock: Clock = { nowMs: Date.now, sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) };

/** What AWS Lambda calls. */
export const handler = createHandler({
  environment: process.env,
  parameters: parametersSoon(),
  objects: objectsWhenNeeded(),
  publisher: publisherWhenNeeded(),
  tags: tagStoreWhenNeeded(),
  accounts: directoryWhenNeeded(),
  queue: queueWhenNeeded(),
  ledger: (settings) => ledgerWhenNeeded({ ...settings, spacingMs: SPACING_MS, owner: crypto.randomUUID(), clock }),
  clock,
  slackApiUrl: "https://slack.com/api/",
  fetch,
  write: (line) => console.log(line),
});
