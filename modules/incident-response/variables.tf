# ---------------------------------------------------------------------------------------------------------------------
# What starts a response
# ---------------------------------------------------------------------------------------------------------------------

variable "findings" {
  description = "Which findings of GuardDuty start a response by themselves; null for none, so that only people do. `profile`: `contain` (isolate, screenshot, snapshots, protection, tags), or `full` (also interrupt, power-off, forensic machine, replacement). `minimum_severity`: 7 is high, 9 critical. `types`: beginnings of finding types, such as `CryptoCurrency:EC2/`; empty for all. `maximum_per_hour`: what comes beyond it waits for `respond approve`; 0 for no limit. `protected_instance_ids`, `protected_tags`: instances that no finding touches. `extra_event_sources`: sources of events that are taken like GuardDuty's, for drills. Samples, archived findings, findings of other accounts, and those in which the instance is only the target never start any."
  type = object({
    profile                = optional(string, "contain")
    minimum_severity       = optional(number, 7)
    types                  = optional(list(string), [])
    maximum_per_hour       = optional(number, 10)
    protected_instance_ids = optional(list(string), [])
    protected_tags         = optional(map(string), {})
    extra_event_sources    = optional(list(string), [])
  })
  default = {}

  validation {
    condition     = contains(["contain", "full"], try(var.findings.profile, "contain"))
    error_message = "findings.profile must be contain or full."
  }
  validation {
    # https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings-severity.html
    condition     = var.findings == null ? true : var.findings.minimum_severity >= 1 && var.findings.minimum_severity <= 10
    error_message = "findings.minimum_severity must be between 1 and 10: 4 is medium, 7 high, 9 critical."
  }
  validation {
    condition     = alltrue([for type in try(var.findings.types, []) : can(regex("^[A-Z][A-Za-z]*(:[A-Za-z0-9]*(/[A-Za-z0-9.!-]*)?)?$", type))])
    error_message = "findings.types must be beginnings of finding types as GuardDuty writes them, such as Backdoor:EC2/ or CryptoCurrency:EC2/BitcoinTool.B!DNS."
  }
  validation {
    condition     = contains(range(0, 1001), try(var.findings.maximum_per_hour, 0))
    error_message = "findings.maximum_per_hour must be a whole number between 0 (no limit) and 1000."
  }
  validation {
    condition     = alltrue([for id in try(var.findings.protected_instance_ids, []) : can(regex("^i-[0-9a-f]{8}([0-9a-f]{9})?$", id))])
    error_message = "findings.protected_instance_ids must be ids of instances, such as i-0123456789abcdef0."
  }
  validation {
    condition     = alltrue([for key in keys(try(var.findings.protected_tags, {})) : length(key) >= 1 && length(key) <= 128])
    error_message = "The keys of findings.protected_tags must have 1 to 128 characters, as keys of tags have."
  }
  validation {
    # EventBridge keeps the beginning aws. for itself.
    condition     = alltrue([for source in try(var.findings.extra_event_sources, []) : can(regex("^[A-Za-z0-9._/-]{1,256}$", source)) && !startswith(source, "aws.")])
    error_message = "findings.extra_event_sources must be 1 to 256 letters, digits, dots, hyphens, underscores or slashes each, and must not begin with aws., which only AWS may send."
  }
}

# ---------------------------------------------------------------------------------------------------------------------
# What a response does
# ---------------------------------------------------------------------------------------------------------------------

