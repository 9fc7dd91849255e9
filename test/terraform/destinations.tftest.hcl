# Who is told: hooks, Slack App, topics; where their secrets are, and who may read them.

mock_provider "aws" {
  source          = "./test/terraform"
  override_during = plan
}

variables {
  cloudtrail_logs_s3_bucket_name   = "example-logs"
  default_slack_hook_ssm_parameter = "/hooks/default"
}

# --- Hooks -----------------------------------------------------------------------------------------------------------

run "reads_a_hook_by_the_name_of_its_parameter" {
  command = plan

  variables {
    # As the older module's examples say that there is no topic.
    default_sns_topic_arn = ""
  }

  assert {
    condition = jsonencode(local.configuration_document.routing) == jsonencode([
      { routes = [], default = { kind = "slack_webhook", name = "default", hookParameter = "/hooks/default" } },
      { routes = [], default = null },
      { routes = [], default = null },
    ])
    error_message = jsonencode(local.configuration_document.routing)
  }

  assert {
    condition = jsonencode([for statement in jsondecode(aws_iam_role_policy.function.policy).Statement : statement if statement.Sid == "ReadSecrets"]) == jsonencode([
      { Sid = "ReadSecrets", Effect = "Allow", Action = ["ssm:GetParameters"], Resource = ["arn:aws:ssm:eu-central-1:123456789012:parameter/hooks/default"] },
    ])
    error_message = aws_iam_role_policy.function.policy
  }

  assert {
    condition     = length(aws_ssm_parameter.secret) == 0
    error_message = "The module writes a secret although only a name was given."
  }
}

run "reads_a_hook_by_the_arn_of_its_parameter" {
  command = plan

  variables {
    default_slack_hook_ssm_parameter = "arn:aws:ssm:eu-west-1:222222222222:parameter/hooks/default"
  }

  assert {
    condition     = local.configuration_document.routing[0].default.hookParameter == "arn:aws:ssm:eu-west-1:222222222222:parameter/hooks/default"
    error_message = jsonencode(local.configuration_document.routing)
  }

  assert {
    condition = jsonencode([for statement in jsondecode(aws_iam_role_policy.function.policy).Statement : statement.Resource if statement.Sid == "ReadSecrets"]) == jsonencode([
      ["arn:aws:ssm:eu-west-1:222222222222:parameter/hooks/default"],
    ])
    error_message = aws_iam_role_policy.function.policy
  }
}

run "reads_a_hook_by_a_name_without_a_slash" {
  command = plan

  variables {
    default_slack_hook_ssm_parameter = "default-hook"
  }

  assert {
    condition     = local.configuration_document.routing[0].default.hookParameter == "default-hook"
    error_message = jsonencode(local.configuration_document.routing)
  }

  assert {
    condition     = local.secret_parameter_arns == ["arn:aws:ssm:eu-central-1:123456789012:parameter/default-hook"]
    error_message = jsonencode(local.secret_parameter_arns)
  }
}

run "writes_a_hook_that_is_given_as_url_to_a_parameter_and_nowhere_else" {
  command = plan

  variables {
    default_slack_hook_ssm_parameter = null
    default_slack_hook_url           = "https://hooks.slack.com/services/T/B/confidential"
  }

  assert {
    condition = jsonencode(local.configuration_document.routing[0]) == jsonencode({
      routes = [], default = { kind = "slack_webhook", name = "default", hookParameter = "/cloudtrail-to-slack/secrets/default-hook" }
    })
    error_message = jsonencode(local.configuration_document.routing)
  }

  assert {
    condition = jsonencode([
      for key, parameter in aws_ssm_parameter.secret : [key, parameter.name, parameter.type, parameter.value_wo_version]
      ]) == jsonencode([
      ["default-hook", "/cloudtrail-to-slack/secrets/default-hook", "SecureString", parseint(substr(sha256("https://hooks.slack.com/services/T/B/confidential"), 0, 12), 16)],
    ])
    error_message = jsonencode([for key, parameter in aws_ssm_parameter.secret : [key, parameter.name, parameter.type, parameter.value_wo_version]])
  }

  assert {
    # That no planned attribute at all holds it, terraform-test.test.ts asserts for every run.
    condition     = !strcontains(jsonencode([local.configuration_document, aws_lambda_function.this.environment]), "confidential")
    error_message = "The hook is in clear text."
  }

  assert {
    condition     = local.configuration_document.secret_digests == { default-hook = substr(sha256("https://hooks.slack.com/services/T/B/confidential"), 0, 12) }
    error_message = jsonencode(local.configuration_document.secret_digests)
  }
}

