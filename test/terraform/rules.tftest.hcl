# Rules in every form, and the document that carries them.

mock_provider "aws" {
  source          = "./test/terraform"
  override_during = plan
}

variables {
  cloudtrail_logs_s3_bucket_name   = "example-logs"
  default_slack_hook_ssm_parameter = "/hooks/default"
}

run "tells_the_function_nothing_but_the_defaults" {
  command = plan

  assert {
    condition = jsonencode({ for key, value in local.configuration_document : key => value if key != "routing" }) == jsonencode({
      allowed_cidrs      = []
      allowed_hook_hosts = ["hooks.slack.com", "hooks.slack-gov.com"]
      events_to_track    = []
      grouping           = { retry_queue_arn = "arn:aws:sqs:eu-central-1:123456789012:cloudtrail-to-slack-retry", window_minutes = 15 }
      ignore_rules       = []
      ledger             = { table = "cloudtrail-to-slack-ledger", retention_days = 30 }
      limits             = { file_bytes = 4294967296, file_records = 5000000, record_bytes = 1048576, record_depth = 64, record_values = 100000 }
      mention            = null
      messages = {
        account_names                    = {}
        account_names_from_organizations = false
        identity_center_role_name        = null
        identity_center_start_url        = null
        log_account_id                   = "123456789012"
        runbooks                         = {}
        time_zone                        = "UTC"
      }
      office_hours                          = null
      packs                                 = {}
      push_access_denied_cloudwatch_metrics = true
      required_tags                         = {}
      routes                                = []
      rule_evaluation_errors_to_slack       = true
      rule_overrides                        = {}
      rules                                 = []
      rules_language                        = "auto"
      rules_separator                       = ","
      secret_digests                        = {}
      use_default_rules                     = true
      rule_config = { self = {
        accountId       = "123456789012"
        bucketName      = "example-logs"
        functionName    = "cloudtrail-to-slack"
        logGroupName    = "/aws/lambda/cloudtrail-to-slack"
        parameterPrefix = "/cloudtrail-to-slack/"
        parameters      = ["/hooks/default"]
        queues          = ["123456789012/cloudtrail-to-slack-dead-letters", "123456789012/cloudtrail-to-slack-retry"]
        roleName        = "cloudtrail-to-slack-role"
        tables          = ["cloudtrail-to-slack-ledger"]
      } }
    })
    error_message = jsonencode(local.configuration_document)
  }
}

run "carries_lists_of_expressions" {
  command = plan

  variables {
    events_to_track = ["CreateUser", "iam.amazonaws.com:DeleteUser"]
    ignore_rules    = ["userIdentity.invokedBy == 'autoscaling.amazonaws.com'"]
    rules           = ["eventName in ['CreateUser', 'DeleteUser']", "userIdentity.type == 'Root'"]
  }

  assert {
    condition = jsonencode([for key in ["events_to_track", "ignore_rules", "rules"] : local.configuration_document[key]]) == jsonencode([
      ["CreateUser", "iam.amazonaws.com:DeleteUser"],
      ["userIdentity.invokedBy == 'autoscaling.amazonaws.com'"],
      ["eventName in ['CreateUser', 'DeleteUser']", "userIdentity.type == 'Root'"],
    ])
    error_message = jsonencode(local.configuration_document)
  }
}

run "carries_lists_of_objects" {
  command = plan

  variables {
    ignore_rules = [{ expression = "eventName == 'A'", id = "quiet", title = "Quiet" }]
    rules = [
      { expression = "eventName == 'B'", id = "loud", title = "Loud", severity = "critical" },
      { expression = "eventName == 'C'" },
    ]
  }

  assert {
    condition = jsonencode([local.configuration_document.ignore_rules, local.configuration_document.rules]) == jsonencode([
      [{ expression = "eventName == 'A'", id = "quiet", title = "Quiet" }],
      [{ expression = "eventName == 'B'", id = "loud", severity = "critical", title = "Loud" }, { expression = "eventName == 'C'" }],
    ])
    error_message = jsonencode(local.configuration_document)
  }
}

