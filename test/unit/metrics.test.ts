import { describe, expect, test } from "vitest";
import { type MetricSet, metricLine } from "#aws/cloudwatch-log.ts";
import { outcomeMetrics, refusedCallMetrics, written } from "#metrics/outcome-metrics.ts";
import { newOutcome, type Outcome } from "#model/outcome.ts";

/** An outcome in which every count is a number of its own, and whose identities hold but for the objects'. */
function busy(): Outcome {
  return {
    ...newOutcome(),
    objects: { in: 1, log: 2, digest: 3, insight: 4, "network-activity": 5, aggregated: 6, other: 7, failed: 8 },
    records: { in: 42, alerted: 9, ignored: 10, unmatched: 11, failed: 12 },
    news: { alerts: 4, insights: 5, copies: 132 },
    alerts: { in: 58, delivered: 13, alreadyDelivered: 14, grouped: 15, failed: 16 },
    notices: { in: 74, delivered: 17, alreadyDelivered: 18, grouped: 19, failed: 20 },
    controls: { in: 21 },
    messages: { in: 22, failed: 23 },
    refusedCalls: { total: 24, ignored: 25 },
    limits: { file_bytes: 1, file_records: 20, record_bytes: 300, record_depth: 4_000, record_values: 50_000 },
    answers: { throttled: 26, ambiguous: 27, degraded: 28 },
    deadDestinations: new Set(["a", "b"]),
    ledger: { failed: 29 },
    wakes: { asked: 34 },
    handedBack: { count: 30 },
    completeness: { missing: 31, altered: 32 },
    digestsNotFound: { count: 33 },
    wording: { failed: 34 },
    ruleProblems: new Map([["r", { ruleId: "r", message: "m" }]]),
  };
}

describe("outcomeMetrics", () => {
  test("names every count of an invocation", () => {
    expect(outcomeMetrics(busy())).toEqual({
      // What comes from CloudTrail: 42 records, and 1 object less 7 others.
      FromCloudTrail: 36,
      ObjectsIn: 1,
      ObjectsFailed: 8,
      LogFiles: 2,
      DigestFiles: 3,
      InsightFiles: 4,
      NetworkActivityFiles: 5,
      AggregatedFiles: 6,
      OtherObjects: 7,
      RecordsIn: 42,
      RecordsAlerted: 9,
      RecordsIgnored: 10,
      RecordsUnmatched: 11,
      RecordsFailed: 12,
      AlertsIn: 58,
      AlertsDelivered: 13,
      AlertsAlreadyDelivered: 14,
      AlertsGrouped: 15,
      AlertsFailed: 16,
      NoticesIn: 74,
      NoticesDelivered: 17,
      NoticesAlreadyDelivered: 18,
      NoticesFailed: 20,
      MessagesIn: 22,
      MessagesFailed: 23,
      WakesAsked: 34,
      HandedBack: 30,
      LedgerErrors: 29,
      DeadDestinations: 2,
      DegradedMessages: 28,
      ThrottledAnswers: 26,
      AmbiguousAnswers: 27,
      RuleErrors: 1,
      WordingErrors: 34,
      OverLimitFileBytes: 1,
      OverLimitFileRecords: 20,
      OverLimitRecordBytes: 300,
      OverLimitRecordDepth: 4_000,
      OverLimitRecordValues: 50_000,
      MissingFiles: 31,
      AlteredFiles: 32,
      DigestsNotFound: 33,
      IdentitiesBroken: 1,
    });
  });

  test("is written where it is not zero, and what came from CloudTrail always, so that silence is noticed", () => {
    expect([written(outcomeMetrics(newOutcome())), written({ RecordsIn: 0, AlertsIn: 1 })]).toEqual([
      { FromCloudTrail: 0 },
      { AlertsIn: 1 },
    ]);
  });

  test("is zero throughout for an invocation in which nothing happened", () => {
    expect(new Set(Object.values({ ...outcomeMetrics(newOutcome()), ...refusedCallMetrics(newOutcome()) }))).toEqual(
      new Set([0]),
    );
  });

  test("counts each identity that does not hold", () => {
    const outcome = newOutcome();
    outcome.objects.in = 1;
    outcome.records.alerted = 1;
    outcome.alerts.delivered = 1;
    outcome.notices.failed = 1;
    outcome.news.copies = 1;
    expect(outcomeMetrics(outcome).IdentitiesBroken).toBe(6);
  });

  test("keeps refused calls under the older module's names", () => {
    expect(refusedCallMetrics(busy())).toEqual({ TotalAccessDeniedEvents: 24, TotalIgnoredAccessDeniedEvents: 25 });
  });
});

describe("metricLine", () => {
  test("is JSON as CloudWatch reads it", () => {
    const sets: readonly MetricSet[] = [
      { namespace: "Ours", dimensions: { FunctionName: "f", Rule: 'a "quoted"\nrule' }, counts: { A: 1, B: 0 } },
      { namespace: "Older", dimensions: {}, counts: { C: 2 } },
    ];
    const line = metricLine(1_749_633_600_000, sets);
    expect(line).not.toContain("\n");
    expect(JSON.parse(line)).toEqual({
      _aws: {
        Timestamp: 1_749_633_600_000,
        CloudWatchMetrics: [
          {
            Namespace: "Ours",
            Dimensions: [["FunctionName", "Rule"]],
            Metrics: [
              { Name: "A", Unit: "Count" },
              { Name: "B", Unit: "Count" },
            ],
          },
          { Namespace: "Older", Dimensions: [[]], Metrics: [{ Name: "C", Unit: "Count" }] },
        ],
      },
      FunctionName: "f",
      Rule: 'a "quoted"\nrule',
      A: 1,
      B: 0,
      C: 2,
    });
  });
});
