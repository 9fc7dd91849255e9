import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Ministack, startMinistack } from "#test/support/ministack.ts";
import { openRoot } from "#test/support/terraform.ts";
import { repoRoot } from "#test/support/tools.ts";
import { only, resourcesOf } from "./plan.ts";

/** What a root makes beside the module: while planning, nobody knows its ARNs and ids yet. */
const BESIDE = `
resource "aws_s3_bucket" "logs" { bucket_prefix = "logs-" }
resource "aws_kms_key" "trail" {}
resource "aws_kms_key" "hooks" {}
resource "aws_kms_key" "ledger" {}
resource "aws_sqs_queue" "dead_letters" { name = "dead-letters" }
resource "aws_sns_topic" "alerts" { name = "alerts" }
resource "aws_sns_topic" "team" { name = "team" }
resource "aws_sns_topic" "log_files" { name = "log-files" }
resource "aws_sns_topic" "billing" { name = "billing" }
resource "aws_sqs_queue" "log_files" { name = "log-files" }
resource "aws_kms_key" "queue" {}
resource "aws_cloudwatch_log_group" "trail" { name_prefix = "trail" }
resource "aws_cloudwatch_event_bus" "trails" { name = "trails" }
resource "aws_iam_policy" "boundary" {
  name   = "boundary"
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "*", Resource = "*" }] })
}
resource "aws_organizations_organizational_unit" "team" {
  name      = "team"
  parent_id = "r-ab12"
}
resource "aws_ssm_parameter" "hook" {
  name             = "/hooks/default"
  type             = "SecureString"
  value_wo         = "https://hooks.slack.com/services/confidential"
  value_wo_version = 1
}
`;

describe("a root that makes everything in one apply", () => {
  let ministack: Ministack;
  let folder: string;

  beforeAll(async () => {
    ministack = await startMinistack();
    folder = await mkdtemp(join(tmpdir(), "unknown-values-"));
  });

  afterAll(async () => {
    await ministack?.stop();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  it.each([
    [
      "hooks by the ARNs of parameters, keys, queue and boundary",
      `
      cloudtrail_logs_s3_bucket_name   = aws_s3_bucket.logs.id
      cloudtrail_logs_kms_key_id       = aws_kms_key.trail.arn
      kms_key_arn                      = aws_kms_key.hooks.arn
      ssm_kms_key_arns                 = [aws_kms_key.hooks.arn]
      default_slack_hook_ssm_parameter = aws_ssm_parameter.hook.arn
      configuration                    = [{ accounts = ["222222222222"], slack_hook_ssm_parameter = aws_ssm_parameter.hook.arn }]
      dead_letter_target_arn           = aws_sqs_queue.dead_letters.arn
      alarm_actions                    = [aws_sns_topic.alerts.arn]
      ledger                           = { kms_key_arn = aws_kms_key.ledger.arn }
      reconcile                        = {}
      role_permissions_boundary        = aws_iam_policy.boundary.arn
      ignore_rules                     = ["requestParameters.bucketName == '\${aws_s3_bucket.logs.id}'"]
      `,
    ],
    [
      "topics for alerts and for log files",
      `
      cloudtrail_logs_s3_bucket_name = aws_s3_bucket.logs.id
      dead_letter_target_arn         = aws_sns_topic.billing.arn
      default_sns_topic_arn          = aws_sns_topic.alerts.arn
      sns_configuration              = [{ accounts = ["222222222222"], sns_topic_arn = aws_sns_topic.team.arn }]
      enable_s3_sns_fanout           = true
      create_s3_sns_fanout_topic     = false
      s3_sns_fanout_topic_arn        = aws_sns_topic.log_files.arn
      rules                          = "userIdentity.arn == '\${aws_iam_policy.boundary.arn}'"
      `,
    ],
    [
      "destinations and units of routes",
      `
      cloudtrail_logs_s3_bucket_name   = aws_s3_bucket.logs.id
      default_slack_hook_ssm_parameter = "/hooks/default"
      routes = [
        { name = "on call", severities = ["critical"], destinations = [{ sns_topic_arn = aws_sns_topic.team.arn }, { sns_topic_arn = aws_sns_topic.alerts.arn }], continue = true },
        { name = "unit", organizational_units = [aws_organizations_organizational_unit.team.id], destinations = [{ sns_topic_arn = aws_sns_topic.team.arn }] },
        { name = "team", accounts = [split(":", aws_sns_topic.team.arn)[4]], destinations = [{ slack_hook_ssm_parameter = aws_ssm_parameter.hook.arn }] },
      ]
      `,
    ],
    [
      "topic, queue with its key, bus, log group and the alarms' topic as sources",
      `
      cloudtrail_logs_s3_bucket_name   = aws_s3_bucket.logs.id
      default_slack_hook_ssm_parameter = "/hooks/default"
      sources = {
        sns             = { create_topic = false, topic_arn = aws_sns_topic.log_files.arn }
        sqs             = { create_queue = false, queue_arn = aws_sqs_queue.log_files.arn, kms_key_arn = aws_kms_key.queue.arn }
        api_calls       = { bus_name = aws_cloudwatch_event_bus.trails.arn }
        cloudwatch_logs = { log_group_name = aws_cloudwatch_log_group.trail.name }
        alarms = {
          topic_arns     = { billing = aws_sns_topic.billing.arn, team = aws_sns_topic.team.arn }
          log_group_name = aws_cloudwatch_log_group.trail.name
          conditions     = { root_use = {}, sign_in_from_other_address = { allowed_addresses = ["198.51.100.*"] } }
        }
      }
      `,
    ],
    [
      "another account's bucket by EventBridge, through a queue that the module makes",
      `
      cloudtrail_logs_s3_bucket_name   = aws_s3_bucket.logs.id
      create_bucket_notification       = false
      default_slack_hook_ssm_parameter = "/hooks/default"
      sources = {
        bucket_account_id = split(":", aws_sns_topic.log_files.arn)[4]
        sqs               = {}
        eventbridge       = { bus_name = aws_cloudwatch_event_bus.trails.name }
        api_calls         = {}
      }
      `,
    ],
    [
      "no log files",
      `
      default_slack_hook_ssm_parameter = aws_ssm_parameter.hook.arn
      sources = {
        log_files       = false
        api_calls       = {}
        cloudwatch_logs = { log_group_name = aws_cloudwatch_log_group.trail.name }
        alarms          = { topic_arns = { billing = aws_sns_topic.billing.arn } }
      }
      `,
    ],
  ])("plans with %s", async (_, settings) => {
    const directory = await mkdtemp(join(folder, "root-"));
    const module = `module "cloudtrail_to_slack" {\n  source = "${repoRoot}"\n${settings}\n}\n`;
    await writeFile(join(directory, "main.tf"), BESIDE + module);
    const root = await openRoot(directory, { env: ministack.env });
    try {
      await root.init();
      const { json } = await root.plan();
      expect(only(resourcesOf(json), "aws_lambda_alias.live").name).toBe("live");
    } finally {
      await root.close();
    }
  });
});
