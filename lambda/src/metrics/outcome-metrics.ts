import { brokenIdentities, type Outcome } from "#model/outcome.ts";

/** The namespace of our metrics; their dimension is FunctionName. */
export const NAMESPACE = "CloudTrailToSlack";
/** The names under which users of the older module chart refused calls. */
export const REFUSED_CALLS_NAMESPACE = "CloudTrailToSlack/AccessDeniedEvents";

/** Written with every invocation: that nothing came is a figure, too. */
const ALWAYS: ReadonlySet<string> = new Set(["FromCloudTrail"]);

/**
 * What is worth a line: CloudWatch charges for each metric that is written at all, and most of these are zero for ever.
 * https://aws.amazon.com/cloudwatch/pricing/
 */
export function written(counts: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(counts).filter(([name, count]) => count !== 0 || ALWAYS.has(name)));
}

/** The counts of one invocation under the names that dashboard and alarms know. */
export function outcomeMetrics(outcome: Outcome): Readonly<Record<string, number>> {
  const { objects, records, alerts, notices, messages, answers, limits, completeness } = outcome;
  return {
    FromCloudTrail: records.in + objects.in - objects.other,
    ObjectsIn: objects.in,
    ObjectsFailed: objects.failed,
    LogFiles: objects.log,
    DigestFiles: objects.digest,
    InsightFiles: objects.insight,
    NetworkActivityFiles: objects["network-activity"],
    AggregatedFiles: objects.aggregated,
    OtherObjects: objects.other,
    RecordsIn: records.in,
    RecordsAlerted: records.alerted,
    RecordsIgnored: records.ignored,
    RecordsUnmatched: records.unmatched,
    RecordsFailed: records.failed,
    AlertsIn: alerts.in,
    AlertsDelivered: alerts.delivered,
    AlertsAlreadyDelivered: alerts.alreadyDelivered,
    AlertsGrouped: alerts.grouped,
    AlertsFailed: alerts.failed,
    NoticesIn: notices.in,
    NoticesDelivered: notices.delivered,
    NoticesAlreadyDelivered: notices.alreadyDelivered,
    NoticesFailed: notices.failed,
    MessagesIn: messages.in,
    MessagesFailed: messages.failed,
    WakesAsked: outcome.wakes.asked,
    HandedBack: outcome.handedBack.count,
    LedgerErrors: outcome.ledger.failed,
    DeadDestinations: outcome.deadDestinations.size,
    DegradedMessages: answers.degraded,
    ThrottledAnswers: answers.throttled,
    AmbiguousAnswers: answers.ambiguous,
    RuleErrors: outcome.ruleProblems.size,
    WordingErrors: outcome.wording.failed,
    OverLimitFileBytes: limits.file_bytes,
    OverLimitFileRecords: limits.file_records,
    OverLimitRecordBytes: limits.record_bytes,
    OverLimitRecordDepth: limits.record_depth,
    OverLimitRecordValues: limits.record_values,
    MissingFiles: completeness.missing,
    AlteredFiles: completeness.altered,
    DigestsNotFound: outcome.digestsNotFound.count,
    IdentitiesBroken: brokenIdentities(outcome).length,
  };
}

/** Of refused calls, under the older module's names. */
export function refusedCallMetrics({ refusedCalls }: Outcome): Readonly<Record<string, number>> {
  return { TotalAccessDeniedEvents: refusedCalls.total, TotalIgnoredAccessDeniedEvents: refusedCalls.ignored };
}
