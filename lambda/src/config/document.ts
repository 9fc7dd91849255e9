import * as v from "valibot";
import { RULE_DOCUMENT } from "./rule-document.ts";

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
  ...RULE_DOCUMENT,
  routing: v.array(
    v.strictObject({
      routes: v.array(v.strictObject({ accounts: v.array(v.string()), destination: Destination })),
      default: optionalDestination,
    }),
  ),
  allowed_hook_hosts: v.array(v.string()),
  rule_evaluation_errors_to_slack: v.boolean(),
  push_access_denied_cloudwatch_metrics: v.boolean(),
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
