import * as v from "valibot";
import { consoleUrl } from "#model/console-url.ts";
import type { Fact } from "#model/news.ts";
import type { Severity } from "#model/rule.ts";
import type { Decoder } from "./decoder.ts";

const text = v.optional(v.nullable(v.string()));
const number = v.optional(v.nullable(v.number()));

/**
 * What a CloudWatch alarm publishes to a topic. A composite alarm has a rule and no trigger; one on a metric expression
 * has metrics and no metric's name.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
 */
const Alarm = v.object({
  AlarmName: v.string(),
  NewStateValue: v.picklist(["ALARM", "OK", "INSUFFICIENT_DATA"]),
  NewStateReason: text,
  AlarmDescription: text,
  AlarmArn: text,
  AWSAccountId: text,
  StateChangeTime: text,
  AlarmRule: text,
  Trigger: v.optional(
    v.nullable(
      v.object({
        MetricName: text,
        Namespace: text,
        Statistic: text,
        Period: number,
        EvaluationPeriods: number,
        ComparisonOperator: text,
        Threshold: number,
      }),
    ),
  ),
});
type Alarm = v.InferOutput<typeof Alarm>;

const STATES: Readonly<Record<Alarm["NewStateValue"], readonly [Severity, string]>> = {
  ALARM: ["high", "is in alarm"],
  OK: ["info", "is OK again"],
  INSUFFICIENT_DATA: ["low", "has too little data"],
};

const COMPARISONS: ReadonlyMap<string, string> = new Map([
  ["GreaterThanThreshold", "more than"],
  ["GreaterThanOrEqualToThreshold", "at least"],
  ["LessThanThreshold", "less than"],
  ["LessThanOrEqualToThreshold", "at most"],
]);

/** The state change of any CloudWatch alarm: a message of its own. */
export const decodeCloudWatchAlarm: Decoder = (payload) => {
  const parsed = v.safeParse(Alarm, payload);
  if (!parsed.success) return undefined;
  const alarm = parsed.output;
  const [severity, state] = STATES[alarm.NewStateValue];
  const title = `The CloudWatch alarm ${alarm.AlarmName} ${state}`;
  return [
    { kind: "notice", notice: { kind: "notice", severity, title, accountId: accountOf(alarm), facts: facts(alarm) } },
  ];
};

function facts(alarm: Alarm): readonly Fact[] {
  const { Trigger: trigger } = alarm;
  const region = alarm.AlarmArn?.split(":")[3] ?? "";
  const url = consoleUrl(
    region,
    `cloudwatch/home#alarmsV2:alarm/${encodeURIComponent(alarm.AlarmName.toWellFormed())}`,
  );
  const known: readonly (readonly [string, string | null | undefined])[] = [
    ["Alarm", alarm.AlarmName],
    ["State", alarm.NewStateValue],
    ["Reason", alarm.NewStateReason],
    ["Threshold", threshold(trigger)],
    ["Metric", [trigger?.Namespace, trigger?.MetricName].filter(Boolean).join(" ")],
    ["Rule", alarm.AlarmRule],
    ["Meaning", alarm.AlarmDescription],
    ["Where", [accountOf(alarm), region].filter(Boolean).join(" · ")],
    ["When", alarm.StateChangeTime],
  ];
  return [
    ...known.flatMap(([label, value]) => (value ? [{ label, value }] : [])),
    ...(url === undefined ? [] : [{ label: "Link", value: "open the alarm in CloudWatch", url }]),
  ];
}

function threshold(trigger: Alarm["Trigger"]): string | undefined {
  if (trigger?.Threshold == null) return undefined;
  const { ComparisonOperator: operator, EvaluationPeriods: periods, Period: seconds, Statistic: statistic } = trigger;
  const comparison = COMPARISONS.get(operator ?? "") ?? operator ?? "compared with";
  const span =
    seconds == null ? "" : ` in ${periods == null || periods === 1 ? "" : `${periods} × `}${seconds} seconds`;
  return `${statistic ? `${statistic.toLowerCase()} ` : ""}${comparison} ${trigger.Threshold}${span}`;
}

function accountOf(alarm: Alarm): string | undefined {
  return alarm.AWSAccountId ?? alarm.AlarmArn?.split(":")[4] ?? undefined;
}
