# An organization trail whose bucket belongs to the log archive account, while the function runs in the security account.

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

variable "organization_id" {
  description = "Id of the organization: o-…"
  type        = string
}

variable "management_account_id" {
  description = "Account that owns the organization trail."
  type        = string
}

variable "log_archive_profile" {
  description = "AWS profile of the log archive account. Null for the same credentials as the security account."
  type        = string
  default     = null
}

# The security account: where the function runs.
provider "aws" {}

# The log archive account: where the bucket is.
provider "aws" {
  alias   = "log_archive"
  profile = var.log_archive_profile
}

data "aws_caller_identity" "log_archive" {
  provider = aws.log_archive
}

data "aws_partition" "current" {}

data "aws_region" "current" {}

module "cloudtrail_to_slack" {
  source = "../.."

  function_name                    = var.name
  cloudtrail_logs_s3_bucket_name   = aws_s3_bucket.trail.id
  cloudtrail_logs_kms_key_id       = aws_kms_key.trail.arn
  default_slack_hook_ssm_parameter = aws_ssm_parameter.hook.name

  # The bucket's owner makes the notification: below.
  create_bucket_notification = false
  sources = {
    bucket_account_id = data.aws_caller_identity.log_archive.account_id
  }
}

# The hook, with a write-only argument, which keeps it out of the state.
resource "aws_ssm_parameter" "hook" {
  name             = "/${var.name}-example/hook"
  type             = "SecureString"
  value_wo         = var.hook
  value_wo_version = 1
}

locals {
  partition = data.aws_partition.current.partition
  trail_arn = "arn:${local.partition}:cloudtrail:${data.aws_region.current.id}:${var.management_account_id}:trail/${var.name}"
  # Through the output, so that the role is there first: S3 and KMS refuse a principal that does not exist.
  reader_arn = "arn:${local.partition}:iam::${data.aws_caller_identity.security.account_id}:role/${module.cloudtrail_to_slack.lambda_role_name}"
}

data "aws_caller_identity" "security" {}

resource "aws_s3_bucket" "trail" {
  provider = aws.log_archive

  bucket        = "${var.name}-${data.aws_caller_identity.log_archive.account_id}-${data.aws_region.current.id}"
  force_destroy = true # an example should leave nothing behind; keep your own logs
}

resource "aws_s3_bucket_notification" "trail" {
  provider = aws.log_archive

  bucket = aws_s3_bucket.trail.id
  lambda_function {
    lambda_function_arn = module.cloudtrail_to_slack.lambda_function_arn
    events              = ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]
    filter_prefix       = "AWSLogs/"
    filter_suffix       = ".json.gz"
  }
}

resource "aws_s3_bucket_policy" "trail" {
  provider = aws.log_archive

  bucket = aws_s3_bucket.trail.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "ReadAclByCloudTrail"
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = "s3:GetBucketAcl"
        Resource  = aws_s3_bucket.trail.arn
        Condition = { StringEquals = { "aws:SourceArn" = local.trail_arn } }
      },
      {
        # The management account's own files lie under its id, all others under the organization's.
        Sid       = "WriteByCloudTrail"
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = "s3:PutObject"
        Resource = [
          "${aws_s3_bucket.trail.arn}/AWSLogs/${var.management_account_id}/*",
          "${aws_s3_bucket.trail.arn}/AWSLogs/${var.organization_id}/*",
        ]
        Condition = { StringEquals = {
          "aws:SourceArn" = local.trail_arn
          "s3:x-amz-acl"  = "bucket-owner-full-control"
        } }
      },
      {
        Sid       = "ReadByFunction"
        Effect    = "Allow"
        Principal = { AWS = local.reader_arn }
        Action    = "s3:GetObject"
        Resource  = "${aws_s3_bucket.trail.arn}/AWSLogs/*"
      },
      {
        # To find digest files, and to tell a log file that was removed from one that may not be read.
        Sid       = "ListByFunction"
        Effect    = "Allow"
        Principal = { AWS = local.reader_arn }
        Action    = "s3:ListBucket"
        Resource  = aws_s3_bucket.trail.arn
      },
    ]
  })
}

resource "aws_kms_key" "trail" {
  provider = aws.log_archive

  description             = "Encrypts the log files of the organization trail"
  enable_key_rotation     = true
  deletion_window_in_days = 7
}

# Its own resource, because it names the function's role, and the function's role names the key.
resource "aws_kms_key_policy" "trail" {
  provider = aws.log_archive

  key_id = aws_kms_key.trail.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "AdministerByOwner"
        Effect    = "Allow"
        Principal = { AWS = "arn:${local.partition}:iam::${data.aws_caller_identity.log_archive.account_id}:root" }
        Action    = "kms:*"
        Resource  = "*"
      },
      {
        Sid       = "EncryptByCloudTrail"
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = ["kms:GenerateDataKey*", "kms:DescribeKey"]
        Resource  = "*"
        Condition = { StringEquals = { "aws:SourceArn" = local.trail_arn } }
      },
      {
        Sid       = "DecryptByFunction"
        Effect    = "Allow"
        Principal = { AWS = local.reader_arn }
        Action    = "kms:Decrypt"
        Resource  = "*"
      },
    ]
  })
}

output "bucket" {
  description = "The bucket for the organization trail, which the management account makes with kms_key_id = the key below."
  value       = aws_s3_bucket.trail.id
}

output "trail_region" {
  description = "The region in which to make the trail: the policies name it there."
  value       = data.aws_region.current.id
}

output "kms_key_arn" {
  description = "The key for the organization trail."
  value       = aws_kms_key.trail.arn
}
