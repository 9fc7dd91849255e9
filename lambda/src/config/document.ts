import * as v from "valibot";
import { Messages } from "./message-settings.ts";
import { ROUTING_DOCUMENT } from "./routing-document.ts";
import { RULE_DOCUMENT } from "./rule-document.ts";

/**
 * The configuration as Terraform writes it: one JSON document, under the names of the module's variables, so that a
 * problem's path is the place where the user wrote it.
 */
export const ConfigurationDocument = v.object({
  ...RULE_DOCUMENT,
  ...ROUTING_DOCUMENT,
  allowed_hook_hosts: v.array(v.string()),
  messages: Messages,
  rule_evaluation_errors_to_slack: v.boolean(),
  push_access_denied_cloudwatch_metrics: v.boolean(),
  ledger: v.strictObject({
    table: v.pipe(
      v.optional(v.nullable(v.string())),
      v.transform((table) => table ?? undefined),
    ),
    retention_days: v.number(),
  }),
  grouping: v.strictObject({ window_minutes: v.number(), retry_queue_arn: v.string() }),
  limits: v.strictObject({
    file_bytes: v.number(),
    file_records: v.number(),
    record_bytes: v.number(),
    record_depth: v.number(),
    record_values: v.number(),
  }),
});
export type ConfigurationDocument = v.InferOutput<typeof ConfigurationDocument>;
