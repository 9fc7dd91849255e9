import type { Fact } from "#model/news.ts";
import { type CloudTrailRecord, textAt } from "#model/record.ts";

/** How somebody signed in to the console: with or without a second factor, in whose role. */
export function signInDetails(record: CloudTrailRecord): readonly Fact[] {
  const call = textAt(record, "eventName");
  if (call === "ConsoleLogin") return [{ label: "MFA", value: mfa(record) }];
  if (call === "SwitchRole") {
    const to = textAt(record, "additionalEventData", "SwitchTo");
    return to === undefined ? [] : [{ label: "Switched to", value: to }];
  }
  return [];
}

/** Whoever signs in elsewhere (Identity Center, SAML) is asked for it there, and AWS writes "No". */
function mfa(record: CloudTrailRecord): string {
  const type = textAt(record, "userIdentity", "type");
  const used = textAt(record, "additionalEventData", "MFAUsed");
  if (used === "Yes") return "yes";
  const arn = textAt(record, "userIdentity", "arn") ?? "";
  if (/:assumed-role\/AWSReservedSSO_/.test(arn)) return "not told: Identity Center asks for it";
  if (type !== "IAMUser" && type !== "Root") return "not told: it is no user of IAM";
  return used === "No" ? "no" : "not told";
}
