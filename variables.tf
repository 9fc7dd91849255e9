# ---------------------------------------------------------------------------------------------------------------------
# Where the logs are
# ---------------------------------------------------------------------------------------------------------------------

variable "cloudtrail_logs_kms_key_id" {
  description = "KMS key that encrypts the log files: ARN, id, alias (`alias/…`) or alias ARN. Empty when they are not encrypted with a KMS key of yours."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.cloudtrail_logs_kms_key_id == "" || var.sources.log_files
    error_message = "cloudtrail_logs_kms_key_id is about log files, and sources.log_files is false: leave one of them out."
  }
}

variable "cloudtrail_logs_s3_bucket_name" {
  description = "Name of the bucket that CloudTrail writes its log files to. Required unless `sources.log_files` is false."
  type        = string
  default     = null

  validation {
    condition     = var.cloudtrail_logs_s3_bucket_name == null || can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.cloudtrail_logs_s3_bucket_name))
    error_message = "cloudtrail_logs_s3_bucket_name must be the name of a bucket (3 to 63 of a-z, 0-9, dot and hyphen), not its ARN or URL."
  }
  validation {
    condition     = (var.cloudtrail_logs_s3_bucket_name != null) == var.sources.log_files
    error_message = "cloudtrail_logs_s3_bucket_name must name the bucket that CloudTrail writes to. To work without log files, only from API calls, log events or alarms, set sources = { log_files = false, … } and give no bucket."
  }
}

variable "create_bucket_notification" {
  description = "Whether to make the bucket's notification. A bucket has one notification configuration, which this replaces; set to false to wire the bucket yourself to the output `lambda_function_arn` (or the topic or queue of `sources`)."
  type        = bool
  default     = true
  nullable    = false

  validation {
    condition     = !var.create_bucket_notification || var.sources.bucket_account_id == null
    error_message = "The notification of another account's bucket (sources.bucket_account_id) must be made there: set create_bucket_notification = false, and make it with a provider of that account, as examples/organization-trail does."
  }
}

variable "create_s3_sns_fanout_topic" {
  description = "Of the older module. With `enable_s3_sns_fanout`: whether to make the topic. When false, give `s3_sns_fanout_topic_arn`."
  type        = bool
  default     = true
  nullable    = false
}

variable "enable_eventbridge_notificaitons" {
  description = "Deprecated spelling of `enable_eventbridge_notifications`; either switches it on."
  type        = bool
  default     = false
  nullable    = false

  validation {
    condition     = !var.enable_eventbridge_notificaitons || var.sources.log_files
    error_message = "enable_eventbridge_notificaitons is about the bucket, and sources.log_files is false: leave one of them out."
  }
}

variable "enable_eventbridge_notifications" {
  description = "Whether the bucket also sends its events to EventBridge, for other consumers of yours."
  type        = bool
  default     = false
  nullable    = false

  validation {
    condition     = !var.enable_eventbridge_notifications || var.sources.log_files
    error_message = "enable_eventbridge_notifications is about the bucket, and sources.log_files is false: leave one of them out."
  }
}

variable "enable_s3_sns_fanout" {
  description = "Of the older module; says the same as `sources = { sns = {} }`: the bucket notifies an SNS topic, which calls the function, so that others can subscribe too."
  type        = bool
  default     = false
  nullable    = false

  validation {
    condition     = !var.enable_s3_sns_fanout || var.sources.sns == null
    error_message = "enable_s3_sns_fanout and sources.sns say the same: give one of them."
  }
  validation {
    condition     = !var.enable_s3_sns_fanout || var.sources.eventbridge == null
    error_message = "With enable_s3_sns_fanout and sources.eventbridge each log file would come twice: give one of them."
  }
  validation {
    condition     = !var.enable_s3_sns_fanout || var.sources.log_files
    error_message = "enable_s3_sns_fanout is about log files, and sources.log_files is false: leave one of them out."
  }
}

variable "s3_notification_filter_prefix" {
  description = "Prefix of the keys that the bucket notifies about, and that the function may read. Empty for all."
  type        = string
  default     = "AWSLogs/"
  nullable    = false
}

variable "s3_removed_object_notification" {
  description = "Whether to tell when a log file is removed from the bucket."
  type        = bool
  default     = true
  nullable    = false
}

variable "s3_sns_fanout_topic_arn" {
  description = "Of the older module. With `enable_s3_sns_fanout` and without `create_s3_sns_fanout_topic`: ARN of your topic, whose policy must let the bucket publish."
  type        = string
  default     = null

  validation {
    condition     = var.s3_sns_fanout_topic_arn == null || can(regex("^arn:[^:]+:sns:[^:]+:[0-9]{12}:[A-Za-z0-9_-]+$", var.s3_sns_fanout_topic_arn))
    error_message = "s3_sns_fanout_topic_arn must be the ARN of a standard SNS topic (not FIFO), such as arn:aws:sns:eu-central-1:111111111111:cloudtrail."
  }
  validation {
    condition     = !var.enable_s3_sns_fanout || var.create_s3_sns_fanout_topic || var.s3_sns_fanout_topic_arn != null
    error_message = "enable_s3_sns_fanout without create_s3_sns_fanout_topic needs s3_sns_fanout_topic_arn: the ARN of your topic."
  }
}

variable "s3_sns_fanout_topic_name" {
  description = "Of the older module. Name of the topic that `create_s3_sns_fanout_topic` makes."
  type        = string
  default     = "cloudtrail-s3-notifications"
  nullable    = false
}

