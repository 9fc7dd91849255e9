import type { Alert, Fact, Notice, Result } from "#model/news.ts";
import { accountOf, type CloudTrailRecord, isRefusedCall, textAt } from "#model/record.ts";
import type { RuleRef } from "#model/rule.ts";
import { groupOf } from "./group.ts";
import { withoutWording } from "./wording.ts";

/** Of a text; the record itself has the rest. In UTF-16 units. */
const MAX_TEXT = 1_000;

const NOTE: Fact = { label: "Note", value: "This could not be put into words. Look for the eventID to see all of it." };

/**
 * An alert in the record's own words: it only copies texts that hold no secrets, so that nothing of it can fail. The
 * worded alert is built on it, which keeps the fields that tell two alerts apart the same in both.
 */
export function plainAlert(record: CloudTrailRecord, rules: readonly [RuleRef, ...RuleRef[]]): Alert {
  const [worst, ...others] = rules;
  const call = textAt(record, "eventName") ?? "unknown call";
  const what = [textAt(record, "eventSource"), call].filter(Boolean).join(" ");
  const callerArn = textAt(record, "userIdentity", "arn");
  const when = textAt(record, "eventTime");
  const from = textAt(record, "sourceIPAddress");
  const error = textAt(record, "errorCode");
  const result = resultOf(record);
  return {
    kind: "alert",
    severity: worst.severity,
    group: groupOf(record, rules),
    title: worst.title ?? `${call} ${ENDINGS[result]}`,
    eventId: textAt(record, "eventID") ?? "",
    accountId: accountOf(record),
    accountName: undefined,
    region: textAt(record, "awsRegion"),
    what,
    call: cut(what),
    who: cut(callerArn ?? "unknown caller"),
    callerArn,
    when,
    time: when && cut(when),
    from,
    userAgent: textAt(record, "userAgent"),
    origin: from && cut(from),
    result,
    error: error && cut(error),
    details: [NOTE],
    links: [],
    rules: [withoutWording(worst), ...others.map(withoutWording)],
  };
}

/** An Insight in the record's own words; as {@link plainAlert}, nothing of it can fail. */
export function plainInsightNotice(insight: CloudTrailRecord): Notice {
  const facts: readonly (readonly [string, string | undefined])[] = [
    ["What", textAt(insight, "insightDetails", "eventName")],
    ["State", textAt(insight, "insightDetails", "state")],
    ["Where", [accountOf(insight), textAt(insight, "awsRegion")].filter(Boolean).join(" · ")],
    ["When", textAt(insight, "eventTime")],
    ["eventID", textAt(insight, "eventID")],
    ["sharedEventID", textAt(insight, "sharedEventID")],
  ];
  return {
    kind: "notice",
    severity: "medium",
    title: "CloudTrail Insight",
    accountId: accountOf(insight),
    facts: [...facts.flatMap(([label, value]): Fact[] => (value ? [{ label, value: cut(value) }] : [])), NOTE],
  };
}

const ENDINGS: Readonly<Record<Result, string>> = {
  succeeded: "was called",
  refused: "was refused",
  failed: "failed",
};

function resultOf(record: CloudTrailRecord): Result {
  if (isRefusedCall(record)) return "refused";
  const hasError = textAt(record, "errorCode") !== undefined || textAt(record, "errorMessage") !== undefined;
  return hasError || isFailedSignIn(record) ? "failed" : "succeeded";
}

/** A failed sign-in has no error code: it says so in its response, and often in `errorMessage`. */
export function isFailedSignIn(record: CloudTrailRecord): boolean {
  return textAt(record, "responseElements", "ConsoleLogin") === "Failure";
}

function cut(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT - 1).toWellFormed()}…`;
}
