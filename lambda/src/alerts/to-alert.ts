import type { Alert } from "#model/news.ts";
import { type CloudTrailRecord, textAt } from "#model/record.ts";
import type { RuleRef } from "#model/rule.ts";
import { type MessageSettings, PLAIN_MESSAGES } from "#model/settings.ts";
import type { ObjectRef } from "#model/source-item.ts";
import { nameOf } from "./account.ts";
import { clientInWords, originInWords } from "./client.ts";
import { detailsOf } from "./details.ts";
import { linksOf } from "./links.ts";
import { masked, maskedName } from "./mask.ts";
import { isFailedSignIn, plainAlert } from "./plain-news.ts";
import { resourceOf } from "./resource.ts";
import { bareCall, serviceInWords } from "./service.ts";
import { timeIn } from "./time.ts";
import { bounded } from "./values.ts";
import { whoIn } from "./who.ts";
import { wordedIn } from "./wording.ts";

/** What an alert is made of beside the record and its rules. */
export interface AlertOptions {
  readonly messages?: MessageSettings;
  /** As rules see it in `config.requiredTags`. */
  readonly requiredTags?: unknown;
  /** Where the record was read from, if it came in a file. */
  readonly logFile?: ObjectRef | undefined;
}

/** Of a text that the alert says in words; the record itself has the rest. */
const MAX_TEXT = 1_000;

/** What to say about a record that rules matched. Everything in it is bounded, and secrets in it are masked. */
export function toAlert(
  record: CloudTrailRecord,
  rules: readonly [RuleRef, ...RuleRef[]],
  { messages = PLAIN_MESSAGES, requiredTags, logFile }: AlertOptions = {},
): Alert {
  const plain = plainAlert(record, rules);
  const { accountId, when, from, userAgent } = plain;
  const [worst] = rules;
  const call = textAt(record, "eventName") ?? "unknown call";
  const error = errorOf(record);
  const resource = resourceOf(record);
  const { title, details } = wordedIn(worst.wording);
  const origin = originInWords(from, clientInWords(userAgent, isConsoleSession(record)));
  return {
    ...plain,
    title: title ?? plain.title,
    accountName: accountId && nameOf(accountId, messages.accountNames),
    call: named([inWords(record, call), resource && `${resource.kind} ${resource.name}`].filter(Boolean).join(", ")),
    who: named(whoIn(record, messages)),
    time: when && bounded(timeIn(when, messages.timeZone), MAX_TEXT),
    origin: origin && said(origin),
    error: error && said(error),
    details: details ?? detailsOf(record, resource, requiredTags),
    links: linksOf(record, rules, messages, logFile),
  };
}

function said(text: string): string {
  return bounded(masked(undefined, text), MAX_TEXT);
}

function named(text: string): string {
  return bounded(maskedName(text), MAX_TEXT);
}

/** `IAM CreateUser`; a sign-in is no call to people. */
function inWords(record: CloudTrailRecord, call: string): string {
  if (call === "ConsoleLogin") return "Sign-in to the console";
  const source = textAt(record, "eventSource");
  return [source && serviceInWords(source), bareCall(call)].filter(Boolean).join(" ");
}

function isConsoleSession(record: CloudTrailRecord): boolean {
  return String(record.sessionCredentialFromConsole) === "true";
}

function errorOf(record: CloudTrailRecord): string | undefined {
  const parts = [textAt(record, "errorCode"), textAt(record, "errorMessage")].filter(Boolean);
  if (parts.length > 0) return parts.join(": ");
  return isFailedSignIn(record) ? "Failure" : undefined;
}
