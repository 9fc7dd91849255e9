import * as v from "valibot";
import { RULES_LANGUAGES, SEVERITIES } from "#model/rule.ts";

const RuleObject = v.strictObject({
  expression: v.string(),
  id: v.optional(v.nullable(v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9-]*$/, "ids are lower case: a-z, 0-9 and -")))),
  title: v.optional(v.nullable(v.string())),
  severity: v.optional(v.nullable(v.picklist(SEVERITIES))),
});
type Rule = string | v.InferOutput<typeof RuleObject>;

// Chosen by what is there, because a union would only say that nothing fits, and not where.
const Rule: v.GenericSchema<unknown, Rule> = v.lazy((rule) => (typeof rule === "object" ? RuleObject : v.string()));
const Rules: v.GenericSchema<unknown, string | Rule[]> = v.lazy((rules) =>
  typeof rules === "string" ? v.string() : v.array(Rule),
);

/** A JSON null is an absent value: Terraform has no other way to leave something out. */
function orAbsent<T>(schema: v.GenericSchema<unknown, T>): v.GenericSchema<unknown, T | undefined> {
  return v.pipe(
    v.optional(v.nullable(schema)),
    v.transform((value) => value ?? undefined),
  );
}

/** As {@link orAbsent}, with what holds when it is left out. */
function orElse<T>(schema: v.GenericSchema<unknown, T>, fallback: T) {
  return v.nullish(schema, fallback as T & {});
}

const texts = orElse<readonly string[]>(v.array(v.string()), []);

const RuleException = v.pipe(
  v.strictObject({
    reason: v.pipe(v.string(), v.minLength(1)),
    until: orAbsent(v.pipe(v.string(), v.check(isDay, "must be a day such as 2027-01-31"))),
    actors: texts,
    cidrs: texts,
    accounts: orElse<readonly string[]>(
      v.array(v.pipe(v.string(), v.regex(/^\d{12}$/, "must be an account id of 12 digits"))),
      [],
    ),
    expression: orAbsent(v.string()),
  }),
  v.check(
    ({ actors, cidrs, accounts, expression }) =>
      actors.length + cidrs.length + accounts.length > 0 || expression !== undefined,
    "an exception needs actors, cidrs, accounts or an expression; to switch the whole rule off, set enabled to false",
  ),
);

/** What templates may be: more tells nothing at one glance. Slack cuts longer labels. */
const MAX_TEMPLATE = 1_000;
const MAX_DETAILS = 6;
const LABEL = /^[\p{L}\p{N}][\p{L}\p{N} ._/()-]{0,39}$/u;

const Template = v.pipe(
  v.string(),
  v.minLength(1, "must not be empty"),
  v.maxLength(MAX_TEMPLATE, `has more than ${MAX_TEMPLATE} characters`),
);
const Details: v.GenericSchema<unknown, Readonly<Record<string, string>>> = v.pipe(
  v.record(
    v.pipe(v.string(), v.regex(LABEL, "a label is 1 to 40 letters, digits and spaces, or any of . _ / ( ) -")),
    Template,
  ),
  v.check((details) => Object.keys(details).length <= MAX_DETAILS, `has more than ${MAX_DETAILS} details`),
);

const RuleOverride = v.strictObject({
  enabled: orAbsent(v.boolean()),
  severity: orAbsent(v.picklist(SEVERITIES)),
  exceptions: orElse(v.array(RuleException), []),
  title: orAbsent(Template),
  details: orElse<Readonly<Record<string, string>>>(Details, {}),
});

function isDay(text: string): boolean {
  const day = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text) && text.length === "2027-01-31".length;
}

/** The IANA name of a time zone that this runtime knows. */
export const TimeZone = v.pipe(v.string(), v.check(isTimeZone, "is no time zone: write one such as Europe/Berlin"));

const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"] as const;
const Hour = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(24));

const OfficeHours = v.pipe(
  v.strictObject({
    time_zone: orElse(TimeZone, "UTC"),
    days: orElse<readonly (typeof DAYS)[number][]>(
      v.pipe(v.array(v.picklist(DAYS)), v.minLength(1, "must name a day")),
      DAYS.slice(0, 5),
    ),
    start: orElse(Hour, 8),
    end: orElse(Hour, 18),
  }),
  v.check(({ start, end }) => start < end, "start must be before end"),
  v.transform(({ time_zone, days, start, end }) => ({
    tz: time_zone,
    days: days.map((day) => DAYS.indexOf(day) + 1),
    start,
    end,
  })),
);

/** As expressions judge it: they know no other folder, and the configuration knows none of theirs. */
function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** To the library a list is a record, too. */
type TagPatterns = Readonly<Record<string, string | null>>;
const TagPatterns: v.GenericSchema<unknown, TagPatterns> = v.pipe(
  v.unknown(),
  v.check((tags) => !Array.isArray(tags), "must name each tag with a pattern or null: { Team: null }"),
  v.record(v.string(), v.nullable(v.string())),
);

/** The rules and what they depend on, under the names of the module's variables. Everything may be left out. */
export const RULE_DOCUMENT = {
  use_default_rules: orElse(v.boolean(), true),
  packs: orElse<Readonly<Record<string, boolean>>>(v.record(v.string(), v.boolean()), {}),
  rule_overrides: orElse(v.record(v.string(), RuleOverride), {}),
  rules: orElse(Rules, []),
  rules_language: orElse(v.picklist(RULES_LANGUAGES), "auto"),
  rules_separator: orElse(v.pipe(v.string(), v.minLength(1)), ","),
  ignore_rules: orElse(Rules, []),
  events_to_track: orElse<string | readonly string[]>(v.union([v.string(), v.array(v.string())]), []),
  allowed_cidrs: texts,
  office_hours: orAbsent(OfficeHours),
  required_tags: orElse<Readonly<Record<string, TagPatterns>>>(v.record(v.string(), TagPatterns), {}),
  rule_config: orElse<Readonly<Record<string, unknown>>>(v.record(v.string(), v.unknown()), {}),
};
const RuleDocument = v.object(RULE_DOCUMENT);
export type RuleDocument = v.InferOutput<typeof RuleDocument>;
