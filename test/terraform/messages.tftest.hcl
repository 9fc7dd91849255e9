# How messages are worded: what of it the function reads.

mock_provider "aws" {
  source          = "./test/terraform"
  override_during = plan
}

variables {
  cloudtrail_logs_s3_bucket_name   = "example-logs"
  default_slack_hook_ssm_parameter = "/hooks/default"
}

run "names_the_account_of_the_log_files" {
  command = plan

  assert {
    condition = jsonencode(local.configuration_document.messages) == jsonencode({
      account_names                    = {}
      account_names_from_organizations = false
      identity_center_role_name        = null
      identity_center_start_url        = null
      log_account_id                   = "123456789012"
      runbooks                         = {}
      time_zone                        = "UTC"
    })
    error_message = jsonencode(local.configuration_document.messages)
  }

  assert {
    condition     = !strcontains(aws_iam_role_policy.function.policy, "organizations:")
    error_message = "AWS Organizations may be asked although nobody wants its names."
  }
}

run "hands_on_how_messages_are_worded" {
  command = plan

  variables {
    create_bucket_notification = false
    sources                    = { bucket_account_id = "222222222222" }
    messages = {
      account_names                    = { "111111111111" = "prod-payments" }
      account_names_from_organizations = true
      time_zone                        = "Europe/Berlin"
      identity_center_start_url        = "https://example.awsapps.com/start"
      identity_center_role_name        = "ReadOnlyAccess"
      runbooks                         = { trail-stopped = "https://wiki.example.com/trail-stopped" }
    }
  }

  assert {
    condition = jsonencode(local.configuration_document.messages) == jsonencode({
      account_names                    = { "111111111111" = "prod-payments" }
      account_names_from_organizations = true
      identity_center_role_name        = "ReadOnlyAccess"
      identity_center_start_url        = "https://example.awsapps.com/start"
      log_account_id                   = "222222222222"
      runbooks                         = { trail-stopped = "https://wiki.example.com/trail-stopped" }
      time_zone                        = "Europe/Berlin"
    })
    error_message = jsonencode(local.configuration_document.messages)
  }
  assert {
    condition = [for statement in jsondecode(aws_iam_role_policy.function.policy).Statement : statement if statement.Sid == "NameAccounts"] == [
      { Sid = "NameAccounts", Effect = "Allow", Action = ["organizations:ListAccounts"], Resource = ["*"] },
    ]
    error_message = aws_iam_role_policy.function.policy
  }
}

run "counts_repeats_for_a_quarter_of_an_hour" {
  command = plan

  assert {
    condition = jsonencode(local.configuration_document.grouping) == jsonencode({
      retry_queue_arn = "arn:aws:sqs:eu-central-1:123456789012:cloudtrail-to-slack-retry"
      window_minutes  = 15
    })
    error_message = jsonencode(local.configuration_document.grouping)
  }
}

run "counts_repeats_as_long_as_is_said" {
  command = plan

  variables {
    grouping = { window_minutes = 60 }
  }

  assert {
    condition     = local.configuration_document.grouping.window_minutes == 60
    error_message = jsonencode(local.configuration_document.grouping)
  }
}

run "counts_repeats_as_long_as_the_older_module_was_told" {
  command = plan

  variables {
    grouping              = { window_minutes = 60 }
    dynamodb_time_to_live = 90
  }

  assert {
    condition     = local.configuration_document.grouping.window_minutes == 2
    error_message = jsonencode(local.configuration_document.grouping)
  }
}

run "counts_nothing_without_a_ledger" {
  command = plan

  variables {
    ledger = { enabled = false }
  }

  assert {
    condition     = local.configuration_document.grouping.window_minutes == 0
    error_message = jsonencode(local.configuration_document.grouping)
  }
}
