import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "@cdktf/hcl2json";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseConfiguration } from "#config/read-settings.ts";
import { startEmulators } from "#test/support/emulators.ts";
import type { Ministack } from "#test/support/ministack.ts";
import { openRoot } from "#test/support/terraform.ts";
import { repoRoot } from "#test/support/tools.ts";
import { documentOf, isRecord, only, type PlannedResource, resourcesOf } from "./plan.ts";

const REQUIRED = Symbol("a root has to set it");

/** The 36 variables of fivexl/terraform-aws-cloudtrail-to-slack: the default there, and another value that roots set. */
const OLDER_VARIABLES: Readonly<Record<string, readonly [olderDefault: unknown, value: unknown]>> = {
  configuration: [
    null,
    [{ accounts: ["222222222222"], slack_hook_url: "https://hooks.slack.com/services/confidential" }],
  ],
  default_slack_hook_url: [null, "https://hooks.slack.com/services/confidential"],
  slack_bot_token: [null, "xoxb-confidential"],
  slack_app_configuration: [null, [{ accounts: ["333333333333"], slack_channel_id: "C3333333333" }]],
  default_slack_channel_id: [null, "C0000000000"],
  aws_sns_topic_subscriptions: [{}, { "soc@example.org": "email" }],
  default_sns_topic_arn: [null, "arn:aws:sns:us-east-1:123456789012:default"],
  sns_configuration: [null, [{ accounts: ["444444444444"], sns_topic_arn: "arn:aws:sns:us-east-1:123456789012:team" }]],
  function_name: ["fivexl-cloudtrail-to-slack", "audit"],
  cloudtrail_logs_s3_bucket_name: [REQUIRED, "example-logs"],
  cloudtrail_logs_kms_key_id: ["", "alias/trail"],
  events_to_track: ["", "DeleteTrail, StopLogging"],
  rules: ["", "eventName == 'CreateUser'|eventName in ['DeleteUser', 'DeleteRole']"],
  ignore_rules: ["", "userIdentity.accountId == '111111111111'"],
  use_default_rules: [true, false],
  dead_letter_target_arn: [null, "arn:aws:sqs:us-east-1:000000000000:dead-letters"],
  lambda_timeout_seconds: [30, 60],
  lambda_memory_size: [256, 1024],
  lambda_logs_retention_in_days: [30, 90],
  lambda_recreate_missing_package: [true, false],
  lambda_build_in_docker: [false, true],
  tags: [{}, { team: "security" }],
  rules_separator: [",", "|"],
  log_level: ["INFO", "DEBUG"],
  s3_removed_object_notification: [true, false],
  rule_evaluation_errors_to_slack: [true, false],
  s3_notification_filter_prefix: ["AWSLogs/", "trail/AWSLogs/"],
  dynamodb_table_name: ["fivexl-cloudtrail-to-slack-table", "audit-table"],
  dynamodb_time_to_live: [900, 60],
  push_access_denied_cloudwatch_metrics: [true, false],
  create_bucket_notification: [true, true],
  enable_eventbridge_notificaitons: [false, true],
  enable_s3_sns_fanout: [false, true],
  create_s3_sns_fanout_topic: [true, true],
  s3_sns_fanout_topic_arn: [null, "arn:aws:sns:us-east-1:123456789012:log-files"],
  s3_sns_fanout_topic_name: ["cloudtrail-s3-notifications", "log-files"],
};
const OLDER_OUTPUTS = ["lambda_function_arn", "s3_sns_fanout_topic_arn", "s3_sns_fanout_topic_name"];

let ministack: Ministack;
let folder: string;

beforeAll(async () => {
  // Permissions are e2e's business: ministack asks for ssm:GetParameters on `*`, which the module does not grant.
  ministack = await startEmulators({ auth: false });
  folder = await mkdtemp(join(tmpdir(), "older-interface-"));
});

