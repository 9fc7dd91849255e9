import type { Judgement, RuleProblem } from "#model/decision.ts";
import type { Destination } from "#model/destination.ts";
import { assertNever, messageOf } from "#model/errors.ts";
import type { Alert, News, Notice } from "#model/news.ts";
import { MAX_REPORTED, newOutcome, type Outcome, type RecordProblem } from "#model/outcome.ts";
import type { Ports } from "#model/ports.ts";
import { type CloudTrailRecord, isRefusedCall, type JudgeableRecord } from "#model/record.ts";
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
  /** records: an element that rules can be asked about, or why not. */
  readonly flatten: (element: unknown) => JudgeableRecord | { readonly unjudgeable: string };
  /** rules: what the rules say of a record. Never throws. */
  readonly decide: (record: JudgeableRecord) => Judgement;
  /** alerts: what to say about a record. */
  readonly toAlert: (record: CloudTrailRecord, rules: readonly [RuleRef, ...RuleRef[]]) => Alert;
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

/**
 * The whole product: payload → what to read → records → decisions → alerts → destinations → told.
 *
 * Never throws. What could not be finished stands in `failures` of the outcome, and the caller must not say "done"
 * about it; everything else was told all the same. A record that cannot be judged is counted and reported, no more.
 */
export async function processPayload(payload: unknown, stages: Stages, ports: Ports): Promise<Outcome> {
  const outcome = newOutcome();
  for (const item of stages.decode(payload)) {
    switch (item.kind) {
      case "objects":
        for (const object of item.objects) await processObject(object, stages, ports, outcome);
        break;
      case "notice":
        await tell([item.notice], stages, ports, outcome);
        break;
      case "control":
        outcome.controls.in += 1;
        break;
      case "undecodable":
        outcome.failures.push({ what: "payload", reason: messageOf(item.error) });
        break;
      default:
        assertNever(item);
    }
  }
  const { ruleProblems, recordProblems, records } = outcome;
  await tell(stages.problemNotices([...ruleProblems.values()], recordProblems, records.failed), stages, ports, outcome);
  return outcome;
}

/** One object: its alerts are told before the next one is read, so that a later failure cannot hold them back. */
async function processObject(object: ObjectRef, stages: Stages, ports: Ports, outcome: Outcome): Promise<void> {
  const name = `s3://${object.bucket}/${object.key}`;
  const kind = stages.objectKind(object.key);
  outcome.objects.in += 1;
  outcome.objects[kind] += 1;
  if (kind !== "log") {
    ports.log.info("not a log file", { object: name, kind });
    return;
  }
  try {
    const bytes = await ports.objects.get(object, stages.maxBytes);
    const elements = await stages.readLogFile(bytes, name, stages.maxBytes);
    await tell(judge(elements, name, stages, outcome), stages, ports, outcome);
  } catch (error) {
    outcome.objects.failed += 1;
    outcome.failures.push({ what: name, reason: messageOf(error) });
  }
}

/** Every element of a log file to a decision; the alerts among them. */
function judge(elements: readonly unknown[], file: string, stages: Stages, outcome: Outcome): readonly Alert[] {
  const { records, recordProblems, ruleProblems, refusedCalls } = outcome;
  const alerts: Alert[] = [];
  elements.forEach((element, index) => {
    records.in += 1;
    const judgeable = stages.flatten(element);
    if ("unjudgeable" in judgeable) {
      records.failed += 1;
      if (recordProblems.length < MAX_REPORTED) {
        recordProblems.push({ where: `${file} Records[${index}]`, reason: judgeable.unjudgeable });
      }
      return;
    }
    const { decision, problems } = stages.decide(judgeable);
    for (const problem of problems) if (!ruleProblems.has(problem.ruleId)) ruleProblems.set(problem.ruleId, problem);
    const refused = isRefusedCall(judgeable.record);
    if (refused) refusedCalls.total += 1;
    switch (decision.kind) {
      case "alert":
        records.alerted += 1;
        alerts.push(stages.toAlert(judgeable.record, decision.rules));
        break;
      case "ignored":
        records.ignored += 1;
        if (refused) refusedCalls.ignored += 1;
        break;
      case "unmatched":
        records.unmatched += 1;
        break;
      default:
        assertNever(decision);
    }
  });
  return alerts;
}

/**
 * Tells each destination its news in order, the destinations beside each other. A destination that does not take one
 * message is not tried with the next: those count as failed and come again.
 */
async function tell(news: readonly News[], stages: Stages, ports: Ports, outcome: Outcome): Promise<void> {
  const queues = new Map<Destination, News[]>();
  for (const item of news) {
    const destinations = stages.destinationsFor(item.kind === "alert" ? item.accountId : undefined);
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
      let givenUp: string | undefined;
      for (const item of queue) {
        const counts = item.kind === "alert" ? outcome.alerts : outcome.notices;
        counts.in += 1;
        if (givenUp === undefined) {
          const delivery = await ports.deliver(item, destination);
          if (delivery.kind === "delivered") {
            counts.delivered += 1;
            continue;
          }
          const what = `${item.kind} for the ${destination.kind} destination "${destination.name}"`;
          outcome.failures.push({ what, reason: delivery.reason });
          if (delivery.kind !== "refused") givenUp = delivery.reason;
        }
        counts.failed += 1;
      }
    }),
  );
}
