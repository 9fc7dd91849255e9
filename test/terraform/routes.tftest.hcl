# Who hears of what by more than the account: routes in the configuration, what the role may read and publish for them, and
# organizational units as accounts.

mock_provider "aws" {
  source          = "./test/terraform"
  override_during = plan
}

variables {
  cloudtrail_logs_s3_bucket_name   = "example-logs"
  default_slack_hook_ssm_parameter = "/hooks/default"
}

run "asks_nobody_without_routes" {
  command = plan

  assert {
    condition     = jsonencode([local.configuration_document.routes, local.configuration_document.mention]) == jsonencode([[], null])
    error_message = jsonencode(local.configuration_document)
  }

  assert {
    condition     = length(data.aws_organizations_organizational_unit_descendant_accounts.route) == 0
    error_message = "AWS Organizations is asked although no route names a unit."
  }
}

run "routes_to_hooks_and_topics" {
  command = plan

  variables {
    events_to_track = "DeleteTrail, iam.amazonaws.com:CreateUser"
    rules           = [{ id = "own", expression = "eventName == 'A'" }]
    routes = [
      {
        name         = "on call"
        severities   = ["critical", "high"]
        destinations = [{ slack_hook_ssm_parameter = "/hooks/on-call" }, { sns_topic_arn = "arn:aws:sns:eu-central-1:222222222222:on-call" }]
        mention      = { group = "S0123456789" }
        continue     = true
      },
      {
        name         = "team"
        accounts     = ["222222222222", "111111111111"]
        rules        = ["root-activity", "own", "events_to_track:DeleteTrail", "events_to_track:iam.amazonaws.com:CreateUser"]
        packs        = ["iam"]
        destinations = [{ slack_hook_ssm_parameter = "team-hook" }]
      },
    ]
    mention = { group = "here", severities = ["critical", "high"] }
  }

  assert {
    condition = jsonencode(local.configuration_document.routes) == jsonencode([
      {
        name       = "on call"
        accounts   = null
        severities = ["critical", "high"]
        rules      = null
        packs      = null
        destinations = [
          { kind = "slack_webhook", name = "route on call (/hooks/on-call)", hookParameter = "/hooks/on-call" },
          { kind = "sns", name = "arn:aws:sns:eu-central-1:222222222222:on-call", topicArn = "arn:aws:sns:eu-central-1:222222222222:on-call" },
        ]
        mention  = { group = "S0123456789", severities = ["critical"] }
        continue = true
      },
      {
        name         = "team"
        accounts     = ["111111111111", "222222222222"]
        severities   = null
        rules        = ["root-activity", "own", "events_to_track:DeleteTrail", "events_to_track:iam.amazonaws.com:CreateUser"]
        packs        = ["iam"]
        destinations = [{ kind = "slack_webhook", name = "route team (team-hook)", hookParameter = "team-hook" }]
        mention      = null
        continue     = false
      },
    ])
    error_message = jsonencode(local.configuration_document.routes)
  }

  assert {
    condition     = jsonencode(local.configuration_document.mention) == jsonencode({ group = "here", severities = ["critical", "high"] })
    error_message = jsonencode(local.configuration_document.mention)
  }

  assert {
    condition = jsonencode([
      for statement in jsondecode(aws_iam_role_policy.function.policy).Statement : [statement.Sid, statement.Resource] if contains(["ReadSecrets", "PublishAlerts"], statement.Sid)
      ]) == jsonencode([
      ["ReadSecrets", [
        "arn:aws:ssm:eu-central-1:123456789012:parameter/hooks/default",
        "arn:aws:ssm:eu-central-1:123456789012:parameter/hooks/on-call",
        "arn:aws:ssm:eu-central-1:123456789012:parameter/team-hook",
      ]],
      ["PublishAlerts", ["arn:aws:sns:eu-central-1:222222222222:on-call"]],
    ])
    error_message = aws_iam_role_policy.function.policy
  }

  assert {
    condition     = length(aws_ssm_parameter.secret) == 0
    error_message = "The module writes a secret although only names were given."
  }
}

