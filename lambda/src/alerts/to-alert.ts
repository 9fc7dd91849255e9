import type { Alert } from "#model/news.ts";
import { accountOf, type CloudTrailRecord, textAt } from "#model/record.ts";
import type { RuleRef } from "#model/rule.ts";

/** What to say about a record that rules matched. */
export function toAlert(record: CloudTrailRecord, rules: readonly [RuleRef, ...RuleRef[]]): Alert {
  const [worst] = rules;
  const call = textAt(record, "eventName") ?? "unknown call";
  return {
    kind: "alert",
    severity: worst.severity,
    title: worst.title ?? `${call} was called`,
    eventId: textAt(record, "eventID") ?? "",
    accountId: accountOf(record),
    region: textAt(record, "awsRegion"),
    what: [textAt(record, "eventSource"), call].filter(Boolean).join(" "),
    who: who(record),
    when: textAt(record, "eventTime"),
    from: textAt(record, "sourceIPAddress"),
    userAgent: textAt(record, "userAgent"),
    error: errorOf(record),
    rules,
  };
}

function who(record: CloudTrailRecord): string {
  const type = textAt(record, "userIdentity", "type");
  const name = ["arn", "userName", "invokedBy", "principalId", "accountId"]
    .map((key) => textAt(record, "userIdentity", key))
    .find((value) => value !== undefined);
  return [type, name].filter(Boolean).join(" ") || "unknown";
}

/** A failed sign-in has no error code: it says so in its response, and often in `errorMessage`. */
function errorOf(record: CloudTrailRecord): string | undefined {
  const parts = [textAt(record, "errorCode"), textAt(record, "errorMessage")].filter(Boolean);
  if (parts.length > 0) return parts.join(": ");
  return textAt(record, "responseElements", "ConsoleLogin") === "Failure" ? "Failure" : undefined;
}