variable "forensics" {
  description = "The forensic machine of the profile `full`; null for none. `ami_id`: an image with your tools. `subnet_ids`: where it may run; one per zone with instances, for it must be in the zone of its volumes. `instance_profile`: its instance profile, if any, by its ARN and that of its role. `security_group_id`: its security group; by default the quarantine group of its VPC. `volumes`: what is attached to it, from `/dev/sdf` on: `copy` (volumes made from the snapshots) or `original`."
  type = object({
    ami_id            = string
    subnet_ids        = list(string)
    instance_type     = optional(string, "t3.micro")
    instance_profile  = optional(object({ arn = string, role_arn = string }))
    security_group_id = optional(string)
    volumes           = optional(string, "copy")
  })
  default = null

  validation {
    condition     = var.forensics == null ? true : can(regex("^ami-[0-9a-f]{8,17}$", var.forensics.ami_id))
    error_message = "forensics.ami_id must be the id of an image, such as ami-0123456789abcdef0."
  }
  validation {
    condition     = var.forensics == null ? true : length(var.forensics.subnet_ids) > 0 && alltrue([for id in var.forensics.subnet_ids : can(regex("^subnet-[0-9a-f]{8,17}$", id))])
    error_message = "forensics.subnet_ids must list at least one id of a subnet, such as subnet-0123456789abcdef0."
  }
  validation {
    condition     = var.forensics == null ? true : can(regex("^[a-z][a-z0-9-]*\\.[a-z0-9-]+$", var.forensics.instance_type))
    error_message = "forensics.instance_type must be a type of instances, such as t3.micro."
  }
  validation {
    condition = try(var.forensics.instance_profile, null) == null ? true : alltrue([
      can(regex("^arn:[^:]+:iam::[0-9]{12}:instance-profile/", var.forensics.instance_profile.arn)),
      can(regex("^arn:[^:]+:iam::[0-9]{12}:role/", var.forensics.instance_profile.role_arn)),
    ])
    error_message = "forensics.instance_profile must have the ARN of an instance profile (arn:aws:iam::…:instance-profile/…) and of its role (arn:aws:iam::…:role/…)."
  }
  validation {
    condition     = try(var.forensics.security_group_id, null) == null || can(regex("^sg-[0-9a-f]{8,17}$", var.forensics.security_group_id))
    error_message = "forensics.security_group_id must be the id of a security group, such as sg-0123456789abcdef0."
  }
  validation {
    condition     = contains(["copy", "original"], try(var.forensics.volumes, "copy"))
    error_message = "forensics.volumes must be copy (volumes made from the snapshots) or original."
  }
}

variable "isolation" {
  description = "How an instance is cut off. `group_name`: name of the quarantine group that is found or made in its VPC; `{vpc}`, `{account}` and `{region}` are filled in. `forensic_cidrs`: address ranges, IPv4 or IPv6, from which it stays reachable at `forensic_ports`; empty for none. `revoke_credentials`: `none`, or `instance` (the metadata service is switched off, and the instance profile taken away). `restorable_role_arns`: roles of instance profiles that `respond restore` may give back after that; giving a role back is passing it on, so the function may do it with these only."
  type = object({
    group_name           = optional(string, "ir-quarantine-{vpc}")
    forensic_cidrs       = optional(list(string), [])
    forensic_ports       = optional(list(number), [22])
    revoke_credentials   = optional(string, "none")
    restorable_role_arns = optional(list(string), [])
  })
  default  = {}
  nullable = false

  validation {
    # EC2 allows 255 characters, and what is appended for other rules or a name that is taken needs some.
    # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html
    condition = alltrue([
      can(regex("^[A-Za-z0-9 ._:/()#,@\\[\\]+=&;!$*-]{1,200}$", replace(var.isolation.group_name, "/\\{(vpc|account|region)\\}/", "x"))),
      !startswith(lower(var.isolation.group_name), "sg-"),
      strcontains(var.isolation.group_name, "{vpc}"),
    ])
    error_message = "isolation.group_name must hold {vpc}, must not begin with sg-, and may have up to 200 letters, digits, spaces and ._-:/()#,@[]+=&;!$*, beside {vpc}, {account} and {region}."
  }
  validation {
    condition     = alltrue([for cidr in var.isolation.forensic_cidrs : can(cidrhost(cidr, 0))])
    error_message = "isolation.forensic_cidrs must be address ranges such as 192.0.2.0/24 or 2001:db8::/32; one address is 192.0.2.1/32."
  }
  validation {
    condition     = alltrue([for cidr in var.isolation.forensic_cidrs : !endswith(cidr, "/0")])
    error_message = "isolation.forensic_cidrs must not hold 0.0.0.0/0 or ::/0: an instance that everybody reaches is not isolated."
  }
  validation {
    # Inbound rules of a security group: 60 of each family by default.
    # https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
    condition     = length(var.isolation.forensic_cidrs) * length(var.isolation.forensic_ports) <= 60
    error_message = "isolation.forensic_cidrs times isolation.forensic_ports must be at most 60, which is how many rules a security group takes."
  }
  validation {
    condition     = alltrue([for port in var.isolation.forensic_ports : port >= 1 && port <= 65535 && floor(port) == port])
    error_message = "isolation.forensic_ports must be whole numbers between 1 and 65535."
  }
  validation {
    condition     = contains(["none", "instance"], var.isolation.revoke_credentials)
    error_message = "isolation.revoke_credentials must be none or instance."
  }
  validation {
    condition     = alltrue([for arn in var.isolation.restorable_role_arns : can(regex("^arn:[^:]+:iam::[0-9]{12}:role/", arn))])
    error_message = "isolation.restorable_role_arns must be ARNs of roles (arn:aws:iam::…:role/…), not of instance profiles."
  }
  validation {
    condition     = length(var.isolation.restorable_role_arns) == 0 || var.isolation.revoke_credentials == "instance"
    error_message = "isolation.restorable_role_arns is of use only with isolation.revoke_credentials = \"instance\": nothing else takes a role away."
  }
}

