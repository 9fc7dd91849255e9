# A trail, its bucket, and a channel per team.

terraform {
  required_version = ">= 1.11"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7"
    }
  }
}

variable "default_hook" {
  description = "Slack hook for all accounts without one of their own."
  type        = string
  sensitive   = true
}

variable "team_a_hook" {
  description = "Slack hook of team A."
  type        = string
  sensitive   = true
}

variable "team_b_hook" {
  description = "Slack hook of team B."
  type        = string
  sensitive   = true
}

variable "name" {
  description = "Name of the function, the trail, and the prefix of the parameters; also the start of the bucket's name."
  type        = string
  default     = "cloudtrail-to-slack"
}

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

module "cloudtrail_to_slack" {
  source = "../.."

  function_name                    = var.name
  cloudtrail_logs_s3_bucket_name   = aws_s3_bucket.cloudtrail.id
  default_slack_hook_ssm_parameter = aws_ssm_parameter.default_hook.name

  events_to_track = "DeleteTrail,StopLogging,UpdateTrail,SendSSHPublicKey"
  rules           = ["eventSource == 'iam.amazonaws.com' && eventName == 'CreateUser'"]
  ignore_rules    = ["event['userIdentity.accountId'] == '111111111111'"]

  configuration = [
    { accounts = ["222222222222", "333333333333"], slack_hook_url = var.team_a_hook },
    { accounts = ["444444444444"], slack_hook_ssm_parameter = aws_ssm_parameter.team_b_hook.name },
  ]
}

# Hooks of yours: made by hand or, as here, with a write-only argument, which keeps them out of the state.
resource "aws_ssm_parameter" "default_hook" {
  name             = "/${var.name}-example/default-hook"
  type             = "SecureString"
  value_wo         = var.default_hook
  value_wo_version = 1
}

resource "aws_ssm_parameter" "team_b_hook" {
  name             = "/${var.name}-example/team-b-hook"
  type             = "SecureString"
  value_wo         = var.team_b_hook
  value_wo_version = 1
}

resource "aws_s3_bucket" "cloudtrail" {
  bucket        = "${var.name}-${data.aws_caller_identity.current.account_id}-${data.aws_region.current.id}"
  force_destroy = true # an example should leave nothing behind; keep your own logs
}

resource "aws_s3_bucket_public_access_block" "cloudtrail" {
  bucket                  = aws_s3_bucket.cloudtrail.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

locals {
  trail_arn = "arn:${data.aws_partition.current.partition}:cloudtrail:${data.aws_region.current.id}:${data.aws_caller_identity.current.account_id}:trail/${var.name}"
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

resource "aws_cloudtrail" "this" {
  name                          = var.name
  s3_bucket_name                = aws_s3_bucket.cloudtrail.id
  is_multi_region_trail         = true
  include_global_service_events = true
  enable_log_file_validation    = true

  depends_on = [aws_s3_bucket_policy.cloudtrail]
}

output "bucket" {
  description = "The bucket that CloudTrail writes to."
  value       = aws_s3_bucket.cloudtrail.id
}

output "function_arn" {
  description = "The alias that the bucket notifies."
  value       = module.cloudtrail_to_slack.lambda_function_arn
}
