# The bucket tells a topic, the topic fills a queue, the queue calls the function: others can subscribe to the topic, and
# what fails comes again by itself, message by message.

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

variable "name" {
  description = "Name of the function, and the start of all other names."
  type        = string
  default     = "cloudtrail-to-slack"
}

variable "timeout_seconds" {
  description = "How long one invocation may take. A message whose invocation did not end well comes again after six times as long."
  type        = number
  default     = 300
}

variable "max_receive_count" {
  description = "Attempts before a message rests in the dead-letter queue."
  type        = number
  default     = 50
}

data "aws_caller_identity" "current" {}
data "aws_region" "current" {}

module "cloudtrail_to_slack" {
  source = "../.."

  function_name                    = var.name
  cloudtrail_logs_s3_bucket_name   = aws_s3_bucket.cloudtrail.id
  default_slack_hook_ssm_parameter = aws_ssm_parameter.hook.name
  lambda_timeout_seconds           = var.timeout_seconds

  sources = {
    sns = {}
    sqs = {
      maximum_concurrency = 5
      max_receive_count   = var.max_receive_count
    }
  }
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

# Somebody else who wants to know about new log files.
resource "aws_sqs_queue" "archive" {
  name                    = "${var.name}-archive"
  sqs_managed_sse_enabled = true
}

resource "aws_sqs_queue_policy" "archive" {
  queue_url = aws_sqs_queue.archive.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "SendByTopic"
      Effect    = "Allow"
      Action    = "sqs:SendMessage"
      Principal = { Service = "sns.amazonaws.com" }
      Resource  = aws_sqs_queue.archive.arn
      Condition = { ArnEquals = { "aws:SourceArn" = module.cloudtrail_to_slack.s3_sns_fanout_topic_arn } }
    }]
  })
}

resource "aws_sns_topic_subscription" "archive" {
  topic_arn = module.cloudtrail_to_slack.s3_sns_fanout_topic_arn
  protocol  = "sqs"
  endpoint  = aws_sqs_queue.archive.arn

  depends_on = [aws_sqs_queue_policy.archive]
}

output "bucket" {
  description = "The bucket that CloudTrail writes to."
  value       = aws_s3_bucket.cloudtrail.id
}

output "dead_letter_queue_arn" {
  description = "The queue that gets the messages that failed for good."
  value       = module.cloudtrail_to_slack.dead_letter_queue_arn
}

output "queue_arn" {
  description = "The queue that calls the function."
  value       = module.cloudtrail_to_slack.source_queue_arn
}

output "archive_queue_url" {
  description = "The queue of the other subscriber."
  value       = aws_sqs_queue.archive.id
}