variable "power_off" {
  description = "How the profile `full` takes the instance down. `approval`: it waits for `respond approve` before the interrupt; `approval_hours`: so long, then it goes on without the power-off. `interrupt`: send a diagnostic interrupt first, which lets a prepared kernel (kdump) write its memory to disk; `grace_seconds`: the time for that before the stop."
  type = object({
    approval       = optional(bool, false)
    approval_hours = optional(number, 24)
    interrupt      = optional(bool, true)
    grace_seconds  = optional(number, 30)
  })
  default  = {}
  nullable = false

  validation {
    condition     = contains(range(1, 169), var.power_off.approval_hours)
    error_message = "power_off.approval_hours must be a whole number between 1 and 168 (a week)."
  }
  validation {
    condition     = contains(range(0, 901), var.power_off.grace_seconds)
    error_message = "power_off.grace_seconds must be a whole number between 0 and 900."
  }
}

variable "replacement" {
  description = "What takes the place of an instance that no Auto Scaling group replaces, in the profile `full`; null for nothing. `launch_template_id`, `version`: what is started. `subnet_id`: where, if the template does not say. `role_arn`: the role of the instance profile in the template, if it has one, so that the function may pass it on."
  type = object({
    launch_template_id = string
    version            = optional(string, "$Default")
    subnet_id          = optional(string)
    role_arn           = optional(string)
  })
  default = null

  validation {
    condition     = var.replacement == null ? true : can(regex("^lt-[0-9a-f]{8,17}$", var.replacement.launch_template_id))
    error_message = "replacement.launch_template_id must be the id of a launch template, such as lt-0123456789abcdef0."
  }
  validation {
    condition     = var.replacement == null ? true : can(regex("^([1-9][0-9]*|\\$Default|\\$Latest)$", var.replacement.version))
    error_message = "replacement.version must be the number of a version, $Default or $Latest."
  }
  validation {
    condition     = try(var.replacement.subnet_id, null) == null || can(regex("^subnet-[0-9a-f]{8,17}$", var.replacement.subnet_id))
    error_message = "replacement.subnet_id must be the id of a subnet, such as subnet-0123456789abcdef0."
  }
  validation {
    condition     = try(var.replacement.role_arn, null) == null || can(regex("^arn:[^:]+:iam::[0-9]{12}:role/", var.replacement.role_arn))
    error_message = "replacement.role_arn must be the ARN of a role (arn:aws:iam::…:role/…), not of an instance profile."
  }
}

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