variable "sources" {
  description = <<-EOT
    How CloudTrail reaches the function; see docs/sources.md. Without it, the bucket notifies the function directly.
    `log_files`: whether log files of `cloudtrail_logs_s3_bucket_name` are read at all.
    `bucket_account_id`: the account of the bucket, where it is another one.
    `sns`: the bucket notifies a topic, to which others can subscribe too; with `create_topic = false` your `topic_arn`.
    `sqs`: what `sns`, EventBridge or else the bucket send passes a queue; with `create_queue = false` your `queue_arn` (and its `kms_key_arn`), whose visibility timeout must be at least six times `lambda_timeout_seconds`. `maximum_concurrency`: invocations at the same time. `max_receive_count`: attempts before a message rests in the dead-letter queue, with the growing delays of `retry.max_attempts`.
    `eventbridge`: the bucket's events come by EventBridge, over the bus `bus_name`.
    `api_calls`: records come by EventBridge within seconds, over the bus `bus_name`; with `include_reads` those of reading calls too.
    `cloudwatch_logs`: records come from the trail's log group `log_group_name`, all of them or those that `filter_pattern` finds.
    `alarms`: CloudWatch alarms become messages: those of yours that publish to `topic_arns` (under any keys), and those that the module makes on the trail's log group `log_group_name` from `conditions` (docs/sources.md lists the names), each with `threshold` and `period_seconds`; `sign_in_from_other_address` takes `allowed_addresses`.
  EOT
  type = object({
    log_files         = optional(bool, true)
    bucket_account_id = optional(string)
    sns = optional(object({
      create_topic = optional(bool, true)
      topic_arn    = optional(string)
    }))
    sqs = optional(object({
      create_queue        = optional(bool, true)
      queue_arn           = optional(string)
      kms_key_arn         = optional(string)
      maximum_concurrency = optional(number)
      max_receive_count   = optional(number, 50)
    }))
    eventbridge = optional(object({
      bus_name = optional(string, "default")
    }))
    api_calls = optional(object({
      bus_name      = optional(string, "default")
      include_reads = optional(bool, false)
    }))
    cloudwatch_logs = optional(object({
      log_group_name = string
      filter_pattern = optional(string, "")
    }))
    alarms = optional(object({
      topic_arns     = optional(map(string), {})
      log_group_name = optional(string)
      conditions = optional(map(object({
        threshold         = optional(number, 1)
        period_seconds    = optional(number, 300)
        allowed_addresses = optional(list(string), [])
      })), {})
    }))
  })
  default  = {}
  nullable = false

  validation {
    condition     = anytrue([var.sources.log_files, var.sources.api_calls != null, var.sources.cloudwatch_logs != null, var.sources.alarms != null])
    error_message = "With sources.log_files = false nothing would ever reach the function: give sources.api_calls, sources.cloudwatch_logs or sources.alarms."
  }
  validation {
    condition     = var.sources.log_files || (var.sources.sns == null && var.sources.eventbridge == null && var.sources.bucket_account_id == null)
    error_message = "sources.sns, sources.eventbridge and sources.bucket_account_id are about log files, and sources.log_files is false: leave them out, or set it to true."
  }
  validation {
    condition     = var.sources.log_files || var.sources.sqs == null || var.sources.api_calls != null
    error_message = "sources.sqs has nothing to carry: API calls and log files pass the queue, and neither sources.api_calls nor sources.log_files is on."
  }
  validation {
    condition     = var.sources.bucket_account_id == null || can(regex("^[0-9]{12}$", var.sources.bucket_account_id))
    error_message = "sources.bucket_account_id must be an account id of 12 digits, as text."
  }
  validation {
    condition     = var.sources.eventbridge == null || var.sources.sns == null
    error_message = "With sources.sns and sources.eventbridge each log file would come twice: give one of them."
  }
  validation {
    condition     = var.sources.sns == null || try(var.sources.sns.create_topic == (var.sources.sns.topic_arn == null), false)
    error_message = "sources.sns needs either create_topic = true (the default) and no topic_arn, or create_topic = false and the topic_arn of your topic."
  }
  validation {
    condition     = try(var.sources.sns.topic_arn, null) == null || can(regex("^arn:[^:]+:sns:[^:]+:[0-9]{12}:[A-Za-z0-9_-]+$", var.sources.sns.topic_arn))
    error_message = "sources.sns.topic_arn must be the ARN of a standard SNS topic (not FIFO), such as arn:aws:sns:eu-central-1:111111111111:cloudtrail."
  }
  validation {
    condition     = var.sources.sqs == null || try(var.sources.sqs.create_queue == (var.sources.sqs.queue_arn == null), false)
    error_message = "sources.sqs needs either create_queue = true (the default) and no queue_arn, or create_queue = false and the queue_arn of your queue."
  }
  validation {
    condition     = try(var.sources.sqs.queue_arn, null) == null || can(regex("^arn:[^:]+:sqs:[^:]+:[0-9]{12}:[A-Za-z0-9_-]+$", var.sources.sqs.queue_arn))
    error_message = "sources.sqs.queue_arn must be the ARN of a standard SQS queue (not FIFO), such as arn:aws:sqs:eu-central-1:111111111111:cloudtrail."
  }
  validation {
    condition     = try(var.sources.sqs.kms_key_arn, null) == null || (can(regex("^arn:[^:]+:kms:.+:key/", var.sources.sqs.kms_key_arn)) && !try(var.sources.sqs.create_queue, true))
    error_message = "sources.sqs.kms_key_arn is the ARN of the key (arn:aws:kms:…:key/…) that encrypts your queue; the queue that the module makes needs none."
  }
  validation {
    condition     = contains(range(2, 1001), try(coalesce(var.sources.sqs.maximum_concurrency, 2), 2))
    error_message = "sources.sqs.maximum_concurrency must be a whole number between 2 and 1000."
  }
  validation {
    condition     = contains(range(1, 1001), try(var.sources.sqs.max_receive_count, 50))
    error_message = "sources.sqs.max_receive_count must be a whole number between 1 and 1000."
  }
  validation {
    # As with retry.max_attempts.
    condition     = try(var.sources.sqs.max_receive_count, 1) * max(900, 6 * var.lambda_timeout_seconds) <= 10 * 24 * 3600
    error_message = "sources.sqs.max_receive_count times six times lambda_timeout_seconds (or 15 minutes, which is the longest delay) must be at most ten days: SQS deletes a message after 14 days, wherever it waits."
  }
  validation {
    condition     = var.sources.cloudwatch_logs == null || can(regex("^[A-Za-z0-9_./#-]{1,512}$", var.sources.cloudwatch_logs.log_group_name))
    error_message = "sources.cloudwatch_logs.log_group_name must be the name of a log group (1 to 512 letters, digits, _, -, /, . and #), not its ARN."
  }
  validation {
    condition     = alltrue([for key in keys(try(var.sources.alarms.topic_arns, {})) : can(regex("^[A-Za-z0-9_-]{1,60}$", key))])
    error_message = "The keys of sources.alarms.topic_arns are names of yours: 1 to 60 letters, digits, hyphens or underscores."
  }
  validation {
    condition = (
      alltrue([for arn in values(try(var.sources.alarms.topic_arns, {})) : can(regex("^arn:[^:]+:sns:[^:]+:[0-9]{12}:[^:]+$", arn))])
      && length(distinct(values(try(var.sources.alarms.topic_arns, {})))) == length(try(var.sources.alarms.topic_arns, {}))
    )
    error_message = "sources.alarms.topic_arns must be ARNs of SNS topics, such as arn:aws:sns:eu-central-1:111111111111:alarms, each of them once."
  }
  validation {
    condition     = var.sources.alarms == null || length(try(var.sources.alarms.topic_arns, {})) > 0 || length(try(var.sources.alarms.conditions, {})) > 0
    error_message = "sources.alarms needs conditions (and the log_group_name of the trail) or topic_arns."
  }
  validation {
    condition     = (length(try(var.sources.alarms.conditions, {})) > 0) == (try(var.sources.alarms.log_group_name, null) != null)
    error_message = "sources.alarms.conditions and sources.alarms.log_group_name belong together: the name of the log group that the trail writes to, and what to look for in it."
  }
  validation {
    condition     = try(var.sources.alarms.log_group_name, null) == null || can(regex("^[A-Za-z0-9_./#-]{1,512}$", var.sources.alarms.log_group_name))
    error_message = "sources.alarms.log_group_name must be the name of a log group (1 to 512 letters, digits, _, -, /, . and #), not its ARN."
  }
  validation {
    condition = alltrue([
      for name, condition in try(var.sources.alarms.conditions, {}) : condition != null && contains([
        "bucket_policy_changes", "cloudtrail_changes", "config_changes", "failed_sign_ins", "iam_policy_changes", "kms_key_removals",
        "network_acl_changes", "network_gateway_changes", "organizations_changes", "refused_calls", "root_use", "route_table_changes",
        "security_group_changes", "sign_in_from_other_address", "sign_in_without_mfa", "vpc_changes",
      ], name)
    ])
    error_message = "sources.alarms.conditions knows bucket_policy_changes, cloudtrail_changes, config_changes, failed_sign_ins, iam_policy_changes, kms_key_removals, network_acl_changes, network_gateway_changes, organizations_changes, refused_calls, root_use, route_table_changes, security_group_changes, sign_in_from_other_address, sign_in_without_mfa and vpc_changes, each with an object: {} for its defaults."
  }
  validation {
    condition = alltrue([
      for name, condition in try(var.sources.alarms.conditions, {}) :
      condition.threshold > 0 && contains([60, 300, 600, 900, 1800, 3600, 21600, 86400], condition.period_seconds)
      if condition != null
    ])
    error_message = "Each of sources.alarms.conditions needs a threshold above 0 and period_seconds of 60, 300, 600, 900, 1800, 3600, 21600 or 86400."
  }
  validation {
    condition = alltrue([
      for name, condition in try(var.sources.alarms.conditions, {}) :
      (name == "sign_in_from_other_address") == (length(condition.allowed_addresses) > 0)
      if condition != null
    ])
    error_message = "sources.alarms.conditions: sign_in_from_other_address needs allowed_addresses, and no other condition takes them."
  }
  validation {
    condition = alltrue(flatten([
      for name, condition in try(var.sources.alarms.conditions, {}) : [
        for address in condition.allowed_addresses : anytrue([
          # A zero before another digit, which CloudTrail never writes, would never be found.
          can(cidrnetmask("${address}/32")) && !can(regex("(^|\\.)0[0-9]", address)),
          can(regex("^((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])\\.){1,3}\\*$", address)),
          # Nor would another spelling of the same address: it has to be the shortest, in lower case.
          try(cidrhost("${address}/128", 0) == address, false),
        ])
      ] if condition != null
    ]))
    error_message = "sources.alarms.conditions.sign_in_from_other_address: CloudWatch's filters know exact addresses and whole octets, such as 198.51.100.7, 2001:db8::1 (shortened, in lower case) and 198.51.100.*, in allowed_addresses. For other ranges use a rule, which knows CIDR: rules = [\"eventName == 'ConsoleLogin' && !(sourceIPAddress|inCidr(['198.51.100.0/25']))\"]."
  }
}

