# Near real time: API calls and sign-ins come by EventBridge within seconds. Log files come by EventBridge too, minutes
# later, and bring what EventBridge does not: reading calls, data events, and whatever was missed.

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

# IAM, STS and most sign-ins are recorded in us-east-1, and their events appear there only.
provider "aws" {
  alias  = "us_east_1"
  region = "us-east-1"
}

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

module "cloudtrail_to_slack" {
  source = "../.."

  function_name                    = var.name
  cloudtrail_logs_s3_bucket_name   = aws_s3_bucket.cloudtrail.id
  default_slack_hook_ssm_parameter = aws_ssm_parameter.hook.name

  sources = {
    eventbridge = {}
    api_calls   = {}
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

locals {
  forwards = data.aws_region.current.id != "us-east-1"
  bus_arn  = "arn:${data.aws_partition.current.partition}:events:${data.aws_region.current.id}:${data.aws_caller_identity.current.account_id}:event-bus/default"
}

# Forwards them to the region of the function. What happens in yet other regions comes with the log files; to have that
# within seconds as well, forward from each region in the same way.
resource "aws_cloudwatch_event_rule" "forward" {
  count    = local.forwards ? 1 : 0
  provider = aws.us_east_1

  name        = "${var.name}-forward"
  description = "API calls and sign-ins that only us-east-1 knows, for ${data.aws_region.current.id}"
  event_pattern = jsonencode({
    "detail-type" = [{ suffix = " via CloudTrail" }]
    source        = [{ prefix = "aws." }]
  })
}

resource "aws_cloudwatch_event_target" "forward" {
  count    = local.forwards ? 1 : 0
  provider = aws.us_east_1

  rule     = aws_cloudwatch_event_rule.forward[0].name
  arn      = local.bus_arn
  role_arn = aws_iam_role.forward[0].arn
}

resource "aws_iam_role" "forward" {
  count = local.forwards ? 1 : 0

  name = "${var.name}-forward"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "AssumeByEventBridge"
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "events.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "forward" {
  count = local.forwards ? 1 : 0

  name = "forward"
  role = aws_iam_role.forward[0].id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Sid = "PutEvents", Effect = "Allow", Action = "events:PutEvents", Resource = local.bus_arn }]
  })
}

output "bucket" {
  description = "The bucket that CloudTrail writes to."
  value       = aws_s3_bucket.cloudtrail.id
}

output "function_arn" {
  description = "The alias that EventBridge calls."
  value       = module.cloudtrail_to_slack.lambda_function_arn
}
