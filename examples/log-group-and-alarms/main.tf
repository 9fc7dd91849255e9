# A trail that writes to CloudWatch Logs: the log group feeds the function and the CloudWatch alarms, and Insights come the
# same way. No notification of the bucket is needed.

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

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

module "cloudtrail_to_slack" {
  source = "../.."

  function_name                    = var.name
  default_slack_hook_ssm_parameter = aws_ssm_parameter.hook.name

  sources = {
    log_files       = false
    cloudwatch_logs = { log_group_name = aws_cloudwatch_log_group.trail.name }
    alarms = {
      log_group_name = aws_cloudwatch_log_group.trail.name
      conditions = {
        root_use                   = {}
        refused_calls              = { threshold = 10 }
        sign_in_from_other_address = { allowed_addresses = ["198.51.100.7", "203.0.113.*"] }
      }
      # Alarms of yours, about anything.
      topic_arns = { operations = aws_sns_topic.operations.arn }
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

resource "aws_sns_topic" "operations" {
  name = "${var.name}-operations"
}

locals {
  trail_arn = "arn:${data.aws_partition.current.partition}:cloudtrail:${data.aws_region.current.id}:${data.aws_caller_identity.current.account_id}:trail/${var.name}"
}

resource "aws_cloudtrail" "this" {
  name                          = var.name
  s3_bucket_name                = aws_s3_bucket.cloudtrail.id
  cloud_watch_logs_group_arn    = "${aws_cloudwatch_log_group.trail.arn}:*"
  cloud_watch_logs_role_arn     = aws_iam_role.trail.arn
  is_multi_region_trail         = true
  include_global_service_events = true
  enable_log_file_validation    = true

  # CloudTrail learns what is usual, and tells what is not. It costs extra.
  insight_selector {
    insight_type = "ApiCallRateInsight"
  }
  insight_selector {
    insight_type = "ApiErrorRateInsight"
  }

  depends_on = [aws_s3_bucket_policy.cloudtrail, aws_iam_role_policy.trail]
}

resource "aws_cloudwatch_log_group" "trail" {
  name              = "/cloudtrail/${var.name}"
  retention_in_days = 90
}

resource "aws_iam_role" "trail" {
  name = "${var.name}-trail"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "AssumeByCloudTrail"
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "cloudtrail.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceArn" = local.trail_arn } }
    }]
  })
}

resource "aws_iam_role_policy" "trail" {
  name = "write-log"
  role = aws_iam_role.trail.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "WriteLog"
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = "${aws_cloudwatch_log_group.trail.arn}:log-stream:${data.aws_caller_identity.current.account_id}_CloudTrail_*"
    }]
  })
}

# A trail keeps its log files in a bucket in any case.
resource "aws_s3_bucket" "cloudtrail" {
  bucket        = "${var.name}-${data.aws_caller_identity.current.account_id}-${data.aws_region.current.id}"
  force_destroy = true # an example should leave nothing behind; keep your own logs
}

resource "aws_s3_bucket_policy" "cloudtrail" {
  bucket = aws_s3_bucket.cloudtrail.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "ReadAclByCloudTrail"
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = "s3:GetBucketAcl"
        Resource  = aws_s3_bucket.cloudtrail.arn
        Condition = { StringEquals = { "aws:SourceArn" = local.trail_arn } }
      },
      {
        Sid       = "WriteByCloudTrail"
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = "s3:PutObject"
        Resource  = "${aws_s3_bucket.cloudtrail.arn}/AWSLogs/*"
        Condition = { StringEquals = {
          "aws:SourceArn" = local.trail_arn
          "s3:x-amz-acl"  = "bucket-owner-full-control"
        } }
      },
    ]
  })
}

output "alarms_topic_arn" {
  description = "The topic that the alarms notify."
  value       = module.cloudtrail_to_slack.alarms_topic_arn
}

output "log_group_name" {
  description = "The log group that the trail writes to."
  value       = aws_cloudwatch_log_group.trail.name
}

output "operations_topic_arn" {
  description = "A topic of yours whose alarms become messages, too."
  value       = aws_sns_topic.operations.arn
}
