import type { Destination, Mention, MentionRule, Route, RouteTable, Routing, Target } from "#model/destination.ts";
import { assertNever } from "#model/errors.ts";
import type { News } from "#model/news.ts";

/**
 * To whom news goes: each destination once. Routes are asked in order; the first that fits keeps the news, unless it lets
 * it go on. What no route kept goes by the tables, which know accounts and a default.
 */
export function targetsFor({ routes, routing, mention: forAll }: Routing, news: News): readonly Target[] {
  const targets: Target[] = [];
  for (const route of routes) {
    if (!fits(route, news)) continue;
    const mention = mentionOf(route.mention ?? forAll, news);
    for (const destination of route.destinations) {
      targets.push(targetOf(destination, fallbackOf(destination, routing), mention));
    }
    if (!route.continues) return unique(targets);
  }
  const mention = mentionOf(forAll, news);
  for (const { routes: rows, default: fallback } of routing) {
    const row = rows.find(({ accounts }) => news.accountId !== undefined && accounts.includes(news.accountId));
    if (row !== undefined) targets.push(targetOf(row.destination, fallback, mention));
    else if (fallback !== undefined) targets.push(targetOf(fallback, undefined, mention));
  }
  return unique(targets);
}

/** Every destination that news may go to. */
export function destinationsOf({ routes, routing }: Routing): readonly Destination[] {
  return [
    ...routes.flatMap(({ destinations }) => destinations),
    ...routing.flatMap(({ routes: rows, default: fallback }) => [
      ...rows.map(({ destination }) => destination),
      ...(fallback === undefined ? [] : [fallback]),
    ]),
  ];
}

/** Whether news fits all of what a route names. News that no rule gave fits no route that names rules or packs. */
function fits({ accounts, severities, rules, packs }: Route, news: News): boolean {
  const { accountId, severity } = news;
  if (accounts !== undefined && (accountId === undefined || !accounts.includes(accountId))) return false;
  if (severities !== undefined && !severities.includes(severity)) return false;
  if (rules === undefined && packs === undefined) return true;
  const matched = news.kind === "alert" ? news.rules : [];
  return matched.some(
    ({ id, pack }) => rules?.includes(id) === true || (pack !== undefined && packs?.includes(pack) === true),
  );
}

function mentionOf(rule: MentionRule | undefined, { severity }: News): Mention | undefined {
  return rule?.severities.includes(severity) === true ? rule.mention : undefined;
}

/** Topics mention nobody. */
function targetOf(destination: Destination, fallback: Destination | undefined, mention: Mention | undefined): Target {
  return {
    destination,
    ...(fallback === undefined ? {} : { fallback }),
    ...(mention === undefined || destination.kind === "sns" ? {} : { mention }),
  };
}

/** Who hears of what a route's destination cannot be told: a default, if there is one of the same kind that. */
function fallbackOf(destination: Destination, tables: readonly RouteTable[]): Destination | undefined {
  const others = tables.flatMap(({ default: fallback }) =>
    fallback === undefined || placeOf(fallback) === placeOf(destination) ? [] : [fallback],
  );
  const isTopic = destination.kind === "sns";
  return others.find(({ kind }) => (kind === "sns") === isTopic) ?? others[0];
}

/** The first of each destination, which keeps the mention of whichever has one. */
function unique(targets: readonly Target[]): readonly Target[] {
  const byPlace = new Map<string, Target>();
  for (const target of targets) {
    const place = placeOf(target.destination);
    const known = byPlace.get(place);
    if (known === undefined) byPlace.set(place, target);
    else if (known.mention === undefined && target.mention !== undefined) {
      byPlace.set(place, { ...known, mention: target.mention });
    }
  }
  return [...byPlace.values()];
}

/** Where a destination leads, whatever it is called. */
function placeOf(destination: Destination): string {
  switch (destination.kind) {
    case "slack_webhook":
      return `hook ${destination.hookParameter}`;
    case "slack_app":
      return `channel ${destination.channelId}`;
    case "sns":
      return `topic ${destination.topicArn}`;
    default:
      return assertNever(destination);
  }
}
