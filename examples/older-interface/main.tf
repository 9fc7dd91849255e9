# A root as users of fivexl/terraform-aws-cloudtrail-to-slack write it. But for `source`, the module's block is theirs.

terraform {
  required_version = ">= 1.11"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7"
    }
  }
}

variable "name" {
  description = "Start of every name, so that the example can stand several times in one account."
  type        = string
  default     = "older-interface"
}

variable "hook_parameter" {
  description = "Name of the SSM parameter that holds the hook for all accounts without one of their own; make it first (see README.md)."
  type        = string
  default     = "/older-interface/slack-hook"
}

variable "team_hook_parameter" {
  description = "Name of the SSM parameter that holds the hook of the accounts 222222222222 and 333333333333; make it first."
  type        = string
  default     = "/older-interface/team-slack-hook"
}

data "aws_caller_identity" "current" {}

data "aws_ssm_parameter" "hook" {
  name = var.hook_parameter
}

data "aws_ssm_parameter" "team_hook" {
  name = var.team_hook_parameter
}

locals {
  # In Python, as the older module has them; the output `translated_rules` shows what they become.
  rules = [
    "event['eventName'] == 'ConsoleLogin' and event.get('additionalEventData.MFAUsed', '') != 'Yes' and 'assumed-role/AWSReservedSSO' not in event.get('userIdentity.arn', '')",
    "event['eventSource'] == 'iam.amazonaws.com' and event['eventName'] in ['CreateUser', 'CreateAccessKey']",
    "event.get('errorCode', '').endswith(('UnauthorizedOperation'))",
  ]
  ignore_rules = [
    "'userIdentity.accountId' in event and event['userIdentity.accountId'] == '111111111111'",
    "event.get('userIdentity.invokedBy', '') == 'autoscaling.amazonaws.com'",
  ]
}

module "cloudtrail_to_slack" {
  source = "../.."

  function_name                  = var.name
  cloudtrail_logs_s3_bucket_name = aws_s3_bucket.cloudtrail.id

  default_slack_hook_url = data.aws_ssm_parameter.hook.value
  configuration = [
    {
      accounts       = ["222222222222", "333333333333"]
      slack_hook_url = data.aws_ssm_parameter.team_hook.value
    },
  ]

  use_default_rules = false
  events_to_track   = "DeleteTrail, StopLogging, UpdateTrail, SendSSHPublicKey"
  rules             = join("%", local.rules)
  rules_separator   = "%"
  ignore_rules      = join("%", local.ignore_rules)

  enable_s3_sns_fanout           = true
  s3_sns_fanout_topic_name       = "${var.name}-log-files"
  s3_removed_object_notification = false

  lambda_timeout_seconds        = 30
  lambda_memory_size            = 256
  lambda_logs_retention_in_days = 14
  log_level                     = "INFO"

  # The ledger's name.
  dynamodb_table_name = "${var.name}-table"

  # For so many seconds repeats are only counted.
  dynamodb_time_to_live = 900
  # Without effect here, and no reason to touch the root.
  lambda_build_in_docker          = false
  lambda_recreate_missing_package = true

  tags = { Name = var.name }
}

resource "aws_s3_bucket" "cloudtrail" {
  bucket        = "${var.name}-${data.aws_caller_identity.current.account_id}"
  force_destroy = true # an example should leave nothing behind; keep your own logs
}

output "bucket" {
  description = "The bucket that log files are written to, below AWSLogs/."
  value       = aws_s3_bucket.cloudtrail.id
}

output "function_arn" {
  description = "The alias that the topic calls."
  value       = module.cloudtrail_to_slack.lambda_function_arn
}

output "topic_arn" {
  description = "The topic that the bucket notifies; subscribe to it for uses of your own."
  value       = module.cloudtrail_to_slack.s3_sns_fanout_topic_arn
}

output "translated_rules" {
  description = "The rules in Python as the Jexl that they became."
  value       = module.cloudtrail_to_slack.translated_rules
}