# ---------------------------------------------------------------------------------------------------------------------
# What deserves attention
# ---------------------------------------------------------------------------------------------------------------------

variable "allowed_cidrs" {
  description = "Address ranges that people sign in from, IPv4 and IPv6. With any, the rule `console-login-outside-cidrs` alerts on console sign-ins from elsewhere."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for range in var.allowed_cidrs : can(cidrhost(range, 0))])
    error_message = "allowed_cidrs must be address ranges such as 198.51.100.0/24, 203.0.113.7/32 or 2001:db8::/32."
  }
}

variable "events_to_track" {
  description = "Names of API calls that always alert: a list, or one text separated by commas. `CreateUser`, or with its source `iam.amazonaws.com:CreateUser`. API versions at the end of recorded names do not matter."
  type        = any
  default     = []
  nullable    = false

  validation {
    condition = (
      startswith(jsonencode(var.events_to_track), "\"")
      || (
        !can(keys(var.events_to_track)) && can([for name in var.events_to_track : name])
        && alltrue([for name in try([for name in var.events_to_track : name], []) : startswith(jsonencode(name), "\"")])
      )
    )
    error_message = "events_to_track must be a list of event names, or one text of names separated by commas."
  }
  validation {
    condition = alltrue([
      for name in try(split(",", tostring(var.events_to_track)), tolist(var.events_to_track), []) :
      can(regex("^([a-z0-9.-]+:)?[A-Za-z0-9_]*$", trimspace(name)))
    ])
    error_message = "events_to_track holds something that is no event name: write CreateUser, or iam.amazonaws.com:CreateUser."
  }
}

variable "ignore_rules" {
  description = "Jexl rules for records that never alert; asked first. In the same forms as `rules`."
  type        = any
  default     = []
  nullable    = false

  validation {
    condition = startswith(jsonencode(var.ignore_rules), "\"") || (
      !can(keys(var.ignore_rules)) && can([for rule in var.ignore_rules : rule]) && alltrue([
        for rule in try([for rule in var.ignore_rules : rule], []) :
        startswith(jsonencode(rule), "\"") || startswith(try(jsonencode(rule.expression), ""), "\"")
      ])
    )
    error_message = "ignore_rules must be a list of Jexl expressions or of objects with an expression, or one text of expressions separated by rules_separator."
  }
  validation {
    condition = alltrue(flatten([
      for rule in try([for rule in var.ignore_rules : rule], []) :
      [for key in try(keys(rule), []) : contains(["expression", "id", "title"], key)]
    ]))
    error_message = "The objects of ignore_rules know the attributes expression, id and title."
  }
}

variable "office_hours" {
  description = "With it, the rule `iam-user-created-off-hours` alerts on IAM users that are created at other times. `time_zone`: an IANA name, whose daylight saving counts. `days`: Mon, Tue, Wed, Thu, Fri, Sat, Sun. `start` and `end`: whole hours, 0 to 24; the hour `end` is no office hour any more."
  type = object({
    time_zone = optional(string, "UTC")
    days      = optional(list(string), ["Mon", "Tue", "Wed", "Thu", "Fri"])
    start     = optional(number, 8)
    end       = optional(number, 18)
  })
  default = null

  validation {
    condition     = var.office_hours == null || try(length(var.office_hours.days) > 0 && alltrue([for day in var.office_hours.days : contains(["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"], day)]), false)
    error_message = "office_hours.days knows Mon, Tue, Wed, Thu, Fri, Sat and Sun, and there must be one."
  }
  validation {
    condition     = var.office_hours == null || try(contains(range(0, 25), var.office_hours.start) && contains(range(0, 25), var.office_hours.end) && var.office_hours.start < var.office_hours.end, false)
    error_message = "office_hours.start and office_hours.end must be whole hours between 0 and 24, the start before the end."
  }
  validation {
    condition     = var.office_hours == null || can(regex("^[A-Za-z0-9_+/-]+$", var.office_hours.time_zone))
    error_message = "office_hours.time_zone must be the IANA name of a time zone, such as Europe/Berlin."
  }
}

variable "packs" {
  description = "Packs of default rules by name: `true` switches a pack on as a whole, with the rules that are off by default; `false` switches it off; a pack that is not named has its default rules. See docs/packs.md."
  type        = map(bool)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for enabled in values(var.packs) : enabled != null])
    error_message = "packs needs true or false for each name."
  }
  validation {
    condition     = length(setsubtract(keys(var.packs), local.packs)) == 0
    error_message = "packs names what is no pack: ${join(", ", setsubtract(keys(var.packs), local.packs))}. There are ${join(", ", local.packs)}."
  }
}

variable "required_tags" {
  description = "Tags that resources must have, by the type of the resource (`instance`, `volume`, …) and the tag's key; the value is a regular expression (RE2) that the whole value of the tag must match, or null for any. With any, the rule `ec2-required-tags-missing` alerts when instances are started, tagged or untagged so that a tag is missing or wrong. Before it does, the function asks EC2 for the tags that are there now, for which it is granted ec2:DescribeTags."
  type        = map(map(string))
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for type, tags in var.required_tags : contains(["elastic-ip", "image", "instance", "internet-gateway", "key-pair", "launch-template", "natgateway", "network-acl", "network-interface", "route-table", "security-group", "snapshot", "spot-instances-request", "subnet", "volume", "vpc", "vpc-endpoint"], type) && try(length(tags) > 0, false)])
    error_message = "required_tags knows the types elastic-ip, image, instance, internet-gateway, key-pair, launch-template, natgateway, network-acl, network-interface, route-table, security-group, snapshot, spot-instances-request, subnet, volume, vpc and vpc-endpoint, each with at least one tag: { instance = { CostCenter = \"^[0-9]{4}$\", Team = null } }."
  }
}

