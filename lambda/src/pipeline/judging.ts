import type { Judgement, Suspect } from "#model/decision.ts";
import { messageOf } from "#model/errors.ts";
import { type LimitName, SkippedElements } from "#model/log-file.ts";
import type { Alert, News, Notice } from "#model/news.ts";
import { MAX_REPORTED, type Outcome } from "#model/outcome.ts";
import type { Ports } from "#model/ports.ts";
import { type CloudTrailRecord, isInsight, isRefusedCall, type JudgeableRecord, textAt } from "#model/record.ts";
import type { RuleRef } from "#model/rule.ts";
import type { ObjectRef } from "#model/source-item.ts";

/** The steps of judging, each already configured; the pipeline's `Stages` hold them. */
export interface JudgingStages {
  /** records: the records that an element stands for: itself, unless it is an aggregated event. */
  readonly unfold: (element: unknown) => readonly unknown[];
  /** records: an element that rules can be asked about, or why not. */
  readonly flatten: (
    element: unknown,
  ) => JudgeableRecord | { readonly unjudgeable: string; readonly limit?: LimitName };
  /** rules: what the rules say of a record. Never throws. */
  readonly decide: (record: JudgeableRecord) => Judgement;
  /** rules: what is left of suspects, in their order, once it is known what is there now. Never throws. */
  readonly confirm: (suspects: readonly Suspect[], ports: Ports) => Promise<readonly Suspect[]>;
  /** alerts: what to say about a record. */
  readonly toAlert: (
    record: CloudTrailRecord,
    rules: readonly [RuleRef, ...RuleRef[]],
    logFile: ObjectRef | undefined,
  ) => Alert;
  /** alerts: the same in the record's own words, where it cannot be worded. Never throws. */
  readonly plainAlert: (record: CloudTrailRecord, rules: readonly [RuleRef, ...RuleRef[]]) => Alert;
  /** alerts: what to say about Insights, the start and the end of one together. */
  readonly insightNotices: (insights: readonly CloudTrailRecord[]) => readonly Notice[];
  /** alerts: one of them in the record's own words. Never throws. */
  readonly plainInsightNotice: (insight: CloudTrailRecord) => Notice;
}

/** What the judging of one list of elements, batch by batch, has come to. */
export interface Judging {
  /** Names an element for people. */
  readonly nameOf: (index: number) => string;
  /** Where they come from, if from a file. */
  readonly logFile: ObjectRef | undefined;
  readonly suspects: Suspect[];
  readonly insights: CloudTrailRecord[];
  /** How many were judged. */
  elements: number;
}

/** A judging in which nothing has happened yet. */
export function newJudging(nameOf: (index: number) => string, logFile?: ObjectRef): Judging {
  return { nameOf, logFile, suspects: [], insights: [], elements: 0 };
}

/** What there is to tell by now; the judging then begins anew. */
export async function newsOf(
  { suspects, insights, logFile }: Judging,
  stages: JudgingStages,
  ports: Ports,
  outcome: Outcome,
): Promise<readonly News[]> {
  const { records, news } = outcome;
  const alerts: News[] = [];
  for (const { record, rules } of await stages.confirm(suspects.splice(0), ports)) {
    const [first, ...others] = rules;
    if (first === undefined) records.unmatched += 1;
    else {
      records.alerted += 1;
      const matched: readonly [RuleRef, ...RuleRef[]] = [first, ...others];
      const worded = () => [stages.toAlert(record, matched, logFile)];
      alerts.push(...inWords(worded, () => [stages.plainAlert(record, matched)], [record], ports, outcome));
    }
  }
  news.insights += insights.length;
  const found = insights.splice(0);
  const worded = () => stages.insightNotices(found);
  return [...alerts, ...inWords(worded, () => found.map(stages.plainInsightNotice), found, ports, outcome)];
}

/** What wording gives; where it fails, the plain words: else the file would come again, and fail again, until it rests. */
function inWords(
  worded: () => readonly News[],
  plain: () => readonly News[],
  records: readonly CloudTrailRecord[],
  { log }: Ports,
  { wording }: Outcome,
): readonly News[] {
  try {
    return worded();
  } catch (error) {
    const eventIds = records.map((record) => textAt(record, "eventID") ?? "(none)");
    if (wording.failed < MAX_REPORTED) {
      const named = eventIds.slice(0, MAX_REPORTED).join(", ");
      log.error("could not be put into words; told plainly", { eventID: named, reason: messageOf(error) });
    }
    wording.failed += records.length;
    return plain();
  }
}

/** Every element to a decision. */
export function judge(elements: readonly unknown[], judging: Judging, stages: JudgingStages, outcome: Outcome): void {
  for (const element of elements) {
    if (element instanceof SkippedElements) {
      outcome.records.in += element.count;
      outcome.records.unmatched += element.count;
      judging.elements += element.count;
      continue;
    }
    for (const record of stages.unfold(element)) judgeOne(record, judging, stages, outcome);
    judging.elements += 1;
  }
}

function judgeOne(
  element: unknown,
  { nameOf, suspects, insights, elements: index }: Judging,
  stages: JudgingStages,
  outcome: Outcome,
): void {
  const { records, recordProblems, ruleProblems, refusedCalls, limits } = outcome;
  records.in += 1;
  const judgeable = stages.flatten(element);
  if ("unjudgeable" in judgeable) {
    records.failed += 1;
    if (judgeable.limit !== undefined) limits[judgeable.limit] += 1;
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
    suspects.push({ record, rules: decision.rules });
  } else records.unmatched += 1;
}