run "notices_a_rotated_hook" {
  command = plan

  variables {
    default_slack_hook_ssm_parameter = null
    default_slack_hook_url           = "https://hooks.slack.com/services/T/B/confidential-rotated"
  }

  assert {
    condition     = aws_ssm_parameter.secret["default-hook"].value_wo_version == parseint(substr(sha256("https://hooks.slack.com/services/T/B/confidential-rotated"), 0, 12), 16)
    error_message = "The version of the write-only value does not follow the hook."
  }

  assert {
    condition     = local.configuration_document.secret_digests == { default-hook = substr(sha256("https://hooks.slack.com/services/T/B/confidential-rotated"), 0, 12) }
    error_message = jsonencode(local.configuration_document.secret_digests)
  }
}

run "routes_accounts_to_hooks" {
  command = plan

  variables {
    configuration = [
      { accounts = ["333333333333", "222222222222"], slack_hook_url = "https://hooks.slack.com/services/T/B/confidential" },
      { accounts = ["444444444444"], slack_hook_ssm_parameter = "/hooks/team-b" },
    ]
  }

  assert {
    # Routes are ordered by their keys, which nobody needs to know: hence the set.
    condition = toset([for route in local.configuration_document.routing[0].routes : jsonencode(route)]) == toset([
      jsonencode({
        accounts = ["222222222222", "333333333333"]
        destination = {
          kind          = "slack_webhook"
          name          = "accounts 222222222222, 333333333333"
          hookParameter = "/cloudtrail-to-slack/secrets/hook-${substr(sha256("222222222222,333333333333"), 0, 12)}"
        }
      }),
      jsonencode({
        accounts    = ["444444444444"]
        destination = { kind = "slack_webhook", name = "accounts 444444444444", hookParameter = "/hooks/team-b" }
      }),
    ])
    error_message = jsonencode(local.configuration_document.routing)
  }

  assert {
    condition     = keys(aws_ssm_parameter.secret) == ["hook-${substr(sha256("222222222222,333333333333"), 0, 12)}"]
    error_message = jsonencode(keys(aws_ssm_parameter.secret))
  }

  assert {
    condition = local.secret_parameter_arns == [
      "arn:aws:ssm:eu-central-1:123456789012:parameter/cloudtrail-to-slack/secrets/hook-${substr(sha256("222222222222,333333333333"), 0, 12)}",
      "arn:aws:ssm:eu-central-1:123456789012:parameter/hooks/default",
      "arn:aws:ssm:eu-central-1:123456789012:parameter/hooks/team-b",
    ]
    error_message = jsonencode(local.secret_parameter_arns)
  }

  assert {
    condition     = jsonencode(local.configuration_document.rule_config.self.parameters) == jsonencode(["/hooks/default", "/hooks/team-b"])
    error_message = jsonencode(local.configuration_document.rule_config)
  }
}

run "takes_the_nulls_that_are_the_older_defaults" {
  command = plan

  variables {
    aws_sns_topic_subscriptions      = null
    configuration                    = null
    dead_letter_target_arn           = null
    default_slack_channel_id         = null
    default_slack_hook_ssm_parameter = null
    default_slack_hook_url           = "https://hooks.slack.com/services/T/B/confidential"
    default_sns_topic_arn            = null
    s3_sns_fanout_topic_arn          = null
    slack_app_configuration          = null
    slack_bot_token                  = null
    sns_configuration                = null
  }

  assert {
    condition = jsonencode(local.configuration_document.routing) == jsonencode([
      { routes = [], default = { kind = "slack_webhook", name = "default", hookParameter = "/cloudtrail-to-slack/secrets/default-hook" } },
      { routes = [], default = null },
      { routes = [], default = null },
    ])
    error_message = jsonencode(local.configuration_document.routing)
  }
}