variable "rule_overrides" {
  description = <<-EOT
    What you change about rules, by their ids (docs/packs.md lists those of the default rules; yours have the ids that you give them).
    `enabled`: whether the rule is on, whatever its pack says. `severity`: another than the rule's own.
    `title`: the title of its alerts, a Jexl expression over the record as rules are: `"'Key made for ' + requestParameters.userName"`. `details`: what its alerts tell in detail instead of what the module chooses, by label, such as `{ Ticket = "requestParameters.tags.ticket" }`; see docs/messages.md.
    `exceptions`: when the rule does not match. Each has a `reason` and holds for records that fit all of what it names: `actors` (ARNs of the caller or of its role, or their names in the account in which the call took effect; `*` stands for any characters, in an ARN for those between two colons), `cidrs` (address ranges), `accounts` (in which the call took effect), `expression` (a rule); of a list, one entry is enough. After the day `until` (UTC, such as 2027-01-31) it no longer holds.
  EOT
  type = map(object({
    enabled  = optional(bool)
    severity = optional(string)
    title    = optional(string)
    details  = optional(map(string), {})
    exceptions = optional(list(object({
      reason     = string
      until      = optional(string)
      actors     = optional(list(string), [])
      cidrs      = optional(list(string), [])
      accounts   = optional(list(string), [])
      expression = optional(string)
    })), [])
  }))
  default  = {}
  nullable = false

  validation {
    condition     = length(setsubtract(keys(var.rule_overrides), local.rule_ids)) == 0
    error_message = "rule_overrides names what is no rule: ${join(", ", setsubtract(keys(var.rule_overrides), local.rule_ids))}. The ids are the names of the files in rules/<pack>/, and those that you give your own rules; docs/packs.md lists them."
  }
  validation {
    condition     = alltrue([for override in values(var.rule_overrides) : override != null])
    error_message = "rule_overrides needs something to change for each id."
  }
  validation {
    condition     = alltrue([for id, override in var.rule_overrides : contains(["critical", "high", "medium", "low", "info"], coalesce(try(override.severity, null), "info"))])
    error_message = "rule_overrides: a severity must be critical, high, medium, low or info."
  }
  validation {
    condition = alltrue(flatten([for id, override in var.rule_overrides : [
      for exception in try(override.exceptions, []) :
      try(length(trimspace(exception.reason)), 0) > 0 && length(concat(exception.actors, exception.cidrs, exception.accounts, compact([exception.expression]))) > 0
    ]]))
    error_message = "rule_overrides: an exception needs a reason, and actors, cidrs, accounts or an expression. To switch the whole rule off, set enabled = false."
  }
  validation {
    condition = alltrue(flatten([for id, override in var.rule_overrides : [
      for text in concat(try(override.title, null) == null ? [] : [override.title], values(try(override.details, {}))) :
      try(length(trimspace(text)) > 0 && length(text) <= 1000, false)
    ]]))
    error_message = "rule_overrides: title and each of details is a Jexl expression of at most 1000 characters. A fixed text stands in quotes of its own: title = \"'Ask before you make keys'\"."
  }
  validation {
    condition = alltrue([for id, override in var.rule_overrides :
      length(try(override.details, {})) <= 6 && alltrue([for label in keys(try(override.details, {})) : can(regex("^[\\p{L}\\p{N}][\\p{L}\\p{N} ._/()-]{0,39}$", label))])
    ])
    error_message = "rule_overrides: details are at most 6 for a rule, and their labels 1 to 40 letters, digits and spaces, or any of . _ / ( ) -."
  }
  validation {
    condition = alltrue([for id, override in var.rule_overrides :
      try(override.title, null) == null && length(try(override.details, {})) == 0
      if contains(local.rule_ids, id) && !contains(local.alerting_rule_ids, id)
    ])
    error_message = "rule_overrides: ignore rules tell nothing, so title and details belong to rules that alert."
  }
  validation {
    condition = alltrue(flatten([for id, override in var.rule_overrides : [
      for exception in try(override.exceptions, []) : alltrue(concat(
        [for range in exception.cidrs : can(cidrhost(range, 0))],
        [for account in exception.accounts : can(regex("^[0-9]{12}$", account))],
        # There is no 31st of February.
        [for day in compact([exception.until]) : try(formatdate("YYYY-MM-DD", "${day}T00:00:00Z") == day, false)],
      ))
    ]]))
    error_message = "rule_overrides: in exceptions, cidrs are address ranges such as 198.51.100.0/24, accounts have 12 digits, and until is a day such as 2027-01-31."
  }
}

variable "rules" {
  description = "Your own rules, in Jexl: a list of expressions or of objects `{ expression, id, title, severity }`, or one text separated by `rules_separator` (separators inside quotes and brackets do not split)."
  type        = any
  default     = []
  nullable    = false

  validation {
    condition = startswith(jsonencode(var.rules), "\"") || (
      !can(keys(var.rules)) && can([for rule in var.rules : rule]) && alltrue([
        for rule in try([for rule in var.rules : rule], []) :
        startswith(jsonencode(rule), "\"") || startswith(try(jsonencode(rule.expression), ""), "\"")
      ])
    )
    error_message = "rules must be a list of Jexl expressions or of objects with an expression, or one text of expressions separated by rules_separator."
  }
  validation {
    condition = alltrue(flatten([
      for rule in try([for rule in var.rules : rule], []) :
      [for key in try(keys(rule), []) : contains(["expression", "id", "severity", "title"], key)]
    ]))
    error_message = "The objects of rules know the attributes expression, id, title and severity."
  }
  validation {
    condition = alltrue([
      for rule in try([for rule in var.rules : rule], []) :
      contains(["critical", "high", "medium", "low", "info"], try(coalesce(rule.severity, "medium"), "medium"))
    ])
    error_message = "The severity of a rule must be critical, high, medium, low or info."
  }
}

variable "rules_language" {
  description = "What `rules`, `ignore_rules` and the expressions of exceptions are written in: `jexl`; `python`, as in the older module; or `auto`, which takes an expression that uses what only Python has (`and`, `not`, `.get(`, …) for Python. Those in Python are translated; the output `translated_rules` shows the results."
  type        = string
  default     = "auto"
  nullable    = false

  validation {
    condition     = contains(["auto", "jexl", "python"], var.rules_language)
    error_message = "rules_language must be auto, jexl or python."
  }
}

variable "rules_separator" {
  description = "What separates rules that are given as one text."
  type        = string
  default     = ","
  nullable    = false

  validation {
    condition     = length(var.rules_separator) > 0
    error_message = "rules_separator must not be empty."
  }
}

variable "use_default_rules" {
  description = "Whether the default rules apply. When false, only those that `packs` and `rule_overrides` switch on do."
  type        = bool
  default     = true
  nullable    = false

  validation {
    # What is left of an empty list or text without its brackets, quotes and separators is nothing.
    condition     = var.use_default_rules || anytrue([for pack, enabled in var.packs : enabled if pack != "console-noise"]) || anytrue([for id, override in var.rule_overrides : try(coalesce(override.enabled), false)]) || anytrue([for given in [jsonencode(var.rules), jsonencode(var.events_to_track)] : length(trim(replace(given, "/\\\\[nrt]/", ""), "\"[], ${var.rules_separator}")) > 0])
    error_message = "With use_default_rules = false nothing would ever alert: give rules or events_to_track, switch on packs, or leave the default rules on."
  }
}

# ---------------------------------------------------------------------------------------------------------------------
# Whom to tell
# ---------------------------------------------------------------------------------------------------------------------

variable "allowed_hook_hosts" {
  description = "Hosts that hooks may point at. Loopback addresses are always allowed, and only they with plain http: that is where tests listen."
  type        = list(string)
  default     = ["hooks.slack.com", "hooks.slack-gov.com"]
  nullable    = false

  validation {
    condition     = length(var.allowed_hook_hosts) > 0 && alltrue([for host in var.allowed_hook_hosts : can(regex("^[a-z0-9.-]+$", host))])
    error_message = "allowed_hook_hosts must name at least one host, such as hooks.slack.com: lower case, without https:// and without a path."
  }
}

