import type { Judgement, RuleProblem } from "#model/decision.ts";
import type { Destination } from "#model/destination.ts";
import { assertNever, messageOf } from "#model/errors.ts";
import type { Alert, News, Notice } from "#model/news.ts";
import { MAX_REPORTED, newOutcome, type Outcome, type RecordProblem } from "#model/outcome.ts";
import type { Ports } from "#model/ports.ts";
import { type CloudTrailRecord, isInsight, isRefusedCall, type JudgeableRecord } from "#model/record.ts";
import type { RuleRef } from "#model/rule.ts";
import type { ObjectKind, ObjectRef, SourceItem } from "#model/source-item.ts";

/** The pure steps, each already configured. None knows another; this file alone knows their order. */
export interface Stages {
  /** sources: what to read or tell. Never throws. */
  readonly decode: (payload: unknown) => readonly SourceItem[];
  /** sources: what CloudTrail keeps at a key. */
  readonly objectKind: (key: string) => ObjectKind;
  /** records: the elements of a log file. Throws when the file as a whole is unreadable. */
  readonly readLogFile: (bytes: Uint8Array, name: string, maxBytes: number) => Promise<readonly unknown[]>;
  /** records: the records that an element stands for: itself, unless it is an aggregated event. */
  readonly unfold: (element: unknown) => readonly unknown[];
  /** records: an element that rules can be asked about, or why not. */
  readonly flatten: (element: unknown) => JudgeableRecord | { readonly unjudgeable: string };
  /** rules: what the rules say of a record. Never throws. */
  readonly decide: (record: JudgeableRecord) => Judgement;
  /** alerts: what to say about a record. */
  readonly toAlert: (record: CloudTrailRecord, rules: readonly [RuleRef, ...RuleRef[]]) => Alert;
  /** alerts: what to say about Insights, the start and the end of one together. */
  readonly insightNotices: (insights: readonly CloudTrailRecord[]) => readonly Notice[];
  /** alerts: what to say about rules and records that could not be used, if anything. */
  readonly problemNotices: (
    rules: readonly RuleProblem[],
    records: readonly RecordProblem[],
    total: number,
  ) => readonly Notice[];
  /** routing: to whom. */
  readonly destinationsFor: (accountId: string | undefined) => readonly Destination[];
  /** The largest log file that is read, in bytes, packed and unpacked. */
  readonly maxBytes: number;
}

/** What one invocation needs and changes. */
interface Run {
  readonly stages: Stages;
  readonly ports: Ports;
  readonly outcome: Outcome;
  /** Destinations that did not take a message: they are not tried again, and what is for them comes again. */
  readonly givenUp: Map<Destination, string>;
}

/**
 * The whole product: payload → what to read → records → decisions → alerts → destinations → told.
 *
 * Never throws. What could not be finished stands in `failures` of the outcome, and the caller must not say "done"
 * about it; everything else was told all the same. A record that cannot be judged is counted and reported, no more.
 */
export async function processPayload(payload: unknown, stages: Stages, ports: Ports): Promise<Outcome> {
  const outcome = newOutcome();
  const run: Run = { stages, ports, outcome, givenUp: new Map() };
  const { failures, ruleProblems, recordProblems, records } = outcome;
  const messages = new Set<string>();
  /** Messages with records or rules that are told about at the end. */
  const troubled = new Set<string>();
  let longestMs = 0;
  for (const item of stages.decode(payload)) {
    const { ackId } = item;
    const beginMs = ports.remainingMs();
    if (ackId !== undefined) messages.add(ackId);
    // Stopped in the midst of a message, nobody would say which of the others were finished.
    if (ackId !== undefined && beginMs < 2 * longestMs) {
      failures.push({ what: `message ${ackId}`, reason: "no time was left for it", ackId });
      continue;
    }
    const failuresBefore = failures.length;
    const problemsBefore = records.failed + ruleProblems.size;
    await processItem(item, run);
    longestMs = Math.max(longestMs, beginMs - ports.remainingMs());
    if (ackId === undefined) continue;
    for (const failure of failures.slice(failuresBefore)) failure.ackId = ackId;
    if (records.failed + ruleProblems.size > problemsBefore) troubled.add(ackId);
  }
  const failuresBefore = failures.length;
  await tell(stages.problemNotices([...ruleProblems.values()], recordProblems, records.failed), run);
  const untold = failures.splice(failuresBefore);
  failures.push(
    ...(troubled.size === 0
      ? untold
      : untold.flatMap((failure) => Array.from(troubled, (ackId) => ({ ...failure, ackId })))),
  );
  outcome.messages.in = messages.size;
  outcome.messages.failed = new Set(failures.flatMap(({ ackId }) => ackId ?? [])).size;
  return outcome;
}

