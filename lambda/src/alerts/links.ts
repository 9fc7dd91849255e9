import { consoleUrl, consoleUrlWithoutRegion } from "#model/console-url.ts";
import type { Link } from "#model/news.ts";
import { accountOf, type CloudTrailRecord, textAt } from "#model/record.ts";
import type { RuleRef } from "#model/rule.ts";
import type { MessageSettings } from "#model/settings.ts";
import type { ObjectRef } from "#model/source-item.ts";
import { type Resource, resourceOf } from "./resource.ts";
import { bareCall } from "./service.ts";

/** Slack takes no longer address. https://docs.slack.dev/reference/block-kit/block-elements/button-element */
const MAX_URL = 3_000;
const MAX_RUNBOOKS = 3;

/**
 * Where to look further: the event in CloudTrail's event history, what the call was about, the log file, runbooks. Each
 * page is of the event's own account, region and partition; the log file's is of its bucket's.
 * @param logFile where the record was read from, if it came in a file
 */
export function linksOf(
  record: CloudTrailRecord,
  rules: readonly RuleRef[],
  settings: MessageSettings,
  logFile: ObjectRef | undefined,
): readonly Link[] {
  const region = textAt(record, "awsRegion") ?? "";
  const accountId = accountOf(record);
  const to = (text: string, target: string | undefined, owner: string | undefined): readonly Link[] => {
    const url = target === undefined ? undefined : signedIn(target, owner, settings);
    return url === undefined || url.length > MAX_URL ? [] : [{ text, url }];
  };
  const here = (page: string | undefined) => (page === undefined ? undefined : consoleUrl(region, page));
  const resource = resourceOf(record);
  const isGone = resource !== undefined && removes(record, resource);
  return [
    ...to("CloudTrail event", here(eventPage(record)), accountId),
    ...(resource === undefined || isGone ? [] : to(capital(resource.kind), here(resource.page), accountId)),
    ...to("Log file", logFile && objectUrl(logFile, region), settings.logAccountId),
    ...runbooks(rules, settings),
  ];
}

/** Whether there is nothing left to look at: the call removed the resource itself, and not something of it. */
function removes(record: CloudTrailRecord, { inCalls }: Resource): boolean {
  const [, what = ""] = /^(?:Delete|Terminate)(.+?)s?$/.exec(bareCall(textAt(record, "eventName") ?? "")) ?? [];
  return what.toLowerCase() === inCalls && textAt(record, "errorCode") === undefined;
}

/** Only management events stand in the event history. */
function eventPage(record: CloudTrailRecord): string | undefined {
  const eventId = textAt(record, "eventID");
  const isManagement =
    record.managementEvent !== false && !/^(Data|NetworkActivity)$/.test(String(record.eventCategory));
  if (eventId === undefined || !isManagement) return undefined;
  return `cloudtrailv2/home#/events/${encodeURIComponent(eventId.toWellFormed())}`;
}

/** One trail brings the records of all regions into one bucket, so that theirs says nothing about it. */
function objectUrl({ bucket, key, region = "" }: ObjectRef, recordRegion: string): string | undefined {
  const page = `s3/object/${encodeURIComponent(bucket.toWellFormed())}?prefix=${encodeURIComponent(key.toWellFormed())}`;
  return consoleUrl(region, page) ?? consoleUrlWithoutRegion(recordRegion, page);
}

function runbooks(rules: readonly RuleRef[], { runbooks: pages }: MessageSettings): readonly Link[] {
  const urls = rules.flatMap(({ id }) => (Object.hasOwn(pages, id) ? (pages[id] ?? []) : []));
  return [...new Set(urls)].slice(0, MAX_RUNBOOKS).map((url) => ({ text: "Runbook", url }));
}

/**
 * A console page through the access portal, where one is configured; without an account the page itself.
 * https://docs.aws.amazon.com/singlesignon/latest/userguide/createshortcutlink.html
 */
function signedIn(url: string, accountId: string | undefined, { identityCenter }: MessageSettings): string {
  if (identityCenter === undefined || accountId === undefined || !/^\d{12}$/.test(accountId)) return url;
  const { startUrl, roleName } = identityCenter;
  const role = roleName === undefined ? "" : `&role_name=${encodeURIComponent(roleName)}`;
  return `${startUrl}/#/console?account_id=${accountId}${role}&destination=${encodeURIComponent(url)}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
