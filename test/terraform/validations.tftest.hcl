# Every validation, precondition and postcondition refuses, and accepts the legal value next to what it refuses.

mock_provider "aws" {
  source          = "./test/terraform"
  override_during = plan
}

variables {
  cloudtrail_logs_s3_bucket_name   = "example-logs"
  default_slack_hook_ssm_parameter = "/hooks/default"
}

# --- Names, ARNs, choices, bounds ------------------------------------------------------------------------------------

run "refuses_what_is_no_name_or_no_arn_of_the_right_kind" {
  command = plan

  variables {
    cloudtrail_logs_s3_bucket_name   = "arn:aws:s3:::example-logs"
    dead_letter_target_arn           = "arn:aws:lambda:eu-central-1:123456789012:function:dead-letters"
    default_slack_hook_ssm_parameter = "https://hooks.slack.com/services/T/B/confidential"
    function_name                    = "aws-alerts"
    ssm_kms_key_arns                 = ["arn:aws:kms:eu-central-1:123456789012:alias/hooks"]
  }

  expect_failures = [
    var.cloudtrail_logs_s3_bucket_name,
    var.dead_letter_target_arn,
    var.default_slack_hook_ssm_parameter,
    var.function_name,
    var.ssm_kms_key_arns,
  ]
}

run "accepts_names_and_arns_of_the_right_kind" {
  command = plan

  variables {
    cloudtrail_logs_s3_bucket_name   = "example.logs"
    dead_letter_target_arn           = "arn:aws:sqs:eu-central-1:123456789012:dead-letters"
    default_slack_hook_ssm_parameter = "hooks/default"
    function_name                    = "my-aws-alerts"
    ssm_kms_key_arns                 = ["arn:aws:kms:eu-central-1:123456789012:key/11111111-1111-1111-1111-111111111111"]
  }
}

run "refuses_names_that_are_too_short" {
  command = plan

  variables {
    cloudtrail_logs_s3_bucket_name = "ab"
    function_name                  = ""
  }

  expect_failures = [var.cloudtrail_logs_s3_bucket_name, var.function_name]
}

run "refuses_names_that_are_too_long" {
  command = plan

  variables {
    cloudtrail_logs_s3_bucket_name = join("", [for _ in range(64) : "b"])
    function_name                  = join("", [for _ in range(51) : "f"])
  }

  expect_failures = [var.cloudtrail_logs_s3_bucket_name, var.function_name]
}

run "refuses_names_with_other_characters" {
  command = plan

  variables {
    cloudtrail_logs_s3_bucket_name   = "Example-Logs"
    default_slack_hook_ssm_parameter = "/hooks/the default"
    function_name                    = "SSM_alerts"
  }

  expect_failures = [var.cloudtrail_logs_s3_bucket_name, var.default_slack_hook_ssm_parameter, var.function_name]
}

run "accepts_the_shortest_names" {
  command = plan

  variables {
    cloudtrail_logs_s3_bucket_name   = "abc"
    default_slack_hook_ssm_parameter = "h"
    function_name                    = "f"
  }
}

run "accepts_the_longest_names_and_their_pointers_fit_the_environment" {
  command = plan

  variables {
    cloudtrail_logs_s3_bucket_name = join("", [for _ in range(63) : "b"])
    function_name                  = join("", [for _ in range(50) : "f"])
    rules                          = [for i in range(300) : "eventName == '${substr("${base64sha512("a${i}")}${base64sha512("b${i}")}${base64sha512("c${i}")}", 0, 200)}'"]
  }

  assert {
    # Of 4,096 bytes that AWS allows for all variables, with what AWS and wrappers add.
    condition     = length(jsonencode(aws_lambda_function.this.environment[0].variables)) < 3072
    error_message = "The environment takes ${length(jsonencode(aws_lambda_function.this.environment[0].variables))} bytes."
  }
}

run "refuses_values_below_the_bounds_and_beside_the_choices" {
  command = plan

  variables {
    lambda_architecture    = "arm"
    lambda_memory_size     = 127
    lambda_runtime         = "nodejs20.x"
    lambda_timeout_seconds = 9
    log_level              = "info"
  }

  expect_failures = [
    var.lambda_architecture, var.lambda_memory_size, var.lambda_runtime, var.lambda_timeout_seconds, var.log_level,
  ]
}

