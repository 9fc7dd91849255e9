# What is critical wakes whoever is on call, by an on-call service that takes notifications of SNS; what is high comes as a
# mail, too, and Slack gets everything.

terraform {
  required_version = ">= 1.11"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7"
    }
  }
}

variable "hook" {
  description = "Slack hook for everything."
  type        = string
  sensitive   = true
}

variable "on_call_url" {
  description = "Where your on-call service takes notifications of SNS: the URL that its integration shows you. The key in it ends up in the state, because it belongs to the subscription."
  type        = string
  sensitive   = true

  validation {
    condition     = can(regex("^https?://", var.on_call_url))
    error_message = "on_call_url must be a URL that begins with https://."
  }
}

variable "mail" {
  description = "Address that gets what is critical or high as a mail, too; it is asked to confirm. Null for none."
  type        = string
  default     = null
}

variable "slack_group" {
  description = "Id of the Slack user group to mention for critical alerts, such as S0123456789. Null for nobody."
  type        = string
  default     = null
}

variable "name" {
  description = "Name of the function, and the start of all other names."
  type        = string
  default     = "cloudtrail-to-slack"
}

data "aws_caller_identity" "current" {}
data "aws_region" "current" {}

module "cloudtrail_to_slack" {
  source = "../.."

  function_name                    = var.name
  cloudtrail_logs_s3_bucket_name   = aws_s3_bucket.cloudtrail.id
  default_slack_hook_ssm_parameter = aws_ssm_parameter.hook.name

  routes = [{
    name         = "on call"
    severities   = ["critical", "high"]
    destinations = [{ sns_topic_arn = aws_sns_topic.on_call.arn }]
    continue     = true # Slack hears of it all the same
  }]

  mention = var.slack_group == null ? null : { group = var.slack_group }
}

resource "aws_sns_topic" "on_call" {
  name = "${var.name}-on-call"
}

resource "aws_sns_topic_subscription" "on_call" {
  topic_arn = aws_sns_topic.on_call.arn
  # Only tests listen without TLS.
  protocol = nonsensitive(startswith(var.on_call_url, "https://")) ? "https" : "http"
  endpoint = var.on_call_url
  # Opsgenie and PagerDuty visit the link of the confirmation by themselves.
  endpoint_auto_confirms = true

  # docs/sns.md lists the attributes.
  filter_policy = jsonencode({ kind = ["alert"], severity = ["critical"] })

  # What the service did not take, rests here instead of being lost.
  redrive_policy = jsonencode({ deadLetterTargetArn = aws_sqs_queue.not_taken.arn })
}

resource "aws_sns_topic_subscription" "mail" {
  count = var.mail == null ? 0 : 1

  topic_arn = aws_sns_topic.on_call.arn
  protocol  = "email"
  endpoint  = var.mail
}

resource "aws_sqs_queue" "not_taken" {
  name                      = "${var.name}-on-call-not-taken"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
}

resource "aws_sqs_queue_policy" "not_taken" {
  queue_url = aws_sqs_queue.not_taken.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "SendByTopic"
      Effect    = "Allow"
      Action    = "sqs:SendMessage"
      Principal = { Service = "sns.amazonaws.com" }
      Resource  = aws_sqs_queue.not_taken.arn
      Condition = { ArnEquals = { "aws:SourceArn" = aws_sns_topic.on_call.arn } }
    }]
  })
}

# The hook, with a write-only argument, which keeps it out of the state.
resource "aws_ssm_parameter" "hook" {
  name             = "/${var.name}-example/hook"
  type             = "SecureString"
  value_wo         = var.hook
  value_wo_version = 1
}

# The bucket that your trail writes to; examples/per-account-channels shows the trail and the policy, too.
resource "aws_s3_bucket" "cloudtrail" {
  bucket        = "${var.name}-${data.aws_caller_identity.current.account_id}-${data.aws_region.current.id}"
  force_destroy = true # an example should leave nothing behind; keep your own logs
}

output "bucket" {
  description = "The bucket that CloudTrail writes to."
  value       = aws_s3_bucket.cloudtrail.id
}

output "not_taken_queue_url" {
  description = "The queue of what the on-call service did not take."
  value       = aws_sqs_queue.not_taken.id
}
