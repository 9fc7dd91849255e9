import { assertNever } from "#model/errors.ts";
import type { Alert, Fact, Link, News } from "#model/news.ts";

/** What a message says below its headline, in its order. */
export interface Content {
  readonly lines: readonly Fact[];
  /** Short ones, which may stand beside each other. */
  readonly columns: readonly Fact[];
  /** What to do about it. */
  readonly advice: readonly Fact[];
  /** The rules and what it can be looked up by. */
  readonly context: readonly string[];
  readonly links: readonly Link[];
}

/** News as lines of a label and a value, whoever draws them. */
export function contentOf(news: News): Content {
  switch (news.kind) {
    case "alert":
      return alertContent(news);
    case "notice":
      return { lines: news.facts, columns: [], advice: [], context: [], links: [] };
    default:
      return assertNever(news);
  }
}

function alertContent(alert: Alert): Content {
  const { rules, details, links } = alert;
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
      ["When", alert.time ?? alert.when],
    ]),
    advice: facts([["What to do", advice]]),
    context: alertContext(alert),
    links,
  };
}

/** `prod-payments (111111111111) · eu-central-1` */
function whereIn({ accountId, accountName, region }: Alert): string {
  const account = accountId ?? "unknown account";
  return [accountName === undefined ? account : `${accountName} (${account})`, region].filter(Boolean).join(" · ");
}

function alertContext({ rules, eventId }: Alert): readonly string[] {
  const matched = `${rules.length === 1 ? "Rule" : "Rules"}: ${rules.map(({ id }) => id).join(", ")}`;
  return eventId === "" ? [matched] : [matched, `eventID: ${eventId}`];
}

function facts(known: readonly (readonly [string, string | undefined])[]): readonly Fact[] {
  return known.flatMap(([label, value]) => (value === undefined ? [] : [{ label, value }]));
}