run "routes_to_channels_and_to_hooks_beside_a_slack_app" {
  command = plan

  variables {
    default_slack_hook_ssm_parameter = null
    default_slack_channel_id         = "C0000000000"
    slack_bot_token                  = "xoxb-confidential"
    routes = [{
      name         = "root"
      packs        = ["root"]
      destinations = [{ slack_channel_id = "C1111111111" }, { slack_hook_ssm_parameter = "/hooks/other-workspace" }]
    }]
  }

  assert {
    condition = jsonencode(local.configuration_document.routes[0].destinations) == jsonencode([
      { kind = "slack_app", name = "channel C1111111111", channelId = "C1111111111", tokenParameter = "/cloudtrail-to-slack/secrets/slack-bot-token" },
      { kind = "slack_webhook", name = "route root (/hooks/other-workspace)", hookParameter = "/hooks/other-workspace" },
    ])
    error_message = jsonencode(local.configuration_document.routes)
  }

  assert {
    condition = local.secret_parameter_arns == [
      "arn:aws:ssm:eu-central-1:123456789012:parameter/cloudtrail-to-slack/secrets/slack-bot-token",
      "arn:aws:ssm:eu-central-1:123456789012:parameter/hooks/other-workspace",
    ]
    error_message = jsonencode(local.secret_parameter_arns)
  }
}

run "needs_no_default_where_the_last_route_takes_everything" {
  command = plan

  variables {
    default_slack_hook_ssm_parameter = null
    routes = [
      { name = "root", packs = ["root"], destinations = [{ slack_hook_ssm_parameter = "/hooks/root" }] },
      { name = "all", destinations = [{ slack_hook_ssm_parameter = "/hooks/all" }] },
    ]
  }

  assert {
    condition     = jsonencode([for table in local.configuration_document.routing : table.default]) == jsonencode([null, null, null])
    error_message = jsonencode(local.configuration_document.routing)
  }
}

run "asks_aws_organizations_for_the_accounts_of_units" {
  command = plan

  variables {
    routes = [
      {
        name                 = "production"
        accounts             = ["444444444444", "333333333333"]
        organizational_units = ["ou-ab12-11111111", "ou-ab12-22222222"]
        destinations         = [{ slack_hook_ssm_parameter = "/hooks/production" }]
      },
      { name = "empty", organizational_units = ["ou-ab12-33333333"], destinations = [{ slack_hook_ssm_parameter = "/hooks/empty" }] },
      { name = "again", organizational_units = ["ou-ab12-11111111"], destinations = [{ slack_hook_ssm_parameter = "/hooks/again" }] },
    ]
  }

  override_data {
    target = data.aws_organizations_organizational_unit_descendant_accounts.route["production/0"]
    values = { accounts = [{ id = "555555555555" }, { id = "333333333333" }] }
  }
  override_data {
    target = data.aws_organizations_organizational_unit_descendant_accounts.route["production/1"]
    values = { accounts = [{ id = "222222222222" }] }
  }
  override_data {
    target = data.aws_organizations_organizational_unit_descendant_accounts.route["empty/0"]
    values = { accounts = [] }
  }

  override_data {
    target = data.aws_organizations_organizational_unit_descendant_accounts.route["again/0"]
    values = { accounts = [{ id = "555555555555" }, { id = "333333333333" }] }
  }

  assert {
    # A unit without accounts is not every account.
    condition = jsonencode([for route in local.configuration_document.routes : route.accounts]) == jsonencode([
      ["222222222222", "333333333333", "444444444444", "555555555555"], [], ["333333333333", "555555555555"],
    ])
    error_message = jsonencode(local.configuration_document.routes)
  }

  assert {
    condition     = !strcontains(aws_iam_role_policy.function.policy, "organizations:")
    error_message = "The function may ask AWS Organizations, which it never does."
  }
}

run "refuses_routes_without_a_default_that_do_not_take_everything" {
  command = plan

  variables {
    default_slack_hook_ssm_parameter = null
    routes = [
      { name = "root", packs = ["root"], destinations = [{ slack_hook_ssm_parameter = "/hooks/root" }] },
      { name = "copy", destinations = [{ slack_hook_ssm_parameter = "/hooks/all" }], continue = true },
    ]
  }

  expect_failures = [var.default_slack_hook_url]
}