variable "aws_sns_topic_subscriptions" {
  description = "Subscriptions (endpoint → protocol) of a topic that the module makes for all alerts as JSON. Empty for no such topic."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "configuration" {
  description = "Hooks per account: each entry gives `accounts` and either `slack_hook_ssm_parameter` (recommended: the name of an SSM parameter of yours) or `slack_hook_url`. Accounts without an entry use the default hook."
  type = list(object({
    accounts                 = list(string)
    slack_hook_ssm_parameter = optional(string)
    slack_hook_url           = optional(string)
  }))
  default   = []
  nullable  = false
  sensitive = true

  validation {
    condition     = alltrue([for route in var.configuration : length(route.accounts) > 0 && alltrue([for id in route.accounts : can(regex("^[0-9]{12}$", id))])])
    error_message = "Each entry of configuration needs accounts: a list of account ids of 12 digits, as texts."
  }
  validation {
    condition     = length(distinct(flatten(var.configuration[*].accounts))) == length(flatten(var.configuration[*].accounts))
    error_message = "An account may stand in one entry of configuration only."
  }
  validation {
    condition     = alltrue([for route in var.configuration : (route.slack_hook_url == null) != (route.slack_hook_ssm_parameter == null)])
    error_message = "Each entry of configuration needs one of slack_hook_ssm_parameter and slack_hook_url."
  }
  validation {
    condition = alltrue([
      for route in var.configuration : route.slack_hook_ssm_parameter == null || can(regex("^(arn:[^:]+:ssm:.+:parameter)?/?[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$", route.slack_hook_ssm_parameter))
    ])
    error_message = "A slack_hook_ssm_parameter of configuration must be the name of an SSM parameter, such as /cloudtrail-to-slack/hook; the hook itself belongs into that parameter."
  }
  validation {
    condition = alltrue([
      for route in var.configuration : route.slack_hook_url == null ? true : anytrue([
        contains(var.allowed_hook_hosts, try(regex("^https://([^/@:]+)(?::443)?/", route.slack_hook_url)[0], "")),
        can(regex("^https?://(127(\\.[0-9]{1,3}){3}|localhost|\\[::1\\])(:[0-9]+)?(/|$)", route.slack_hook_url)),
      ])
    ])
    error_message = "A slack_hook_url of configuration does not begin with https:// and a host of allowed_hook_hosts (${join(", ", var.allowed_hook_hosts)}). Correct the hook, or add its host."
  }
}

variable "default_slack_channel_id" {
  description = "With `slack_bot_token`: id of the channel for all accounts that `slack_app_configuration` does not name."
  type        = string
  default     = null

  validation {
    condition     = (var.default_slack_channel_id == null && length(var.slack_app_configuration) == 0) == (var.slack_bot_token == null)
    error_message = "slack_bot_token and default_slack_channel_id belong together: give both to use a Slack App, or neither."
  }
  validation {
    condition     = var.slack_bot_token == null || var.default_slack_channel_id != null
    error_message = "slack_bot_token needs default_slack_channel_id: the id of the channel for all accounts that slack_app_configuration does not name."
  }
}

variable "default_slack_hook_ssm_parameter" {
  description = "Name of the SSM parameter (SecureString) that holds the hook for all accounts without one of their own. Recommended: the hook itself then never passes through Terraform."
  type        = string
  default     = null

  validation {
    condition     = var.default_slack_hook_ssm_parameter == null || can(regex("^(arn:[^:]+:ssm:.+:parameter)?/?[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$", var.default_slack_hook_ssm_parameter))
    error_message = "default_slack_hook_ssm_parameter must be the name of an SSM parameter, such as /cloudtrail-to-slack/hook; the hook itself belongs into that parameter."
  }
}

variable "default_slack_hook_url" {
  description = "Hook for all accounts without one of their own. It is written to an SSM SecureString and stays out of the module's state; `default_slack_hook_ssm_parameter` keeps it out of yours too."
  type        = string
  default     = null
  sensitive   = true

  validation {
    condition = var.default_slack_hook_url == null ? true : anytrue([
      contains(var.allowed_hook_hosts, try(regex("^https://([^/@:]+)(?::443)?/", var.default_slack_hook_url)[0], "")),
      can(regex("^https?://(127(\\.[0-9]{1,3}){3}|localhost|\\[::1\\])(:[0-9]+)?(/|$)", var.default_slack_hook_url)),
    ])
    error_message = "default_slack_hook_url does not begin with https:// and a host of allowed_hook_hosts (${join(", ", var.allowed_hook_hosts)}). Correct the hook, or add its host."
  }
  validation {
    condition     = var.default_slack_hook_ssm_parameter == null || var.default_slack_hook_url == null
    error_message = "Give default_slack_hook_ssm_parameter or default_slack_hook_url, not both."
  }
  validation {
    condition = anytrue([
      var.default_slack_hook_url != null,
      var.default_slack_hook_ssm_parameter != null,
      var.slack_bot_token != null,
      try(length(var.default_sns_topic_arn), 0) > 0,
      length(var.aws_sns_topic_subscriptions) > 0,
      # A route that fits everything and keeps it.
      anytrue([for route in var.routes : !route.continue && alltrue([
        for names in [route.accounts, route.organizational_units, route.severities, route.rules, route.packs] : names == null
      ])]),
    ])
    error_message = "There is no default destination, so alerts of accounts without a route would be lost: set default_slack_hook_ssm_parameter to the name of the SSM parameter that holds a Slack hook."
  }
}

variable "default_sns_topic_arn" {
  description = "Topic that gets the alerts, as JSON, of all accounts that `sns_configuration` does not name."
  type        = string
  default     = null

  validation {
    condition     = try(length(var.default_sns_topic_arn), 0) == 0 || can(regex("^arn:[^:]+:sns:[^:]+:[0-9]{12}:[A-Za-z0-9_-]+$", var.default_sns_topic_arn))
    error_message = "default_sns_topic_arn must be the ARN of a standard SNS topic (not FIFO), such as arn:aws:sns:eu-central-1:111111111111:alerts."
  }
}

variable "grouping" {
  description = "Alerts with the same rules, actor, call, account and error are told in one message, with their number, first and last time, and the first 20 of them. `window_minutes`: for how long after it repeats are only counted: as replies to the message where the Slack App posts it, else in one more message when the time is over. 0 for a message each time. Needs the ledger; SNS topics are told each time."
  type = object({
    window_minutes = optional(number, 15)
  })
  default  = {}
  nullable = false

  validation {
    # The function wakes itself every 15 minutes, and Lambda takes about 16 times in a row for a loop.
    # https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
    condition     = contains(range(0, 121), var.grouping.window_minutes)
    error_message = "grouping.window_minutes must be a whole number of minutes between 0 (no window) and 120."
  }
}

variable "mention" {
  description = "Whom messages in Slack call: a user group by its id (`S0123456789`), `here` or `channel`, for alerts of these `severities`. A route may have another; null for nobody."
  type = object({
    group      = string
    severities = optional(list(string), ["critical"])
  })
  default = null

  validation {
    condition     = var.mention == null ? true : can(regex("^(S[A-Z0-9]{2,30}|here|channel)$", var.mention.group))
    error_message = "mention.group must be the id of a Slack user group, such as S0123456789, or here or channel."
  }
  validation {
    condition     = alltrue([for severity in try(var.mention.severities, []) : contains(["critical", "high", "medium", "low", "info"], severity)])
    error_message = "mention.severities knows critical, high, medium, low and info."
  }
}

variable "messages" {
  description = "How messages are worded, and where their links lead; see docs/messages.md. `account_names`: what you call your accounts, by account id. `account_names_from_organizations`: whether the function asks AWS Organizations for the names of all others, once an hour; only the management account and delegated administrators may. `time_zone`: the IANA name of the zone that times are shown in. `identity_center_start_url`: the address of your access portal (`https://….awsapps.com/start`); links then lead through it into the right account, with the permission set `identity_center_role_name`, or the one that the reader chooses. `runbooks`: pages of yours that say what to do, by the id of a rule."
  type = object({
    account_names                    = optional(map(string), {})
    account_names_from_organizations = optional(bool, false)
    time_zone                        = optional(string, "UTC")
    identity_center_start_url        = optional(string)
    identity_center_role_name        = optional(string)
    runbooks                         = optional(map(string), {})
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for id, name in var.messages.account_names : can(regex("^[0-9]{12}$", id)) && can(regex("^[^[:cntrl:]]{1,80}$", name))])
    error_message = "messages.account_names gives account ids of 12 digits, as texts, names of 1 to 80 characters: { \"111111111111\" = \"prod-payments\" }."
  }
  validation {
    condition     = can(regex("^[A-Za-z0-9_+/-]+$", var.messages.time_zone))
    error_message = "messages.time_zone must be the IANA name of a time zone, such as Europe/Berlin."
  }
  validation {
    condition     = var.messages.identity_center_start_url == null ? true : can(regex("^https://[A-Za-z0-9.-]+(/[A-Za-z0-9._~/-]*)?(#/?)?$", var.messages.identity_center_start_url))
    error_message = "messages.identity_center_start_url must be the address of the access portal, such as https://example.awsapps.com/start."
  }
  validation {
    condition     = var.messages.identity_center_role_name == null ? true : can(regex("^[A-Za-z0-9_+=,.@-]{1,64}$", var.messages.identity_center_role_name)) && var.messages.identity_center_start_url != null
    error_message = "messages.identity_center_role_name must be the name of a permission set, such as ReadOnlyAccess, and needs identity_center_start_url."
  }
  validation {
    condition     = alltrue([for url in values(var.messages.runbooks) : can(regex("^https://[^[:space:]<>|\"]{1,1000}$", url))])
    error_message = "messages.runbooks must lead to addresses that begin with https://."
  }
  validation {
    condition     = length(setsubtract(keys(var.messages.runbooks), local.alerting_rule_ids)) == 0
    error_message = "messages.runbooks names what is no rule: ${join(", ", setsubtract(keys(var.messages.runbooks), local.alerting_rule_ids))}. The ids are the names of the files in rules/<pack>/, those that you give your own rules, and events_to_track:<entry>; docs/packs.md lists them."
  }
}

