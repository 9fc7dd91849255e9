import type { Alert, Fact, Notice, Occurrence, Repeats } from "#model/news.ts";
import type { MessageSettings } from "#model/settings.ts";
import { momentIn } from "./time.ts";
import { bounded } from "./values.ts";

/** How many of those that are told together are listed. */
const MAX_LISTED = 20;
/** Of a text that tells one from the others, in characters; details are at most six. */
const MAX_DIFFERENCE = 120;
/** An id of CloudTrail has 36 characters; a forged one may have any. */
const MAX_ID = 100;
const MAX_TIME = 60;

type Alerts = readonly [Alert, ...Alert[]];

/** Alerts of one group as one: the first of them, with what the others add. */
export function together(alerts: Alerts, settings: MessageSettings): Alert {
  const [first] = inOrder(alerts);
  return alerts.length === 1 ? first : { ...first, repeats: repeatsOf(alerts, first, settings) };
}

/** @param standing the alert of the group that stands for all: each says how it differs from it */
export function repeatsOf(alerts: Alerts, standing: Alert, { timeZone }: MessageSettings): Repeats {
  const said = (alert: Alert): Occurrence => ({
    eventId: bounded(alert.eventId, MAX_ID),
    when: alert.when,
    time: alert.when && bounded(momentIn(alert.when, timeZone), MAX_TIME),
    differs: differencesOf(alert, standing).map((text) => bounded(text, MAX_DIFFERENCE)),
  });
  const ordered = inOrder(alerts);
  const [first] = ordered;
  return {
    count: alerts.length,
    first: said(first),
    last: said(ordered.at(-1) ?? first),
    occurrences: listed(ordered.map(said)),
  };
}

/** What it did and with what comes first: the ports of the second opened group matter more than its session. */
function differencesOf(alert: Alert, standing: Alert): readonly string[] {
  const details = alert.details.filter(
    ({ label, value }) => !standing.details.some((known) => known.label === label && known.value === value),
  );
  const fields = (["title", "call", "error", "who", "origin", "region"] as const).flatMap((field) => {
    const value = alert[field];
    if (value === undefined || value === standing[field]) return [];
    // Of a call that was refused, often only the error says what it was for; the rest of it names the caller again.
    if (field === "error") return refusedFor(value).filter((what) => !refusedFor(standing.error).includes(what));
    // The call is the same in all of them, and what it was done to stands behind it.
    return field === "call" ? [value.slice(value.indexOf(", ") + 1).trim()] : [value];
  });
  return [...details.map(({ label, value }) => `${label} ${value}`), ...fields];
}

/** `on resource: user bob` of AWS's sentence about what was refused; nothing where it names none. */
function refusedFor(error = ""): readonly string[] {
  return /\bon resource: .*?(?= because |$)/s.exec(error) ?? [];
}

/** Both as one. */
export function joined(some: Repeats | undefined, more: Repeats): Repeats {
  if (some === undefined) return more;
  return {
    count: some.count + more.count,
    first: isBefore(more.first, some.first) ? more.first : some.first,
    last: isBefore(more.last, some.last) ? some.last : more.last,
    occurrences: listed([...some.occurrences, ...more.occurrences]),
  };
}

/**
 * What is told of repeats apart from the alert that they repeat.
 * @param occasion tells it from an earlier one with the same words
 */
export function moreNotice(alert: Alert, repeats: Repeats, occasion: string, { timeZone }: MessageSettings): Notice {
  const { severity, title, accountId, accountName, region, who, call, rules } = alert;
  const { count, first, last } = repeats;
  const account = accountName === undefined ? accountId : `${accountName} (${accountId})`;
  const times = [first.time ?? "?", ...(count === 1 ? [] : [last.time ?? "?"])];
  const [bareCall = call] = call.split(", ");
  const facts: readonly Fact[] = [
    { label: "Who", value: who },
    { label: "What", value: bareCall },
    { label: "Where", value: [account, region].filter(Boolean).join(" · ") },
    { label: "When", value: `${times.join(" to ")} ${timeZone}` },
    { label: rules.length === 1 ? "Rule" : "Rules", value: rules.map(({ id }) => id).join(", ") },
  ];
  return { kind: "notice", severity, accountId, title: `${count} more: ${title}`, facts, occasion, repeats };
}

/**
 * Those that are listed, in their order: where there are too many, the first of each that says something else come before
 * those that say the same again, so that nobody hides one call behind twenty harmless ones.
 */
function listed(occurrences: readonly Occurrence[]): readonly Occurrence[] {
  if (occurrences.length <= MAX_LISTED) return occurrences;
  const said = new Set<string>();
  const isNew = occurrences.map(({ differs }) => {
    const words = differs.join("\n");
    return !said.has(words) && said.add(words) !== undefined;
  });
  let left = MAX_LISTED;
  const chosen = new Set<Occurrence>();
  for (const wanted of [true, false])
    for (const [index, occurrence] of occurrences.entries()) {
      if (left === 0 || isNew[index] !== wanted) continue;
      chosen.add(occurrence);
      left -= 1;
    }
  return occurrences.filter((occurrence) => chosen.has(occurrence));
}

function inOrder([first, ...others]: Alerts): Alerts {
  const [one = first, ...rest] = [first, ...others].sort((a, b) => compare(a.when, b.when));
  return [one, ...rest];
}

function isBefore(a: Occurrence, b: Occurrence): boolean {
  return compare(a.when, b.when) < 0;
}

/** ISO 8601 in UTC sorts as text; what has no time comes last. */
function compare(a = "~", b = "~"): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
