import * as v from "valibot";
import type { MentionRule, Route } from "#model/destination.ts";
import { SEVERITIES } from "#model/rule.ts";

const Destination = v.variant("kind", [
  v.strictObject({ kind: v.literal("slack_webhook"), name: v.string(), hookParameter: v.string() }),
  v.strictObject({
    kind: v.literal("slack_app"),
    name: v.string(),
    channelId: v.string(),
    tokenParameter: v.string(),
  }),
  v.strictObject({ kind: v.literal("sns"), name: v.string(), topicArn: v.string() }),
]);

/** A JSON null is an absent value: Terraform has no other way to leave something out. */
function orAbsent<T extends v.GenericSchema>(schema: T) {
  return v.pipe(
    v.optional(v.nullable(schema)),
    v.transform((value) => value ?? undefined),
  );
}

/** What Slack calls a user group, or everyone in a channel. */
const GROUP = /^(S[A-Z0-9]{2,30}|here|channel)$/;

const Mention = v.pipe(
  v.strictObject({
    group: v.pipe(v.string(), v.regex(GROUP, "must be the id of a user group (S…), here or channel")),
    severities: v.array(v.picklist(SEVERITIES)),
  }),
  v.transform(
    ({ group, severities }): MentionRule => ({
      mention:
        group === "here" || group === "channel" ? { kind: "broadcast", range: group } : { kind: "group", id: group },
      severities,
    }),
  ),
);

const names = orAbsent(v.array(v.string()));

const RouteEntry = v.pipe(
  v.strictObject({
    name: v.string(),
    accounts: names,
    severities: orAbsent(v.array(v.picklist(SEVERITIES))),
    rules: names,
    packs: names,
    // What a route without any took would go nowhere.
    destinations: v.pipe(v.array(Destination), v.minLength(1)),
    mention: orAbsent(Mention),
    continue: v.boolean(),
  }),
  v.transform(
    ({ name, accounts, severities, rules, packs, destinations, mention, continue: continues }): Route => ({
      ...{ name, accounts, severities, rules, packs },
      ...{ destinations, mention, continues },
    }),
  ),
);

/** The part of the configuration that says who hears of what. */
export const ROUTING_DOCUMENT = {
  routes: v.array(RouteEntry),
  routing: v.array(
    v.strictObject({
      routes: v.array(v.strictObject({ accounts: v.array(v.string()), destination: Destination })),
      default: orAbsent(Destination),
    }),
  ),
  mention: orAbsent(Mention),
};