variable "routes" {
  description = <<-EOT
    Who hears of what, by more than the account; see docs/routes.md. Asked in this order, before `configuration`, `slack_app_configuration`, `sns_configuration` and the defaults: the first route that fits keeps the alert, unless it has `continue = true`; what no route kept goes by those.
    `name`: what you call it. A route fits when all of what it names does; of a list, one entry is enough, and what is left out fits everything.
    `accounts`, `organizational_units`: where the call took effect. The accounts of a unit (`ou-…`, with all units in it; a root `r-…`) are looked up while planning, so a new account counts from the next apply on.
    `severities`: critical, high, medium, low, info. `rules`, `packs`: at least one rule that matched is among them.
    `destinations`: each a `slack_hook_ssm_parameter` (the name of an SSM parameter of yours that holds the hook), a `slack_channel_id` (with `slack_bot_token`) or an `sns_topic_arn`.
    `mention`: whom messages in Slack call, instead of the variable `mention`.
    `continue`: whether what it takes goes on as though this route were not there.
  EOT
  type = list(object({
    name                 = string
    accounts             = optional(list(string))
    organizational_units = optional(list(string))
    severities           = optional(list(string))
    rules                = optional(list(string))
    packs                = optional(list(string))
    destinations = list(object({
      slack_hook_ssm_parameter = optional(string)
      slack_channel_id         = optional(string)
      sns_topic_arn            = optional(string)
    }))
    mention = optional(object({
      group      = string
      severities = optional(list(string), ["critical"])
    }))
    continue = optional(bool, false)
  }))
  default  = []
  nullable = false

  validation {
    condition     = alltrue([for route in var.routes : can(regex("^[^[:cntrl:]]{1,80}$", route.name))]) && length(distinct(var.routes[*].name)) == length(var.routes)
    error_message = "Each of routes needs a name of its own, of 1 to 80 characters."
  }
  validation {
    condition = alltrue(flatten([for route in var.routes : [
      for names in [route.accounts, route.organizational_units, route.severities, route.rules, route.packs] : names == null ? true : length(names) > 0
    ]]))
    error_message = "An empty list in one of routes would fit nothing: leave accounts, organizational_units, severities, rules or packs out to fit everything, or leave out the route."
  }
  validation {
    condition     = alltrue(flatten([for route in var.routes : [for id in(route.accounts == null ? [] : route.accounts) : can(regex("^[0-9]{12}$", id))]]))
    error_message = "The accounts of routes are account ids of 12 digits, as texts."
  }
  validation {
    condition = alltrue(flatten([for route in var.routes : [
      for id in(route.organizational_units == null ? [] : route.organizational_units) : can(regex("^(ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}|r-[0-9a-z]{4,32})$", id))
    ]]))
    error_message = "The organizational_units of routes are ids such as ou-ab12-34cd56ef, or of a root, such as r-ab12."
  }
  validation {
    condition = alltrue(flatten([for route in var.routes : [
      for severity in concat(route.severities == null ? [] : route.severities, try(route.mention.severities, [])) : contains(["critical", "high", "medium", "low", "info"], severity)
    ]]))
    error_message = "A severity in routes must be critical, high, medium, low or info."
  }
  validation {
    condition     = length(setsubtract(flatten([for route in var.routes : route.rules == null ? [] : route.rules]), local.alerting_rule_ids)) == 0
    error_message = "routes names what is no rule: ${join(", ", setsubtract(flatten([for route in var.routes : route.rules == null ? [] : route.rules]), local.alerting_rule_ids))}. The ids are the names of the files in rules/<pack>/, those that you give your own rules, and events_to_track:<entry>; docs/packs.md lists them."
  }
  validation {
    condition     = length(setsubtract(flatten([for route in var.routes : route.packs == null ? [] : route.packs]), local.packs)) == 0
    error_message = "routes names what is no pack: ${join(", ", setsubtract(flatten([for route in var.routes : route.packs == null ? [] : route.packs]), local.packs))}. There are ${join(", ", local.packs)}."
  }
  validation {
    condition = alltrue([for route in var.routes : length(route.destinations) > 0 && alltrue([
      for given in route.destinations : length([for value in [given.slack_hook_ssm_parameter, given.slack_channel_id, given.sns_topic_arn] : value if value != null]) == 1
    ])])
    error_message = "Each of routes needs destinations, each of which has one of slack_hook_ssm_parameter, slack_channel_id and sns_topic_arn."
  }
  validation {
    condition     = alltrue([for route in var.routes : length(distinct(route.destinations)) == length(route.destinations)])
    error_message = "A destination stands in one of routes twice."
  }
  validation {
    condition = alltrue(flatten([for route in var.routes : [
      for given in route.destinations : given.slack_hook_ssm_parameter == null ? true : can(regex("^(arn:[^:]+:ssm:.+:parameter)?/?[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$", given.slack_hook_ssm_parameter))
    ]]))
    error_message = "A slack_hook_ssm_parameter of routes must be the name of an SSM parameter, such as /cloudtrail-to-slack/hook; the hook itself belongs into that parameter."
  }
  validation {
    condition = alltrue(flatten([for route in var.routes : [
      for given in route.destinations : given.slack_channel_id == null ? true : can(regex("^[CG][A-Z0-9]{2,}$", given.slack_channel_id)) && var.slack_bot_token != null
    ]]))
    error_message = "A slack_channel_id of routes is the id of a channel, such as C0123456789, and needs slack_bot_token."
  }
  validation {
    condition = alltrue(flatten([for route in var.routes : [
      for given in route.destinations : given.sns_topic_arn == null ? true : can(regex("^arn:[^:]+:sns:[^:]+:[0-9]{12}:[A-Za-z0-9_-]+$", given.sns_topic_arn))
    ]]))
    error_message = "An sns_topic_arn of routes must be the ARN of a standard SNS topic (not FIFO), such as arn:aws:sns:eu-central-1:111111111111:on-call."
  }
  validation {
    condition     = alltrue([for route in var.routes : route.mention == null ? true : can(regex("^(S[A-Z0-9]{2,30}|here|channel)$", route.mention.group))])
    error_message = "The group of a mention in routes must be the id of a Slack user group, such as S0123456789, or here or channel."
  }
  validation {
    condition = alltrue([for index, route in var.routes : index == length(var.routes) - 1 || route.continue || anytrue([
      for names in [route.accounts, route.organizational_units, route.severities, route.rules, route.packs] : names != null
    ])])
    error_message = "One of routes fits everything and keeps it, so those after it would never get anything: put it last, or give it continue = true."
  }
}