run "refuses_values_above_the_bounds" {
  command = plan

  variables {
    lambda_memory_size     = 10241
    lambda_timeout_seconds = 901
  }

  expect_failures = [var.lambda_memory_size, var.lambda_timeout_seconds]
}

run "accepts_the_lower_bounds" {
  command = plan

  variables {
    lambda_architecture    = "arm64"
    lambda_memory_size     = 128
    lambda_timeout_seconds = 10
    log_level              = "DEBUG"
  }
}

run "accepts_the_upper_bounds" {
  command = plan

  variables {
    lambda_architecture    = "x86_64"
    lambda_memory_size     = 10240
    lambda_timeout_seconds = 900
    log_level              = "CRITICAL"
  }
}

# --- Rules -----------------------------------------------------------------------------------------------------------

run "refuses_rules_that_are_neither_list_nor_text" {
  command = plan

  variables {
    events_to_track = { name = "CreateUser" }
    ignore_rules    = { expression = "eventName == 'CreateUser'" }
    rules           = 5
  }

  expect_failures = [var.events_to_track, var.ignore_rules, var.rules]
}

run "refuses_a_number_among_the_rules" {
  command = plan

  variables {
    events_to_track = [1]
    ignore_rules    = ["eventName == 'CreateUser'", 1]
    rules           = ["eventName == 'CreateUser'", 1]
  }

  expect_failures = [var.events_to_track, var.ignore_rules, var.rules]
}

run "refuses_a_null_among_the_rules" {
  command = plan

  variables {
    events_to_track = ["CreateUser", null]
    ignore_rules    = ["eventName == 'CreateUser'", null]
    rules           = ["eventName == 'CreateUser'", null]
  }

  expect_failures = [var.events_to_track, var.ignore_rules, var.rules]
}

run "refuses_a_list_among_the_rules" {
  command = plan

  variables {
    events_to_track = [["CreateUser"]]
    ignore_rules    = [["eventName == 'CreateUser'"]]
    rules           = [["eventName == 'CreateUser'"]]
  }

  expect_failures = [var.events_to_track, var.ignore_rules, var.rules]
}

run "refuses_objects_without_an_expression" {
  command = plan

  variables {
    events_to_track = [{ expression = "CreateUser" }]
    ignore_rules    = [{ id = "no-expression" }]
    rules           = [{ expression = null, id = "no-expression" }]
  }

  expect_failures = [var.events_to_track, var.ignore_rules, var.rules]
}

run "refuses_attributes_that_rules_do_not_have" {
  command = plan

  variables {
    ignore_rules = [{ expression = "eventName == 'CreateUser'", severity = "low" }]
    rules        = [{ expression = "eventName == 'CreateUser'", priority = "low" }]
  }

  expect_failures = [var.ignore_rules, var.rules]
}

run "refuses_a_severity_that_is_none" {
  command = plan

  variables {
    rules = ["eventName == 'CreateUser'", { expression = "eventName == 'DeleteUser'", severity = "urgent" }]
  }

  expect_failures = [var.rules]
}

run "accepts_each_severity_and_none" {
  command = plan

  variables {
    rules = concat(
      [for severity in ["critical", "high", "medium", "low", "info"] : { expression = "eventName == 'CreateUser'", severity = severity }],
      [{ expression = "eventName == 'CreateUser'", severity = null }, { expression = "eventName == 'CreateUser'" }],
    )
  }
}

run "refuses_a_list_item_that_is_no_event_name" {
  command = plan

  variables {
    events_to_track = ["CreateUser", "Create User"]
  }

  expect_failures = [var.events_to_track]
}

run "refuses_a_text_part_that_is_no_event_name" {
  command = plan

  variables {
    events_to_track = "CreateUser, DeleteUser; DeleteRole"
  }

  expect_failures = [var.events_to_track]
}

run "refuses_an_empty_separator" {
  command = plan

  variables {
    rules_separator = ""
  }

  expect_failures = [var.rules_separator]
}

run "refuses_to_alert_about_nothing" {
  command = plan

  variables {
    use_default_rules = false
  }

  expect_failures = [var.use_default_rules]
}

