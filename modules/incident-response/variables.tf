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
    condition     = alltrue([for type in try(var.findings.types, []) : can(regex("^[A-Z][A-Za-z]*(:[A-Za-z0-9]*(/[A-Za-z0-9.!&-]*)?)?$", type))])
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
    # Inbound rules of a security group: 60 of each family by default; together here, which is simpler and enough.
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

variable "name_tag" {
  description = "Tag `Name` of what a response makes: snapshots, volumes, machines. `{account}`, `{region}`, `{vpc}`, `{instance}`, `{case}` and `{step}` are filled in."
  type        = string
  default     = "{step} {case}"
  nullable    = false

  validation {
    # A tag has 256 characters; what is filled in needs some. Other braces are a slip of the pen.
    condition     = can(regex("^[^{}]{1,100}$", replace(var.name_tag, "/\\{(account|region|vpc|instance|case|step)\\}/", "x")))
    error_message = "name_tag must have 1 to 100 characters beside {account}, {region}, {vpc}, {instance}, {case} and {step}, and no other braces."
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