async function processItem(item: SourceItem, run: Run): Promise<void> {
  switch (item.kind) {
    case "objects":
      for (const object of item.objects) await processObject(object, run);
      break;
    case "records": {
      const nameOf = (index: number) => `record ${index + 1} of ${item.from}`;
      await tell(judge(item.records, nameOf, run), run);
      break;
    }
    case "notice":
      await tell([item.notice], run);
      break;
    case "control":
      run.outcome.controls.in += 1;
      break;
    case "undecodable":
      run.outcome.failures.push({ what: "payload", reason: messageOf(item.error) });
      break;
    default:
      assertNever(item);
  }
}

/** The folders whose files hold records. */
const KINDS_WITH_RECORDS: ReadonlySet<ObjectKind> = new Set(["log", "insight", "network-activity", "aggregated"]);

/** One object: its alerts are told before the next one is read, so that a later failure cannot hold them back. */
async function processObject(object: ObjectRef, run: Run): Promise<void> {
  const { stages, ports, outcome } = run;
  const name = `s3://${object.bucket}/${object.key}`;
  const kind = stages.objectKind(object.key);
  outcome.objects.in += 1;
  outcome.objects[kind] += 1;
  if (!KINDS_WITH_RECORDS.has(kind)) {
    ports.log.info("holds no records", { object: name, kind });
    return;
  }
  try {
    const bytes = await ports.objects.get(object, stages.maxBytes);
    const elements = await stages.readLogFile(bytes, name, stages.maxBytes);
    await tell(
      judge(elements, (index) => `${name} Records[${index}]`, run),
      run,
    );
  } catch (error) {
    outcome.objects.failed += 1;
    outcome.failures.push({ what: name, reason: messageOf(error) });
  }
}

/**
 * Every element of a list to a decision; what is to tell of them.
 * @param nameOf names an element for people
 */
function judge(elements: readonly unknown[], nameOf: (index: number) => string, run: Run): readonly News[] {
  const { stages, outcome } = run;
  const { records, recordProblems, ruleProblems, refusedCalls } = outcome;
  const alerts: Alert[] = [];
  const insights: CloudTrailRecord[] = [];
  const judgeOne = (element: unknown, index: number) => {
    records.in += 1;
    const judgeable = stages.flatten(element);
    if ("unjudgeable" in judgeable) {
      records.failed += 1;
      if (recordProblems.length < MAX_REPORTED) {
        recordProblems.push({ where: nameOf(index), reason: judgeable.unjudgeable });
      }
      return;
    }
    const { record } = judgeable;
    const { decision, problems } = stages.decide(judgeable);
    for (const problem of problems) if (!ruleProblems.has(problem.ruleId)) ruleProblems.set(problem.ruleId, problem);
    const refused = isRefusedCall(record);
    if (refused) refusedCalls.total += 1;
    if (decision.kind === "ignored") {
      records.ignored += 1;
      if (refused) refusedCalls.ignored += 1;
    } else if (isInsight(record)) {
      // It is itself an alert, of CloudTrail's: only an ignore rule keeps it back.
      records.alerted += 1;
      insights.push(record);
    } else if (decision.kind === "alert") {
      records.alerted += 1;
      alerts.push(stages.toAlert(record, decision.rules));
    } else records.unmatched += 1;
  };
  elements.forEach((element, index) => {
    for (const record of stages.unfold(element)) judgeOne(record, index);
  });
  return [...alerts, ...stages.insightNotices(insights)];
}

/**
 * Tells each destination its news in order, the destinations beside each other. A destination that does not take one
 * message is not tried with the next: those count as failed and come again.
 */
async function tell(news: readonly News[], { stages, ports, outcome, givenUp }: Run): Promise<void> {
  const queues = new Map<Destination, News[]>();
  for (const item of news) {
    const destinations = stages.destinationsFor(item.accountId);
    if (destinations.length === 0) {
      const counts = item.kind === "alert" ? outcome.alerts : outcome.notices;
      counts.in += 1;
      counts.failed += 1;
      outcome.failures.push({ what: item.title, reason: "there is no destination; configure a default one" });
    }
    for (const destination of destinations) {
      const queue = queues.get(destination);
      if (queue === undefined) queues.set(destination, [item]);
      else queue.push(item);
    }
  }
  await Promise.all(
    Array.from(queues, async ([destination, queue]) => {
      let reported = false;
      for (const item of queue) {
        const counts = item.kind === "alert" ? outcome.alerts : outcome.notices;
        counts.in += 1;
        const reason = givenUp.get(destination);
        const delivery =
          reason === undefined ? await ports.deliver(item, destination) : { kind: "skipped" as const, reason };
        if (delivery.kind === "delivered") {
          counts.delivered += 1;
          continue;
        }
        counts.failed += 1;
        // One failure stands for all that are skipped with it: they come again together.
        if (!reported || delivery.kind !== "skipped") {
          const what = `${item.kind} for the ${destination.kind} destination "${destination.name}"`;
          outcome.failures.push({ what, reason: delivery.reason });
        }
        reported = true;
        if (delivery.kind !== "refused" && delivery.kind !== "skipped") givenUp.set(destination, delivery.reason);
      }
    }),
  );
}