run "refuses_to_alert_about_empty_texts" {
  command = plan

  variables {
    events_to_track   = " , "
    rules             = ["", " "]
    use_default_rules = false
  }

  expect_failures = [var.use_default_rules]
}

run "accepts_rules_alone" {
  command = plan

  variables {
    rules             = "eventName == 'CreateUser'"
    use_default_rules = false
  }
}

run "accepts_events_to_track_alone" {
  command = plan

  variables {
    events_to_track   = ["CreateUser"]
    use_default_rules = false
  }
}

# --- Where the logs are ----------------------------------------------------------------------------------------------

run "refuses_a_fanout_without_any_topic" {
  command = plan

  variables {
    create_s3_sns_fanout_topic = false
    enable_s3_sns_fanout       = true
  }

  expect_failures = [var.s3_sns_fanout_topic_arn]
}

run "accepts_no_fanout_and_no_topic" {
  command = plan

  variables {
    create_s3_sns_fanout_topic = false
    enable_s3_sns_fanout       = false
  }
}

# --- Whom to tell ----------------------------------------------------------------------------------------------------

run "refuses_no_hook_hosts" {
  command = plan

  variables {
    allowed_hook_hosts = []
  }

  expect_failures = [var.allowed_hook_hosts]
}

run "refuses_a_hook_host_with_a_scheme" {
  command = plan

  variables {
    allowed_hook_hosts = ["hooks.slack.com", "https://hooks.example.org"]
  }

  expect_failures = [var.allowed_hook_hosts]
}

run "accepts_hooks_at_a_host_that_was_added" {
  command = plan

  variables {
    allowed_hook_hosts               = ["hooks.example.org"]
    configuration                    = [{ accounts = ["222222222222"], slack_hook_url = "https://hooks.example.org:443/confidential" }]
    default_slack_hook_ssm_parameter = null
    default_slack_hook_url           = "https://hooks.example.org/confidential"
  }
}

run "refuses_hooks_at_other_hosts" {
  command = plan

  variables {
    configuration                    = [{ accounts = ["222222222222"], slack_hook_url = "https://hooks.example.org/confidential" }]
    default_slack_hook_ssm_parameter = null
    default_slack_hook_url           = "https://hooks.slack.com.example.org/confidential"
  }

  expect_failures = [var.configuration, var.default_slack_hook_url]
}

run "refuses_hooks_that_only_look_right" {
  command = plan

  variables {
    configuration                    = [{ accounts = ["222222222222"], slack_hook_url = "http://localhost.example.org/confidential" }]
    default_slack_hook_ssm_parameter = null
    default_slack_hook_url           = "https://hooks.slack.com@example.org/confidential"
  }

  expect_failures = [var.configuration, var.default_slack_hook_url]
}

run "refuses_hooks_over_plain_http" {
  command = plan

  variables {
    configuration                    = [{ accounts = ["222222222222"], slack_hook_url = "http://hooks.slack.com/services/T/B/confidential" }]
    default_slack_hook_ssm_parameter = null
    default_slack_hook_url           = "http://hooks.slack.com/services/T/B/confidential"
  }

  expect_failures = [var.configuration, var.default_slack_hook_url]
}

run "accepts_hooks_of_slack_and_of_loopback" {
  command = plan

  variables {
    configuration = [
      { accounts = ["222222222222"], slack_hook_url = "https://hooks.slack.com/services/T/B/confidential" },
      { accounts = ["333333333333"], slack_hook_url = "https://hooks.slack-gov.com/services/T/B/confidential" },
      { accounts = ["444444444444"], slack_hook_url = "http://127.0.0.1:8080" },
      { accounts = ["555555555555"], slack_hook_url = "http://[::1]:8080/confidential" },
    ]
    default_slack_hook_ssm_parameter = null
    default_slack_hook_url           = "http://localhost:8080/confidential"
  }
}

run "refuses_a_route_without_accounts" {
  command = plan

  variables {
    configuration = [{ accounts = [], slack_hook_ssm_parameter = "/hooks/team" }]
  }

  expect_failures = [var.configuration]
}

run "refuses_an_account_id_of_eleven_digits" {
  command = plan

  variables {
    configuration = [{ accounts = ["22222222222"], slack_hook_ssm_parameter = "/hooks/team" }]
  }

  expect_failures = [var.configuration]
}