# --- Slack App -------------------------------------------------------------------------------------------------------

run "prefers_a_slack_app_to_hooks" {
  command = plan

  variables {
    configuration            = [{ accounts = ["222222222222"], slack_hook_url = "https://hooks.slack.com/services/T/B/confidential" }]
    default_slack_channel_id = "C0000000000"
    slack_app_configuration  = [{ accounts = ["222222222222", "333333333333"], slack_channel_id = "C2222222222" }]
    slack_bot_token          = "xoxb-confidential"
  }

  assert {
    condition = jsonencode(local.configuration_document.routing[0]) == jsonencode({
      routes = [{
        accounts    = ["222222222222", "333333333333"]
        destination = { kind = "slack_app", name = "channel C2222222222", channelId = "C2222222222", tokenParameter = "/cloudtrail-to-slack/secrets/slack-bot-token" }
      }]
      default = { kind = "slack_app", name = "channel C0000000000", channelId = "C0000000000", tokenParameter = "/cloudtrail-to-slack/secrets/slack-bot-token" }
    })
    error_message = jsonencode(local.configuration_document.routing)
  }

  assert {
    condition     = keys(aws_ssm_parameter.secret) == ["slack-bot-token"]
    error_message = "Hooks are written although the Slack App takes precedence: ${jsonencode(keys(aws_ssm_parameter.secret))}"
  }

  assert {
    condition     = local.secret_parameter_arns == ["arn:aws:ssm:eu-central-1:123456789012:parameter/cloudtrail-to-slack/secrets/slack-bot-token"]
    error_message = "The role may read hooks that nobody uses: ${jsonencode(local.secret_parameter_arns)}"
  }

  assert {
    condition     = length(local.configuration_document.rule_config.self.parameters) == 0
    error_message = jsonencode(local.configuration_document.rule_config)
  }
}

run "prefers_a_slack_app_to_a_default_hook_that_is_given_as_url" {
  command = plan

  variables {
    default_slack_channel_id         = "C0000000000"
    default_slack_hook_ssm_parameter = null
    default_slack_hook_url           = "https://hooks.slack.com/services/T/B/confidential"
    slack_bot_token                  = "xoxb-confidential"
  }

  assert {
    condition     = keys(aws_ssm_parameter.secret) == ["slack-bot-token"]
    error_message = jsonencode(keys(aws_ssm_parameter.secret))
  }
}

# --- Topics ----------------------------------------------------------------------------------------------------------

run "tells_topics_of_yours" {
  command = plan

  variables {
    default_sns_topic_arn = "arn:aws:sns:eu-central-1:123456789012:default"
    sns_configuration = [
      { accounts = ["222222222222"], sns_topic_arn = "arn:aws:sns:eu-central-1:222222222222:team-a" },
      { accounts = ["333333333333", "444444444444"], sns_topic_arn = "arn:aws:sns:eu-central-1:123456789012:default" },
    ]
  }

  assert {
    condition = jsonencode(slice(local.configuration_document.routing, 1, 3)) == jsonencode([
      {
        routes = [
          { accounts = ["222222222222"], destination = { kind = "sns", name = "arn:aws:sns:eu-central-1:222222222222:team-a", topicArn = "arn:aws:sns:eu-central-1:222222222222:team-a" } },
          { accounts = ["333333333333", "444444444444"], destination = { kind = "sns", name = "arn:aws:sns:eu-central-1:123456789012:default", topicArn = "arn:aws:sns:eu-central-1:123456789012:default" } },
        ]
        default = { kind = "sns", name = "arn:aws:sns:eu-central-1:123456789012:default", topicArn = "arn:aws:sns:eu-central-1:123456789012:default" }
      },
      { routes = [], default = null },
    ])
    error_message = jsonencode(local.configuration_document.routing)
  }

  assert {
    condition = jsonencode([for statement in jsondecode(aws_iam_role_policy.function.policy).Statement : statement if statement.Sid == "PublishAlerts"]) == jsonencode([{
      Sid      = "PublishAlerts"
      Effect   = "Allow"
      Action   = ["sns:Publish"]
      Resource = ["arn:aws:sns:eu-central-1:123456789012:default", "arn:aws:sns:eu-central-1:222222222222:team-a"]
    }])
    error_message = aws_iam_role_policy.function.policy
  }

  assert {
    condition     = length(aws_sns_topic.alerts) == 0 && output.alerts_topic_arn == null
    error_message = "A topic is made although nobody subscribes."
  }
}