variable "rule_evaluation_errors_to_slack" {
  description = "Whether to tell about rules that do not work, once a day for the same ones."
  type        = bool
  default     = true
  nullable    = false
}

variable "slack_app_configuration" {
  description = "With `slack_bot_token`: channel ids per account."
  type = list(object({
    accounts         = list(string)
    slack_channel_id = string
  }))
  default  = []
  nullable = false

  validation {
    condition     = alltrue([for route in var.slack_app_configuration : length(route.accounts) > 0 && alltrue([for id in route.accounts : can(regex("^[0-9]{12}$", id))])])
    error_message = "Each entry of slack_app_configuration needs accounts: a list of account ids of 12 digits, as texts."
  }
  validation {
    condition     = length(distinct(flatten(var.slack_app_configuration[*].accounts))) == length(flatten(var.slack_app_configuration[*].accounts))
    error_message = "An account may stand in one entry of slack_app_configuration only."
  }
}

variable "slack_bot_token" {
  description = "Bot token (`xoxb-…`, scope `chat:write`) of a Slack App; takes precedence over hooks. It is written to an SSM SecureString and stays out of the module's state."
  type        = string
  default     = null
  sensitive   = true

  validation {
    condition     = var.slack_bot_token == null ? true : startswith(var.slack_bot_token, "xox")
    error_message = "slack_bot_token must be a token of a Slack App: it begins with xoxb-."
  }
}

variable "sns_configuration" {
  description = "Topics per account, which get the alerts as JSON."
  type = list(object({
    accounts      = list(string)
    sns_topic_arn = string
  }))
  default  = []
  nullable = false

  validation {
    condition     = alltrue([for route in var.sns_configuration : length(route.accounts) > 0 && alltrue([for id in route.accounts : can(regex("^[0-9]{12}$", id))])])
    error_message = "Each entry of sns_configuration needs accounts: a list of account ids of 12 digits, as texts."
  }
  validation {
    condition     = length(distinct(flatten(var.sns_configuration[*].accounts))) == length(flatten(var.sns_configuration[*].accounts))
    error_message = "An account may stand in one entry of sns_configuration only."
  }
  validation {
    condition     = alltrue([for route in var.sns_configuration : can(regex("^arn:[^:]+:sns:[^:]+:[0-9]{12}:[A-Za-z0-9_-]+$", route.sns_topic_arn))])
    error_message = "An sns_topic_arn of sns_configuration must be the ARN of a standard SNS topic (not FIFO), such as arn:aws:sns:eu-central-1:111111111111:team."
  }
}

# ---------------------------------------------------------------------------------------------------------------------
# The function
# ---------------------------------------------------------------------------------------------------------------------

variable "function_name" {
  description = "Name of the function, and prefix of everything else that the module makes. Another name makes another deployment: what waits in the queues of the old one is deleted, so let them drain first."
  type        = string
  default     = "cloudtrail-to-slack"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,50}$", var.function_name)) && !can(regex("^(?i)(aws|ssm)", var.function_name))
    error_message = "function_name must be 1 to 50 letters, digits, hyphens or underscores, and must not begin with aws or ssm, which SSM reserves."
  }
}

variable "kms_key_arn" {
  description = "ARN of the KMS key that encrypts the SecureStrings that the module writes. Null for the key `alias/aws/ssm`."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[^:]+:kms:.+:key/", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a key (arn:aws:kms:…:key/…), not of an alias."
  }
}

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

variable "lambda_logs_retention_in_days" {
  description = "How long CloudWatch keeps the function's log, in days."
  type        = number
  default     = 30
  nullable    = false
}

variable "lambda_memory_size" {
  description = "Memory of the function, in MB. Log files are read as a stream, so it does not depend on their size; more memory is also a faster processor."
  type        = number
  default     = 512
  nullable    = false

  validation {
    condition     = var.lambda_memory_size >= 128 && var.lambda_memory_size <= 10240
    error_message = "lambda_memory_size must be between 128 and 10240 MB."
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

variable "lambda_timeout_seconds" {
  description = "How long one invocation may take, in seconds."
  type        = number
  default     = 300
  nullable    = false

  validation {
    condition     = var.lambda_timeout_seconds >= 10 && var.lambda_timeout_seconds <= 900
    error_message = "lambda_timeout_seconds must be between 10 and 900."
  }
}

variable "log_level" {
  description = "What the function logs: DEBUG, INFO, WARNING, ERROR or CRITICAL."
  type        = string
  default     = "INFO"
  nullable    = false

  validation {
    condition     = contains(["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], var.log_level)
    error_message = "log_level must be DEBUG, INFO, WARNING, ERROR or CRITICAL."
  }
}

variable "push_access_denied_cloudwatch_metrics" {
  description = "Whether to count refused calls as the metrics TotalAccessDeniedEvents and TotalIgnoredAccessDeniedEvents in the namespace CloudTrailToSlack/AccessDeniedEvents."
  type        = bool
  default     = true
  nullable    = false
}

variable "role_permissions_boundary" {
  description = "ARN of the policy that bounds the permissions of the function's role."
  type        = string
  default     = null
}

variable "ssm_kms_key_arns" {
  description = "ARNs of the KMS keys that encrypt hook parameters of yours. Not needed for the key `alias/aws/ssm`."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.ssm_kms_key_arns : can(regex("^arn:[^:]+:kms:.+:key/", arn))])
    error_message = "ssm_kms_key_arns must be ARNs of keys (arn:aws:kms:…:key/…), not of aliases."
  }
}

variable "tags" {
  description = "Tags of everything that the module makes."
  type        = map(string)
  default     = {}
  nullable    = false
}

# ---------------------------------------------------------------------------------------------------------------------
# Nothing is lost
# ---------------------------------------------------------------------------------------------------------------------

variable "alarm_actions" {
  description = "ARNs of what the alarms of `monitoring` call, at most five: SNS topics of the function's region, for example. Empty for alarms that only the console and the dashboard show."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.alarm_actions : can(regex("^arn:[^:]+:[a-z0-9-]+:", arn))])
    error_message = "alarm_actions must be ARNs, such as arn:aws:sns:eu-central-1:111111111111:operations."
  }
  validation {
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    condition     = length(var.alarm_actions) <= (strcontains(coalesce(var.dead_letter_target_arn, "-"), ":sns:") ? 4 : 5)
    error_message = "An alarm calls at most five: give fewer alarm_actions. A topic in dead_letter_target_arn is one of them."
  }
}

