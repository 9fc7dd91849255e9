# Rules, routes and options as one document in SSM; hooks and tokens as SecureStrings; nothing of either in the
# environment, no secret in the state.

locals {
  parameter_prefix = "/${var.function_name}/"
  # A bot token takes precedence over hooks. Whether there is one is no secret.
  uses_slack_app = nonsensitive(var.slack_bot_token != null)

  # A route is known by its accounts, so that reordering the list changes nothing.
  hook_routes = local.uses_slack_app ? {} : {
    for route in nonsensitive([
      for route in var.configuration : { accounts = sort(route.accounts), parameter = route.slack_hook_ssm_parameter }
    ]) : substr(sha256(join(",", route.accounts)), 0, 12) => route
  }

  # Secrets that were given as values, by the name under which they are kept.
  secrets = merge(
    local.uses_slack_app ? { slack-bot-token = var.slack_bot_token } : {},
    local.uses_slack_app || var.default_slack_hook_url == null ? {} : { default-hook = var.default_slack_hook_url },
    local.uses_slack_app ? {} : {
      for route in var.configuration :
      "hook-${substr(sha256(join(",", sort(route.accounts))), 0, 12)}" => route.slack_hook_url if route.slack_hook_url != null
    },
  )
  secret_names = toset(nonsensitive(keys(local.secrets)))
  # 48 bits of the hash: enough to notice another secret, useless to find it.
  secret_digests = { for name in local.secret_names : name => nonsensitive(substr(sha256(local.secrets[name]), 0, 12)) }

  default_hook_parameter = try(coalesce(
    var.default_slack_hook_ssm_parameter,
    contains(local.secret_names, "default-hook") ? "${local.parameter_prefix}secrets/default-hook" : null,
  ), null)

  # Each table gives an account at most one destination: its route's, else the default's.
  slack_table = local.uses_slack_app ? {
    routes = [for route in var.slack_app_configuration : {
      accounts    = route.accounts
      destination = { kind = "slack_app", name = "channel ${route.slack_channel_id}", channelId = route.slack_channel_id, tokenParameter = "${local.parameter_prefix}secrets/slack-bot-token" }
    }]
    default = { kind = "slack_app", name = "channel ${coalesce(var.default_slack_channel_id, "-")}", channelId = coalesce(var.default_slack_channel_id, "-"), tokenParameter = "${local.parameter_prefix}secrets/slack-bot-token" }
    } : {
    routes = [for key, route in local.hook_routes : {
      accounts    = route.accounts
      destination = { kind = "slack_webhook", name = "accounts ${join(", ", route.accounts)}", hookParameter = coalesce(route.parameter, "${local.parameter_prefix}secrets/hook-${key}") }
    }]
    default = local.default_hook_parameter == null ? null : { kind = "slack_webhook", name = "default", hookParameter = local.default_hook_parameter }
  }
  # The older module's examples set it to "" for none.
  default_topic_arn = var.default_sns_topic_arn == "" ? null : var.default_sns_topic_arn
  sns_table = {
    routes  = [for route in var.sns_configuration : { accounts = route.accounts, destination = { kind = "sns", name = route.sns_topic_arn, topicArn = route.sns_topic_arn } }]
    default = local.default_topic_arn == null ? null : { kind = "sns", name = local.default_topic_arn, topicArn = local.default_topic_arn }
  }
  alerts_table = {
    routes  = []
    default = length(var.aws_sns_topic_subscriptions) == 0 ? null : { kind = "sns", name = "alerts topic", topicArn = aws_sns_topic.alerts[0].arn }
  }

  # The older module's name for it, in seconds.
  window_minutes = var.dynamodb_time_to_live == null ? var.grouping.window_minutes : min(120, ceil(var.dynamodb_time_to_live / 60))

  configuration_document = merge(local.rule_document, {
    routes                                = local.routes
    routing                               = [local.slack_table, local.sns_table, local.alerts_table]
    mention                               = var.mention
    messages                              = merge(var.messages, { log_account_id = coalesce(var.sources.bucket_account_id, local.account_id) })
    allowed_hook_hosts                    = var.allowed_hook_hosts
    rule_evaluation_errors_to_slack       = var.rule_evaluation_errors_to_slack
    push_access_denied_cloudwatch_metrics = var.push_access_denied_cloudwatch_metrics
    # Without a table the ledger is off.
    ledger = { table = var.ledger.enabled ? local.ledger_name : null, retention_days = var.ledger.retention_days }
    limits = var.limits
    grouping = {
      # Repeats are counted in the ledger.
      window_minutes  = var.ledger.enabled ? local.window_minutes : 0
      retry_queue_arn = local.retry_queue_arn
    }
    # A rotated secret makes another document, so that a new version is published and checked.
    secret_digests = local.secret_digests
    # What rules see as `config`: the deployment itself, so that changes to it are noticed.
    rule_config = {
      self = {
        accountId       = local.account_id
        bucketName      = local.bucket
        functionName    = var.function_name
        logGroupName    = aws_cloudwatch_log_group.function.name
        parameterPrefix = local.parameter_prefix
        parameters      = local.given_parameters
        queues = [
          for arn in distinct(compact([local.resting_place_arn, local.own_dead_letters_arn, local.retry_queue_arn, local.queue_arn])) :
          join("/", slice(split(":", arn), 4, 6))
        ]
        roleName = local.role_name
        tables   = var.ledger.enabled ? [local.ledger_name] : []
      }
    }
  })

  configuration_text = base64gzip(jsonencode(local.configuration_document))

  # A fixed number of slots, so that a document that is unknown while planning still plans. The environment names them
  # with their versions: a published function version keeps reading what it was published with.
  slot_characters          = 4096
  slots                    = { for index in range(16) : format("%02d", index) => index * local.slot_characters }
  configuration_characters = length(local.configuration_text)
  configuration_pointers = join(",", [
    for slot, offset in local.slots : "${aws_ssm_parameter.configuration[slot].name}:${aws_ssm_parameter.configuration[slot].version}"
    if offset < local.configuration_characters
  ])
}

resource "aws_ssm_parameter" "configuration" {
  for_each = local.slots

  name        = "${local.parameter_prefix}configuration/${each.key}"
  description = "Part of the configuration of ${var.function_name}"
  type        = "String"
  # "value", because the provider does not recompute "version" for "insecure_value".
  value = coalesce(substr(local.configuration_text, each.value, local.slot_characters), "-")
  tags  = var.tags

  lifecycle {
    precondition {
      condition     = local.configuration_characters <= length(local.slots) * local.slot_characters
      error_message = "Rules, ignore rules and routes are too long together: packed they take ${local.configuration_characters} characters, and ${length(local.slots) * local.slot_characters} fit. Shorten or drop some."
    }
  }
}

resource "aws_ssm_parameter" "secret" {
  for_each = local.secret_names

  name             = "${local.parameter_prefix}secrets/${each.key}"
  description      = "Secret of ${var.function_name}"
  type             = "SecureString"
  key_id           = var.kms_key_arn
  value_wo         = local.secrets[each.key]
  value_wo_version = parseint(local.secret_digests[each.key], 16)
  tags             = var.tags
}

resource "aws_sns_topic" "alerts" {
  count = length(var.aws_sns_topic_subscriptions) == 0 ? 0 : 1

  name = "${var.function_name}-alerts"
  tags = var.tags
}

resource "aws_sns_topic_subscription" "alerts" {
  for_each = var.aws_sns_topic_subscriptions

  topic_arn = aws_sns_topic.alerts[0].arn
  endpoint  = each.key
  protocol  = each.value
}