afterAll(async () => {
  await ministack?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** The names that the module's files declare in blocks of a kind. */
async function declaredNames(kind: "variable" | "output"): Promise<readonly string[]> {
  const file = `${kind}s.tf`;
  const parsed: unknown = await parse(file, await readFile(join(repoRoot, file), "utf8"));
  const blocks = isRecord(parsed) ? parsed[kind] : undefined;
  return isRecord(blocks) ? Object.keys(blocks) : [];
}

/** Plans a root whose module block sets these variables and whose outputs are those of the older module. */
async function plannedWith(settings: Readonly<Record<string, unknown>>) {
  const outputs = OLDER_OUTPUTS.map((name) => [name, { value: `\${module.cloudtrail_to_slack.${name}}` }] as const);
  const root = {
    module: { cloudtrail_to_slack: { source: repoRoot, ...settings } },
    output: Object.fromEntries(outputs),
  };
  const directory = await mkdtemp(join(folder, "root-"));
  await writeFile(join(directory, "main.tf.json"), JSON.stringify(root, undefined, 2));
  const opened = await openRoot(directory, { env: ministack.env });
  try {
    await opened.init();
    const { json } = await opened.plan();
    const changes = isRecord(json) && isRecord(json.output_changes) ? json.output_changes : {};
    return { resources: resourcesOf(json), outputs: Object.keys(changes) };
  } finally {
    await opened.close();
  }
}

function settingsOf(resources: readonly PlannedResource[]) {
  const { rules, ruleConfig, ...settings } = parseConfiguration(documentOf(resources));
  return { ...settings, rules: rules.map(({ origin, expression }) => `${origin}: ${expression}`) };
}

describe("the older module's interface", () => {
  it("is 36 variables and 3 outputs, each of which is declared here", async () => {
    const variables = await declaredNames("variable");
    const outputs = await declaredNames("output");
    expect({
      counts: [Object.keys(OLDER_VARIABLES).length, OLDER_OUTPUTS.length],
      missingVariables: Object.keys(OLDER_VARIABLES).filter((name) => !variables.includes(name)),
      missingOutputs: OLDER_OUTPUTS.filter((name) => !outputs.includes(name)),
    }).toEqual({ counts: [36, 3], missingVariables: [], missingOutputs: [] });
  });

  it("plans with all 36 variables set at once", async () => {
    const values = Object.entries(OLDER_VARIABLES).map(([name, [, value]]) => [name, value] as const);
    const { resources, outputs } = await plannedWith(Object.fromEntries(values));
    expect(outputs).toEqual(OLDER_OUTPUTS);
    expect(JSON.stringify(resources)).not.toContain("confidential");
    const fn = only(resources, "aws_lambda_function.this");
    expect([fn.function_name, fn.timeout, fn.memory_size, fn.tags]).toEqual(["audit", 60, 1024, { team: "security" }]);
    expect(JSON.parse(String(only(resources, "aws_sqs_queue.retry").redrive_policy))).toEqual({
      deadLetterTargetArn: "arn:aws:sqs:us-east-1:000000000000:dead-letters",
      maxReceiveCount: 50,
    });
    expect(only(resources, "aws_dynamodb_table.ledger[0]").name).toBe("audit-table");
    const { topic, eventbridge } = only(resources, "aws_s3_bucket_notification.this[0]");
    expect([topic, eventbridge]).toEqual([
      [
        expect.objectContaining({
          events: ["s3:ObjectCreated:*"],
          filter_prefix: "trail/AWSLogs/",
          filter_suffix: ".json.gz",
        }),
      ],
      true,
    ]);
    expect(only(resources, "aws_sns_topic.fanout[0]").name).toBe("log-files");
    expect(only(resources, "aws_cloudwatch_log_group.function").retention_in_days).toBe(90);
  });

  it("plans with every older default, one hook and the bucket", async () => {
    const defaults = Object.entries(OLDER_VARIABLES).map(
      ([name, [olderDefault, value]]) => [name, olderDefault === REQUIRED ? value : olderDefault] as const,
    );
    const hook = "https://hooks.slack.com/services/confidential";
    const { resources } = await plannedWith({ ...Object.fromEntries(defaults), default_slack_hook_url: hook });
    expect(JSON.stringify(resources)).not.toContain("confidential");
    expect(settingsOf(resources)).toEqual({
      allowedHookHosts: ["hooks.slack.com", "hooks.slack-gov.com"],
      countRefusedCalls: true,
      grouping: {
        windowMs: 900_000,
        retryQueue: "arn:aws:sqs:us-east-1:000000000000:fivexl-cloudtrail-to-slack-retry",
      },
      ledger: { table: "fivexl-cloudtrail-to-slack-table", retentionDays: 30 },
      limits: {
        file_bytes: 4_294_967_296,
        file_records: 5_000_000,
        record_bytes: 1_048_576,
        record_depth: 64,
        record_values: 100_000,
      },
      language: "auto",
      mention: undefined,
      messages: {
        accountNames: {},
        namesFromOrganizations: false,
        identityCenter: undefined,
        logAccountId: "000000000000",
        runbooks: {},
        timeZone: "UTC",
      },
      overrides: {},
      packs: {},
      problems: [],
      routing: [
        {
          routes: [],
          default: {
            kind: "slack_webhook",
            name: "default",
            hookParameter: "/fivexl-cloudtrail-to-slack/secrets/default-hook",
          },
        },
        { routes: [], default: undefined },
        { routes: [], default: undefined },
      ],
      routes: [],
      rules: [],
      tellRuleProblems: true,
      useDefaultRules: true,
    });
  });
});
