import type { Fact, Notice } from "#model/news.ts";
import { accountOf, type CloudTrailRecord, textAt, valueAt } from "#model/record.ts";
import { type MessageSettings, PLAIN_MESSAGES } from "#model/settings.ts";
import { accountInWords } from "./account.ts";
import { timeIn } from "./time.ts";

/** How many callers and clients an Insight names: the first are those with most calls. */
const MAX_ATTRIBUTIONS = 3;

const MINUTES_PER_DAY = 24 * 60;

/** What CloudTrail calls its Insights, in plain words. */
const TYPES: ReadonlyMap<string, readonly [string, string]> = new Map([
  ["ApiCallRateInsight", ["Unusual rate of calls", "calls"]],
  ["ApiErrorRateInsight", ["Unusual rate of errors", "errors"]],
]);

/**
 * What to say about Insights. The start and the end of one, recognized by `sharedEventID`, become one notice.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-insights-fields-trails.html
 */
export function insightNotices(
  insights: readonly CloudTrailRecord[],
  messages: MessageSettings = PLAIN_MESSAGES,
): readonly Notice[] {
  const byId = new Map<unknown, CloudTrailRecord[]>();
  for (const insight of insights) {
    const id = textAt(insight, "sharedEventID") ?? insight;
    const known = byId.get(id);
    if (known === undefined) byId.set(id, [insight]);
    else known.push(insight);
  }
  return Array.from(byId.values(), (parts) => noticeOf(parts, messages));
}

/** @param parts start and end, or one of them; only the end knows the average of the whole time. */
function noticeOf(parts: readonly CloudTrailRecord[], messages: MessageSettings): Notice {
  const stateOf = (part: CloudTrailRecord) => textAt(part, "insightDetails", "state");
  const start = parts.find((part) => stateOf(part) === "Start");
  const end = parts.find((part) => stateOf(part) === "End");
  const told = end ?? start ?? parts[0] ?? {};
  const call = ["eventSource", "eventName"]
    .map((key) => textAt(told, "insightDetails", key))
    .filter(Boolean)
    .join(" ");
  const timeOf = (part: CloudTrailRecord | undefined) => {
    const time = part && textAt(part, "eventTime");
    return time && timeIn(time, messages.timeZone);
  };
  const type = textAt(told, "insightDetails", "insightType") ?? "unknown type";
  const [title, things] = TYPES.get(type) ?? [`CloudTrail Insight ${type}`, "calls"];
  const minutes = valueAt(told, "insightDetails", "insightContext", "statistics", "insightDuration");
  const facts: readonly (readonly [string, string | undefined])[] = [
    ["What", call],
    ["Error", textAt(told, "insightDetails", "errorCode")],
    ["Rate", rate(told, things)],
    [
      "Lasted",
      typeof minutes === "number" && end !== undefined
        ? `${minutes} ${minutes === 1 ? "minute" : "minutes"}`
        : undefined,
    ],
    ["Who", attributions(told, "userIdentityArn")],
    ["Client", attributions(told, "userAgent")],
    ["Errors", attributions(told, "errorCode")],
    ["Where", [accountInWords(accountOf(told), messages), textAt(told, "awsRegion")].filter(Boolean).join(" · ")],
    ["Began", timeOf(start)],
    ["Ended", timeOf(end)],
    [
      "eventID",
      parts
        .map((part) => textAt(part, "eventID"))
        .filter(Boolean)
        .join(", "),
    ],
    ["sharedEventID", textAt(told, "sharedEventID")],
  ];
  return {
    kind: "notice",
    severity: "medium",
    title: `${title}${call === "" ? "" : `: ${call}`}${end === undefined ? "" : " (ended)"}`,
    accountId: accountOf(told),
    facts: facts.flatMap(([label, value]): Fact[] => (value ? [{ label, value }] : [])),
  };
}

/** Value and baseline, which CloudTrail measures per minute over the days before. */
function rate(insight: CloudTrailRecord, things: string): string | undefined {
  const statistic = (...path: readonly string[]) => {
    const value = valueAt(insight, "insightDetails", "insightContext", "statistics", ...path);
    return typeof value === "number" ? value : undefined;
  };
  const value = statistic("insight", "average");
  const baseline = statistic("baseline", "average");
  const minutes = statistic("baselineDuration");
  if (value === undefined) return undefined;
  const usual = baseline === undefined ? "" : ` instead of ${short(baseline)}`;
  const span = usual === "" || minutes === undefined ? "" : ` (average of ${short(minutes / MINUTES_PER_DAY)} days)`;
  return `${short(value)} ${things} per minute${usual}${span}`;
}

/** Four digits tell enough; CloudTrail writes ten. */
function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}

/** Who or what stands behind most of it. */
function attributions(insight: CloudTrailRecord, attribute: string): string | undefined {
  const lists = valueAt(insight, "insightDetails", "insightContext", "attributions");
  const list = Array.isArray(lists) ? lists.find((entry) => textAt(entry ?? {}, "attribute") === attribute) : undefined;
  const values = list === undefined ? undefined : valueAt(list, "insight");
  if (!Array.isArray(values)) return undefined;
  const shown = values.slice(0, MAX_ATTRIBUTIONS).map((entry) => {
    const average = valueAt(entry ?? {}, "average");
    return `${textAt(entry ?? {}, "value") ?? "unknown"}${typeof average === "number" ? ` (${short(average)})` : ""}`;
  });
  return shown.join(", ") + (values.length > shown.length ? ` and ${values.length - shown.length} more` : "");
}
