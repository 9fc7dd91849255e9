import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Ministack, startMinistack } from "#test/support/ministack.ts";
import { only, type PlannedResource } from "./plan.ts";
import { MODULE, planTogether } from "./together.ts";

/** What a root makes beside the notifier: while planning, nobody knows its ARNs and ids yet. */
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

/** What a root makes beside incident response, and how it is given. */
const INCIDENT_RESPONSE = `
resource "aws_kms_key" "evidence" {}
resource "aws_sns_topic" "operations" { name = "operations" }
resource "aws_iam_role" "forensics" {
  name               = "forensics"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [] })
}
resource "aws_iam_instance_profile" "forensics" {
  name = "forensics"
  role = aws_iam_role.forensics.name
}
resource "aws_subnet" "forensics" {
  vpc_id     = "vpc-0123456789abcdef0"
  cidr_block = "192.0.2.0/24"
}
resource "aws_launch_template" "web" {}

module "incident_response" {
  source        = "${MODULE}/modules/incident-response"
  alarm_actions = [aws_sns_topic.operations.arn]
  evidence      = { kms_key = { arn = aws_kms_key.evidence.arn } }
  forensics = {
    ami_id           = "ami-0123456789abcdef0"
    instance_profile = { arn = aws_iam_instance_profile.forensics.arn, role_arn = aws_iam_role.forensics.arn }
    subnet_ids       = [aws_subnet.forensics.id]
  }
  isolation   = { revoke_credentials = "instance", restorable_role_arns = [aws_iam_role.forensics.arn] }
  replacement = { launch_template_id = aws_launch_template.web.id, role_arn = aws_iam_role.forensics.arn }
}
`;

const NOTIFIERS: readonly (readonly [name: string, settings: string])[] = [
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
];

const ROOTS = new Map([
  ...NOTIFIERS.map(([name, settings]) => {
    const module = `module "cloudtrail_to_slack" {\n  source = "${MODULE}"\n${settings}\n}\n`;
    return [name, BESIDE + module] as const;
  }),
  ["incident response beside what it is given", INCIDENT_RESPONSE] as const,
]);

describe("a root that makes everything in one apply", () => {
  let ministack: Ministack;
  let planned: ReadonlyMap<string, readonly PlannedResource[]>;

  beforeAll(async () => {
    ministack = await startMinistack();
    planned = await planTogether(ROOTS, ministack);
  });

  afterAll(async () => {
    await ministack?.stop();
  });

  it.each([...ROOTS.keys()])("plans with %s", (name) => {
    expect(only(planned.get(name) ?? [], "aws_lambda_alias.live").name).toBe("live");
  });
});