run "carries_expressions_and_objects_in_one_list" {
  command = plan

  variables {
    ignore_rules = [{ expression = "eventName == 'A'", id = null }, "eventName == 'B'"]
    rules        = ["eventName == 'C'", { expression = "eventName == 'D'", severity = "low" }]
  }

  assert {
    condition = jsonencode([local.configuration_document.ignore_rules, local.configuration_document.rules]) == jsonencode([
      [{ expression = "eventName == 'A'", id = null }, "eventName == 'B'"],
      ["eventName == 'C'", { expression = "eventName == 'D'", severity = "low" }],
    ])
    error_message = jsonencode(local.configuration_document)
  }
}

run "carries_texts_as_users_of_the_older_module_write_them" {
  command = plan

  variables {
    events_to_track = "CreateUser, DeleteUser"
    ignore_rules    = "eventName == 'A'"
    rules           = "eventName == 'B',eventName in ['C', 'D']"
  }

  assert {
    condition = jsonencode([for key in ["events_to_track", "ignore_rules", "rules", "rules_separator"] : local.configuration_document[key]]) == jsonencode([
      "CreateUser, DeleteUser", "eventName == 'A'", "eventName == 'B',eventName in ['C', 'D']", ",",
    ])
    error_message = jsonencode(local.configuration_document)
  }
}

run "carries_texts_with_a_separator_of_their_own" {
  command = plan

  variables {
    ignore_rules    = "eventName == 'A'%eventName == 'B'"
    rules           = join("%", ["eventName == 'C'", "eventName == 'D, E'"])
    rules_separator = "%"
  }

  assert {
    condition = jsonencode([for key in ["ignore_rules", "rules", "rules_separator"] : local.configuration_document[key]]) == jsonencode([
      "eventName == 'A'%eventName == 'B'", "eventName == 'C'%eventName == 'D, E'", "%",
    ])
    error_message = jsonencode(local.configuration_document)
  }
}

run "takes_the_empty_texts_that_are_the_older_defaults" {
  command = plan

  variables {
    events_to_track = ""
    ignore_rules    = ""
    rules           = ""
  }

  assert {
    condition     = jsonencode([for key in ["events_to_track", "ignore_rules", "rules"] : local.configuration_document[key]]) == jsonencode(["", "", ""])
    error_message = jsonencode(local.configuration_document)
  }
}

run "takes_null_for_nothing" {
  command = plan

  variables {
    events_to_track = null
    ignore_rules    = null
    rules           = null
  }

  assert {
    condition     = jsonencode([for key in ["events_to_track", "ignore_rules", "rules"] : local.configuration_document[key]]) == jsonencode([[], [], []])
    error_message = jsonencode(local.configuration_document)
  }
}

run "carries_switches_that_are_off" {
  command = plan

  variables {
    allowed_hook_hosts                    = ["hooks.example.org"]
    push_access_denied_cloudwatch_metrics = false
    rule_evaluation_errors_to_slack       = false
    rules                                 = ["userIdentity.type == 'Root'"]
    use_default_rules                     = false
  }

  assert {
    condition = jsonencode([
      for key in ["allowed_hook_hosts", "push_access_denied_cloudwatch_metrics", "rule_evaluation_errors_to_slack", "use_default_rules"] :
      local.configuration_document[key]
    ]) == jsonencode([["hooks.example.org"], false, false, false])
    error_message = jsonencode(local.configuration_document)
  }
}

