import * as v from "valibot";
import { SEVERITIES } from "#model/rule.ts";

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
const optionalDestination = v.pipe(
  v.optional(v.nullable(Destination)),
  v.transform((destination) => destination ?? undefined),
);

/**
 * The configuration as Terraform writes it: one JSON document, under the names of the module's variables, so that a
 * problem's path is the place where the user wrote it.
 */
export const ConfigurationDocument = v.object({
  use_default_rules: v.boolean(),
  rules: Rules,
  rules_separator: v.pipe(v.string(), v.minLength(1)),
  ignore_rules: Rules,
  events_to_track: v.union([v.string(), v.array(v.string())]),
  routing: v.array(
    v.strictObject({
      routes: v.array(v.strictObject({ accounts: v.array(v.string()), destination: Destination })),
      default: optionalDestination,
    }),
  ),
  allowed_hook_hosts: v.array(v.string()),
  rule_evaluation_errors_to_slack: v.boolean(),
  push_access_denied_cloudwatch_metrics: v.boolean(),
  rule_config: v.record(v.string(), v.unknown()),
  ledger: v.strictObject({
    table: v.pipe(
      v.optional(v.nullable(v.string())),
      v.transform((table) => table ?? undefined),
    ),
    retention_days: v.number(),
  }),
  limits: v.strictObject({
    file_bytes: v.number(),
    file_records: v.number(),
    record_bytes: v.number(),
    record_depth: v.number(),
    record_values: v.number(),
  }),
});
export type ConfigurationDocument = v.InferOutput<typeof ConfigurationDocument>;
