import { assertNever } from "#model/errors.ts";
import type { Alert, Fact, Link, News, Repeats } from "#model/news.ts";
import { plain } from "./plain.ts";

/** What a message says below its headline, in its order. */
export interface Content {
  readonly lines: readonly Fact[];
  /** Short ones, which may stand beside each other. */
  readonly columns: readonly Fact[];
  /** Each of those that are told together, by its time. */
  readonly list: readonly Fact[];
  /** What to do about it. */
  readonly advice: readonly Fact[];
  /** The rules and what it can be looked up by. */
  readonly context: readonly string[];
  readonly links: readonly Link[];
}

/** Of each of several in a list, which is to show the ids of all; the fewer there are, the more of each. As Slack counts: escaped. */
const MAX_OF_ALL = 2_200;
const MAX_DIFFERENCES = 600;
const MAX_ID = 48;

/** News as lines of a label and a value, whoever draws them. */
export function contentOf(news: News): Content {
  switch (news.kind) {
    case "alert":
      return alertContent(news);
    case "notice":
      return { lines: news.facts, columns: [], list: listOf(news.repeats), advice: [], context: [], links: [] };
    default:
      return assertNever(news);
  }
}

/** The title, and of how many it speaks. */
export function titleOf(news: News, max: number): string {
  const count = news.kind === "alert" ? news.repeats?.count : undefined;
  const times = count === undefined ? "" : ` (${count} times)`;
  return plain(news.title, { max: max - times.length }) + times;
}

function listOf(repeats: Repeats | undefined): readonly Fact[] {
  if (repeats === undefined) return [];
  const { count, occurrences } = repeats;
  const hidden = count - occurrences.length;
  const max = Math.min(MAX_DIFFERENCES, Math.floor(MAX_OF_ALL / Math.max(1, occurrences.length)));
  const listed = occurrences.map(({ time, differs, eventId }) => ({
    label: time ?? "at an unknown time",
    value: [plain(differs.join(" · "), { max }), eventId && `eventID: ${plain(eventId, { max: MAX_ID })}`]
      .filter(Boolean)
      .join(" · "),
  }));
  return hidden === 0 ? listed : [...listed, { label: "…", value: `and ${hidden} more` }];
}

function alertContent(alert: Alert): Content {
  const { rules, details, links, repeats } = alert;
  const advice = rules.find(({ investigate }) => investigate !== undefined)?.investigate;
  return {
    lines: facts([
      ["Who", alert.who],
      ["What", alert.call],
      ...details.map(({ label, value }) => [label, value] as const),
      ["Result", alert.error === undefined ? alert.result : `${alert.result}: ${alert.error}`],
      ["From", alert.origin],
    ]),
    columns: facts([
      ["Where", whereIn(alert)],
      [repeats === undefined ? "When" : "First", firstTime(alert)],
      ["Last", repeats?.last.time],
    ]),
    list: listOf(repeats),
    advice: facts([["What to do", advice]]),
    context: alertContext(alert),
    links,
  };
}

/** Files come in any order: what was told first need not have happened first. */
function firstTime({ repeats, time, when }: Alert): string | undefined {
  const first = repeats?.first;
  return first === undefined || first.when === when ? (time ?? when) : (first.time ?? first.when);
}

/** `prod-payments (111111111111) · eu-central-1` */
function whereIn({ accountId, accountName, region }: Alert): string {
  const account = accountId ?? "unknown account";
  return [accountName === undefined ? account : `${accountName} (${account})`, region].filter(Boolean).join(" · ");
}

function alertContext({ rules, eventId, repeats }: Alert): readonly string[] {
  const matched = `${rules.length === 1 ? "Rule" : "Rules"}: ${rules.map(({ id }) => id).join(", ")}`;
  // Of several, the list has them.
  return eventId === "" || repeats !== undefined ? [matched] : [matched, `eventID: ${eventId}`];
}

function facts(known: readonly (readonly [string, string | undefined])[]): readonly Fact[] {
  return known.flatMap(([label, value]) => (value === undefined ? [] : [{ label, value }]));
}
