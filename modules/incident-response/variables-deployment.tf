# ---------------------------------------------------------------------------------------------------------------------
# Who is told
# ---------------------------------------------------------------------------------------------------------------------

variable "alarm_actions" {
  description = "ARNs of what the alarms about the response itself call, at most five: SNS topics of this region, for example. Empty for alarms that only the console shows."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.alarm_actions) <= 5 && alltrue([for arn in var.alarm_actions : can(regex("^arn:[^:]+:[a-z0-9-]+:", arn))])
    error_message = "alarm_actions must be at most five ARNs, such as arn:aws:sns:eu-central-1:111111111111:operations."
  }
}

variable "notifier_function_arn" {
  description = "The output `lambda_function_arn` of the module cloudtrail_to_slack: Slack is told by it, with its routes, its ledger and its retries. Null for no message to Slack; the topic is told in any case."
  type        = string
  default     = null

  validation {
    condition     = var.notifier_function_arn == null || can(regex("^arn:[^:]+:lambda:[^:]+:[0-9]{12}:function:[A-Za-z0-9_-]+:[A-Za-z0-9_-]+$", var.notifier_function_arn))
    error_message = "notifier_function_arn must be the ARN of an alias (arn:aws:lambda:…:function:<name>:<alias>), as the output lambda_function_arn is."
  }
}

variable "topic_subscriptions" {
  description = "Who subscribes the topic: endpoints with their protocols, such as `{ \"soc@example.com\" = \"email\" }`."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for protocol in values(var.topic_subscriptions) : contains(["email", "email-json", "firehose", "http", "https", "lambda", "sms", "sqs", "application"], protocol)])
    error_message = "topic_subscriptions must name protocols of SNS: application, email, email-json, firehose, http, https, lambda, sms or sqs."
  }
}

# ---------------------------------------------------------------------------------------------------------------------
# Evidence
# ---------------------------------------------------------------------------------------------------------------------

variable "evidence" {
  description = "Where evidence lies, and for how long nobody may delete it. `bucket_name`: by default `<name>-evidence-<account>-<region>`. `lock_mode`: `GOVERNANCE`, or `COMPLIANCE`, which not even the root user can shorten. `lock_days`: for so long each object stays. `snapshot_lock_days`: the same for snapshots, in governance mode; 0 for no lock. `kms_key`: a key of yours that encrypts everything; by default one of the module. `force_destroy`: whether `terraform destroy` may delete the bucket with what is in it."
  type = object({
    bucket_name        = optional(string)
    lock_mode          = optional(string, "GOVERNANCE")
    lock_days          = optional(number, 365)
    snapshot_lock_days = optional(number, 0)
    kms_key            = optional(object({ arn = string }))
    force_destroy      = optional(bool, false)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.evidence.bucket_name == null || can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.evidence.bucket_name))
    error_message = "evidence.bucket_name must be a bucket's name: 3 to 63 lowercase letters, digits, dots and hyphens."
  }
  validation {
    condition     = contains(["GOVERNANCE", "COMPLIANCE"], var.evidence.lock_mode)
    error_message = "evidence.lock_mode must be GOVERNANCE or COMPLIANCE."
  }
  validation {
    condition     = var.evidence.lock_days >= 1 && var.evidence.lock_days <= 36500 && floor(var.evidence.lock_days) == var.evidence.lock_days
    error_message = "evidence.lock_days must be a whole number between 1 and 36500."
  }
  validation {
    # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_LockSnapshot.html
    condition     = var.evidence.snapshot_lock_days >= 0 && var.evidence.snapshot_lock_days <= 36500 && floor(var.evidence.snapshot_lock_days) == var.evidence.snapshot_lock_days
    error_message = "evidence.snapshot_lock_days must be a whole number between 0 (no lock) and 36500."
  }
  validation {
    condition     = var.evidence.kms_key == null ? true : can(regex("^arn:[^:]+:kms:.+:key/", var.evidence.kms_key.arn))
    error_message = "evidence.kms_key.arn must be the ARN of a key (arn:aws:kms:…:key/…), not of an alias."
  }
}

# ---------------------------------------------------------------------------------------------------------------------
# Function and state machine
# ---------------------------------------------------------------------------------------------------------------------

variable "lambda_architecture" {
  description = "Processor of the function: arm64 or x86_64."
  type        = string
  default     = "arm64"
  nullable    = false

  validation {
    condition     = contains(["arm64", "x86_64"], var.lambda_architecture)
    error_message = "lambda_architecture must be arm64 or x86_64."
  }
}

variable "lambda_runtime" {
  description = "Runtime of the function: nodejs22.x or nodejs24.x (needs provider 6)."
  type        = string
  default     = "nodejs22.x"
  nullable    = false

  validation {
    condition     = contains(["nodejs22.x", "nodejs24.x"], var.lambda_runtime)
    error_message = "lambda_runtime must be nodejs22.x or nodejs24.x."
  }
}

variable "logs_retention_in_days" {
  description = "How long CloudWatch keeps the logs of function and state machine, in days; 0 for ever. The manifests in the bucket do not depend on it."
  type        = number
  default     = 365
  nullable    = false

  validation {
    # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
    condition     = contains([0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.logs_retention_in_days)
    error_message = "logs_retention_in_days must be 0 (for ever) or a number of days that CloudWatch knows: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}

variable "name" {
  description = "Name of function, state machine and topic, and prefix of everything else that the module makes."
  type        = string
  default     = "incident-response"
  nullable    = false

  validation {
    # With "-evidence-", account and region, a bucket's name must fit into 63 characters.
    condition     = can(regex("^[a-z0-9][a-z0-9-]{0,25}$", var.name)) && !startswith(var.name, "aws")
    error_message = "name must be 1 to 26 lowercase letters, digits or hyphens, begin with a letter or a digit, and not with aws."
  }
}

variable "role_permissions_boundary" {
  description = "ARN of the policy that bounds the permissions of the roles."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of everything that the module makes. What a response makes has tags of its own."
  type        = map(string)
  default     = {}
  nullable    = false
}