run "refuses_an_account_in_two_routes" {
  command = plan

  variables {
    configuration = [
      { accounts = ["222222222222", "333333333333"], slack_hook_ssm_parameter = "/hooks/a" },
      { accounts = ["333333333333"], slack_hook_ssm_parameter = "/hooks/b" },
    ]
  }

  expect_failures = [var.configuration]
}

run "refuses_a_route_without_a_hook" {
  command = plan

  variables {
    configuration = [{ accounts = ["222222222222"] }]
  }

  expect_failures = [var.configuration]
}

run "refuses_a_route_with_two_hooks" {
  command = plan

  variables {
    configuration = [{
      accounts                 = ["222222222222"]
      slack_hook_ssm_parameter = "/hooks/team"
      slack_hook_url           = "https://hooks.slack.com/services/T/B/confidential"
    }]
  }

  expect_failures = [var.configuration]
}

run "refuses_two_default_hooks" {
  command = plan

  variables {
    default_slack_hook_url = "https://hooks.slack.com/services/T/B/confidential"
  }

  expect_failures = [var.default_slack_hook_url]
}

run "refuses_no_default_destination" {
  command = plan

  variables {
    configuration                    = [{ accounts = ["222222222222"], slack_hook_ssm_parameter = "/hooks/team" }]
    default_slack_hook_ssm_parameter = null
  }

  expect_failures = [var.default_slack_hook_url]
}

run "accepts_a_topic_as_the_only_default_destination" {
  command = plan

  variables {
    default_slack_hook_ssm_parameter = null
    default_sns_topic_arn            = "arn:aws:sns:eu-central-1:123456789012:alerts"
  }
}

run "accepts_subscriptions_as_the_only_default_destination" {
  command = plan

  variables {
    aws_sns_topic_subscriptions      = { "soc@example.org" = "email" }
    default_slack_hook_ssm_parameter = null
  }
}

run "accepts_a_slack_app_as_the_only_default_destination" {
  command = plan

  variables {
    default_slack_channel_id         = "C0000000000"
    default_slack_hook_ssm_parameter = null
    slack_bot_token                  = "xoxb-confidential"
  }
}

run "refuses_a_token_that_is_none" {
  command = plan

  variables {
    default_slack_channel_id = "C0000000000"
    slack_bot_token          = "confidential"
  }

  expect_failures = [var.slack_bot_token]
}

run "refuses_a_token_without_a_default_channel" {
  command = plan

  variables {
    slack_app_configuration = [{ accounts = ["222222222222"], slack_channel_id = "C2222222222" }]
    slack_bot_token         = "xoxb-confidential"
  }

  expect_failures = [var.default_slack_channel_id]
}

run "refuses_a_default_channel_without_a_token" {
  command = plan

  variables {
    default_slack_channel_id = "C0000000000"
  }

  expect_failures = [var.default_slack_channel_id]
}

run "refuses_channels_without_a_token" {
  command = plan

  variables {
    slack_app_configuration = [{ accounts = ["222222222222"], slack_channel_id = "C2222222222" }]
  }

  expect_failures = [var.default_slack_channel_id]
}

# --- What only resources tell ----------------------------------------------------------------------------------------

run "refuses_a_configuration_that_does_not_fit_its_slots" {
  command = plan

  variables {
    rules = [for i in range(350) : "eventName == '${substr("${base64sha512("a${i}")}${base64sha512("b${i}")}${base64sha512("c${i}")}", 0, 200)}'"]
  }

  expect_failures = [aws_ssm_parameter.configuration]
}

run "refuses_a_configuration_that_the_new_version_refuses" {
  command = plan

  override_resource {
    target          = aws_lambda_invocation.self_check
    override_during = plan
    values = {
      result = "{\"ok\":false,\"problems\":[\"rules[0]: Token == (binaryOp) unexpected\"]}"
    }
  }

  expect_failures = [aws_lambda_invocation.self_check]
}

run "refuses_a_number_beside_an_event_name" {
  command = plan

  variables {
    events_to_track = ["CreateUser", 1]
  }

  expect_failures = [var.events_to_track]
}

run "refuses_to_alert_about_blank_lines" {
  command = plan

  variables {
    rules             = "\n"
    use_default_rules = false
  }

  expect_failures = [var.use_default_rules]
}