variable "dead_letter_target_arn" {
  description = "ARN of a queue of yours, in the function's account and region, where messages rest that failed at every attempt; by default a queue of the module, where what EventBridge and SNS could not deliver rests in any case. With the ARN of a topic, which the older module allowed, messages rest in the queue of the module, and the alarms about them notify the topic. What rests in one queue stays there when this changes: redrive it first."
  type        = string
  default     = null

  validation {
    condition     = var.dead_letter_target_arn == null || can(regex("^arn:[^:]+:(sqs|sns):", var.dead_letter_target_arn))
    error_message = "dead_letter_target_arn must be the ARN of an SQS queue or an SNS topic."
  }
  validation {
    condition     = var.monitoring.alarms || !strcontains(coalesce(var.dead_letter_target_arn, "-"), ":sns:")
    error_message = "dead_letter_target_arn is a topic, which the alarms about dead letters notify, and monitoring.alarms is false: leave the alarms on, or give a queue."
  }
}

variable "dynamodb_table_name" {
  description = "Name of the ledger. By default `function_name` and `-ledger`."
  type        = string
  default     = null

  validation {
    condition     = var.dynamodb_table_name == null || can(regex("^[A-Za-z0-9_.-]{3,255}$", var.dynamodb_table_name))
    error_message = "dynamodb_table_name must be 3 to 255 letters, digits, _, - and dots."
  }
}

variable "ledger" {
  description = "The DynamoDB table that remembers what was delivered, so that nothing is told twice, and which objects were processed. `enabled`: without it, what comes again is told again. `retention_days`: how long it remembers. `kms_key_arn`: the key that encrypts it, by default one that AWS owns."
  type = object({
    enabled        = optional(bool, true)
    retention_days = optional(number, 30)
    kms_key_arn    = optional(string)
  })
  default  = {}
  nullable = false

  validation {
    # A dead letter that is moved back on its last day must still find what was delivered of it.
    condition     = contains(range(15, 366), var.ledger.retention_days)
    error_message = "ledger.retention_days must be a whole number between 15 and 365: dead letters rest for up to 14 days, and what was delivered of them must not be told again when they are moved back."
  }
  validation {
    condition     = var.ledger.kms_key_arn == null || can(regex("^arn:[^:]+:kms:.+:key/", var.ledger.kms_key_arn))
    error_message = "ledger.kms_key_arn must be the ARN of a key (arn:aws:kms:…:key/…), not of an alias."
  }
}

variable "limits" {
  description = "Bounds on what is read. `file_bytes`: a log file, unpacked. `file_records`: records of a log file. `record_bytes`, `record_depth`, `record_values`: one record as JSON, its nesting, and the values in it. What exceeds them is reported and counted (`OverLimit…`), not judged."
  type = object({
    file_bytes    = optional(number, 4294967296)
    file_records  = optional(number, 5000000)
    record_bytes  = optional(number, 1048576)
    record_depth  = optional(number, 64)
    record_values = optional(number, 100000)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for limit in values(var.limits) : limit >= 1 && floor(limit) == limit])
    error_message = "Each of limits must be a positive whole number."
  }
  validation {
    condition     = var.limits.file_bytes <= 68719476736 && var.limits.file_records <= 100000000
    error_message = "limits.file_bytes must be at most 68719476736 (64 GiB), and limits.file_records at most 100000000: a file has to be read within one invocation."
  }
  validation {
    condition     = var.limits.record_bytes <= 16777216 && var.limits.record_depth <= 200 && var.limits.record_values <= 1000000
    error_message = "limits.record_bytes must be at most 16777216 (16 MiB), limits.record_depth at most 200, and limits.record_values at most 1000000: a record is held in memory as a whole."
  }
}

variable "monitoring" {
  description = "What watches the function itself; see docs/operations.md. `alarms`: CloudWatch alarms, which call `alarm_actions`. `dashboard`: a CloudWatch dashboard. `quiet_hours`: after so many hours without anything from CloudTrail there is an alarm; 0 for none."
  type = object({
    alarms      = optional(bool, true)
    dashboard   = optional(bool, true)
    quiet_hours = optional(number, 12)
  })
  default  = {}
  nullable = false

  validation {
    # CloudWatch looks back a day at most.
    condition     = contains(range(0, 25), var.monitoring.quiet_hours)
    error_message = "monitoring.quiet_hours must be a whole number between 0 (no such alarm) and 24."
  }
}

variable "reconcile" {
  description = "Compare the digest files of the last hours with what was processed, and read what is missing. That happens for each digest file that arrives anyway; this also finds the digests that nobody was notified about. Null for off, `{}` for every hour. `schedule_expression`: when, as EventBridge writes it. `look_back_hours`: how far; longer than from one time to the next, and CloudTrail delivers a digest up to two hours after what it lists. Needs log file validation on the trail."
  type = object({
    schedule_expression = optional(string, "rate(1 hour)")
    look_back_hours     = optional(number, 6)
  })
  default = null

  validation {
    condition     = var.reconcile == null || can(regex("^(rate|cron)\\(.+\\)$", var.reconcile.schedule_expression))
    error_message = "reconcile.schedule_expression must be a schedule of EventBridge, such as rate(1 hour) or cron(15 * * * ? *)."
  }
  validation {
    condition     = contains(range(1, 169), try(var.reconcile.look_back_hours, 6))
    error_message = "reconcile.look_back_hours must be a whole number between 1 and 168."
  }
  validation {
    condition     = var.reconcile == null || (var.ledger.enabled && var.sources.log_files)
    error_message = "reconcile compares digest files with the ledger: it needs ledger.enabled and sources.log_files."
  }
  validation {
    condition = anytrue([
      var.reconcile == null,
      can(regex("(^|/)(AWSLogs|o-[a-z0-9]+|[0-9]{12})/?$", var.s3_notification_filter_prefix)),
      # Above AWSLogs.
      can(regex("(^|/)$", var.s3_notification_filter_prefix)) && !strcontains(var.s3_notification_filter_prefix, "AWSLogs/"),
    ])
    error_message = "With reconcile, s3_notification_filter_prefix must be empty, the prefix of the trail with a slash at its end, or end with AWSLogs/, an organization's id or an account's id, so that the digest files lie below it."
  }
}

variable "retry" {
  description = "`max_attempts`: how often what failed is tried again before it rests in the dead-letter queue. The delay grows from 10 seconds to 15 minutes, so that the default lasts for about 11 hours; the waiting counts towards the 14 days that SQS keeps a message."
  type = object({
    max_attempts = optional(number, 50)
  })
  default  = {}
  nullable = false

  validation {
    condition     = contains(range(1, 1001), var.retry.max_attempts)
    error_message = "retry.max_attempts must be a whole number between 1 and 1000."
  }
  validation {
    # An attempt that ends in the midst comes again after six times the timeout; SQS deletes a message after 14 days.
    condition     = var.retry.max_attempts * max(900, 6 * var.lambda_timeout_seconds) <= 10 * 24 * 3600
    error_message = "retry.max_attempts times six times lambda_timeout_seconds (or 15 minutes, which is the longest delay) must be at most ten days: SQS deletes a message after 14 days, wherever it waits."
  }
}

# ---------------------------------------------------------------------------------------------------------------------
# Of the older module, accepted so that a root changes only its source
# ---------------------------------------------------------------------------------------------------------------------

variable "dynamodb_time_to_live" {
  description = "Deprecated: `grouping.window_minutes` in seconds (at most two hours of them); it wins over it."
  type        = number
  default     = null

  validation {
    condition     = var.dynamodb_time_to_live == null || try(var.dynamodb_time_to_live >= 0, true)
    error_message = "dynamodb_time_to_live must be a number of seconds, 0 or more."
  }
}

# tflint-ignore: terraform_unused_declarations
variable "lambda_build_in_docker" {
  description = "Deprecated, without effect: the function comes built."
  type        = bool
  default     = null
}

# tflint-ignore: terraform_unused_declarations
variable "lambda_recreate_missing_package" {
  description = "Deprecated, without effect: the function comes built."
  type        = bool
  default     = null
}