run "makes_a_topic_for_subscriptions" {
  command = plan

  variables {
    aws_sns_topic_subscriptions = {
      "arn:aws:sqs:eu-central-1:123456789012:alerts" = "sqs"
      "soc@example.org"                              = "email"
    }
  }

  assert {
    condition     = aws_sns_topic.alerts[*].name == ["cloudtrail-to-slack-alerts"] && output.alerts_topic_arn == "arn:aws:sns:eu-central-1:123456789012:made-topic"
    error_message = jsonencode(aws_sns_topic.alerts[*].name)
  }

  assert {
    condition = jsonencode([for subscription in aws_sns_topic_subscription.alerts : [subscription.endpoint, subscription.protocol, subscription.topic_arn]]) == jsonencode([
      ["arn:aws:sqs:eu-central-1:123456789012:alerts", "sqs", "arn:aws:sns:eu-central-1:123456789012:made-topic"],
      ["soc@example.org", "email", "arn:aws:sns:eu-central-1:123456789012:made-topic"],
    ])
    error_message = "The subscriptions are not those that were given."
  }

  assert {
    condition = jsonencode(local.configuration_document.routing[2]) == jsonencode({
      routes = [], default = { kind = "sns", name = "alerts topic", topicArn = "arn:aws:sns:eu-central-1:123456789012:made-topic" }
    })
    error_message = jsonencode(local.configuration_document.routing)
  }

  assert {
    condition     = local.alert_topic_arns == tolist(["arn:aws:sns:eu-central-1:123456789012:made-topic"])
    error_message = jsonencode(local.alert_topic_arns)
  }
}

# --- Keys ------------------------------------------------------------------------------------------------------------

run "decrypts_secrets_with_keys_of_yours_through_ssm_only" {
  command = plan

  variables {
    configuration    = [{ accounts = ["222222222222"], slack_hook_url = "https://hooks.slack.com/services/T/B/confidential" }]
    kms_key_arn      = "arn:aws:kms:eu-central-1:123456789012:key/ours"
    ssm_kms_key_arns = ["arn:aws:kms:eu-central-1:222222222222:key/yours", "arn:aws:kms:eu-central-1:123456789012:key/ours"]
  }

  assert {
    condition = jsonencode([for statement in jsondecode(aws_iam_role_policy.function.policy).Statement : statement if startswith(statement.Sid, "Decrypt")]) == jsonencode([{
      Sid       = "DecryptSecrets"
      Effect    = "Allow"
      Action    = ["kms:Decrypt"]
      Resource  = ["arn:aws:kms:eu-central-1:123456789012:key/ours", "arn:aws:kms:eu-central-1:222222222222:key/yours"]
      Condition = { StringEquals = { "kms:ViaService" = "ssm.eu-central-1.amazonaws.com" } }
    }])
    error_message = aws_iam_role_policy.function.policy
  }

  assert {
    condition     = [for parameter in aws_ssm_parameter.secret : parameter.key_id] == ["arn:aws:kms:eu-central-1:123456789012:key/ours"]
    error_message = "The hook is not encrypted with the key that was given."
  }
}
