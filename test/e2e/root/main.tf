# The smallest root, with the inputs that tests change from apply to apply.

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
  type = string
}

variable "hook" {
  type      = string
  sensitive = true
}

variable "rules" {
  type    = any
  default = []
}

variable "sources" {
  type    = any
  default = {}
}

variable "configuration" {
  type      = any
  default   = []
  sensitive = true
}

variable "timeout_seconds" {
  type    = number
  default = null
}

variable "max_attempts" {
  type    = number
  default = null
}

resource "aws_s3_bucket" "logs" {
  bucket        = "${var.name}-logs"
  force_destroy = true
}

variable "window_minutes" {
  description = "As in the module; without windows unless set, so that no test waits for the end of one."
  type        = number
  default     = 0
}

module "cloudtrail_to_slack" {
  source = "../../.."

  function_name                  = var.name
  cloudtrail_logs_s3_bucket_name = aws_s3_bucket.logs.id
  default_slack_hook_url         = var.hook
  rules                          = var.rules
  sources                        = var.sources
  configuration                  = var.configuration
  lambda_timeout_seconds         = var.timeout_seconds
  retry                          = { max_attempts = var.max_attempts }
  grouping                       = { window_minutes = var.window_minutes }
}

output "bucket" {
  value = aws_s3_bucket.logs.id
}