run "carries_what_is_said_of_packs_and_rules" {
  command = plan

  variables {
    allowed_cidrs  = ["198.51.100.0/24"]
    office_hours   = { time_zone = "Europe/Berlin" }
    packs          = { clickops = true, lambda = false }
    required_tags  = { instance = { CostCenter = "[0-9]{4}", Team = null } }
    rules          = [{ id = "mine", expression = "event['eventName'] == 'CreateUser' and not event.get('errorCode')" }]
    rules_language = "python"
    rule_overrides = {
      mine          = { severity = "critical", title = "'Made by ' + userIdentity.arn", details = { "For whom" = "requestParameters.userName" } }
      root-activity = { exceptions = [{ reason = "known", actors = ["deploy"], until = "2027-01-31" }] }
    }
  }

  assert {
    condition = jsonencode([
      for key in ["allowed_cidrs", "office_hours", "packs", "required_tags", "rule_overrides", "rules_language"] :
      local.configuration_document[key]
      ]) == jsonencode([
      ["198.51.100.0/24"],
      { days = ["Mon", "Tue", "Wed", "Thu", "Fri"], end = 18, start = 8, time_zone = "Europe/Berlin" },
      { clickops = true, lambda = false },
      { instance = { CostCenter = "[0-9]{4}", Team = null } },
      {
        mine = {
          details    = { "For whom" = "requestParameters.userName" }
          enabled    = null
          exceptions = []
          severity   = "critical"
          title      = "'Made by ' + userIdentity.arn"
        }
        root-activity = {
          details = {}
          enabled = null
          exceptions = [
            { accounts = [], actors = ["deploy"], cidrs = [], expression = null, reason = "known", until = "2027-01-31" },
          ]
          severity = null
          title    = null
        }
      },
      "python",
    ])
    error_message = jsonencode(local.configuration_document)
  }

  assert {
    condition     = jsonencode(output.rule_configuration) == jsonencode(merge(local.rule_document, { rule_config = local.configuration_document.rule_config, messages = local.configuration_document.messages }))
    error_message = jsonencode(output.rule_configuration)
  }

  assert {
    condition = [for statement in jsondecode(aws_iam_role_policy.function.policy).Statement : statement if statement.Sid == "ReadTags"] == [
      { Sid = "ReadTags", Effect = "Allow", Action = ["ec2:DescribeTags"], Resource = ["*"] },
    ]
    error_message = aws_iam_role_policy.function.policy
  }
}

run "keeps_the_document_in_the_slots_that_the_environment_names" {
  command = plan

  variables {
    rules = [for i in range(300) : substr("eventName == '${base64sha512("a${i}")}${base64sha512("b${i}")}${base64sha512("c${i}")}'", 0, 200)]
  }

  assert {
    condition     = alltrue([for rule in var.rules : length(rule) == 200]) && length(distinct(var.rules)) == 300
    error_message = "These are not 300 different rules of 200 characters."
  }

  assert {
    # Random characters pack to 15 of the 16 slots; the last one stays unused.
    condition = aws_lambda_function.this.environment[0].variables.CONFIGURATION_PARAMETERS == join(",", [
      for index in range(15) : format("/cloudtrail-to-slack/configuration/%02d:3", index)
    ])
    error_message = aws_lambda_function.this.environment[0].variables.CONFIGURATION_PARAMETERS
  }

  assert {
    condition     = nonsensitive(join("", [for index in range(15) : aws_ssm_parameter.configuration[format("%02d", index)].value])) == base64gzip(jsonencode(local.configuration_document))
    error_message = "The slots do not hold the document."
  }

  assert {
    condition     = length(aws_ssm_parameter.configuration) == 16 && nonsensitive(aws_ssm_parameter.configuration["15"].value) == "-"
    error_message = "A slot that is not used holds something, or there are not 16 slots."
  }

  assert {
    condition     = aws_lambda_function.this.environment[0].variables.CONFIGURATION_SHA256 == sha256(base64gzip(jsonencode(local.configuration_document)))
    error_message = "The hash is not that of the document."
  }
}

run "uses_one_slot_for_few_rules" {
  command = plan

  assert {
    condition     = aws_lambda_function.this.environment[0].variables.CONFIGURATION_PARAMETERS == "/cloudtrail-to-slack/configuration/00:3"
    error_message = aws_lambda_function.this.environment[0].variables.CONFIGURATION_PARAMETERS
  }

  assert {
    condition     = alltrue([for key, slot in aws_ssm_parameter.configuration : slot.type == "String" && (key == "00") == (nonsensitive(slot.value) != "-")])
    error_message = "Another slot than the first is in use, or a slot is no String."
  }
}
