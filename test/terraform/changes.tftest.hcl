# From one way of the log files to another: each run applies to what the runs before it left, with the provider mocked. None
# ends in a cycle, although the new way is made before the old one goes. That no log file is lost meanwhile,
# test/e2e/change-of-sources.test.ts shows.

mock_provider "aws" {
  source = "./test/terraform"
}

variables {
  cloudtrail_logs_s3_bucket_name   = "example-logs"
  default_slack_hook_ssm_parameter = "/hooks/default"
}

run "begins_with_the_function_itself" {
  command = apply
}

run "changes_from_the_function_to_a_queue" {
  command = apply

  variables {
    sources = { sqs = {} }
  }
}

run "changes_from_a_queue_to_a_topic" {
  command = apply

  variables {
    sources = { sns = {} }
  }
}

run "puts_a_queue_behind_the_topic" {
  command = apply

  variables {
    sources = { sns = {}, sqs = {} }
  }
}

run "changes_from_topic_and_queue_to_eventbridge" {
  command = apply

  variables {
    sources = { eventbridge = {} }
  }
}

run "changes_to_another_bus_with_a_queue_behind_it" {
  command = apply

  variables {
    sources = { sqs = {}, eventbridge = { bus_name = "trails" }, api_calls = {} }
  }
}

run "changes_from_eventbridge_and_queue_to_the_function" {
  command = apply
}

run "changes_from_the_function_to_a_topic_of_yours" {
  command = apply

  variables {
    sources = { sns = { create_topic = false, topic_arn = "arn:aws:sns:eu-central-1:123456789012:yours" } }
  }
}

run "changes_to_another_topic_of_yours_before_a_queue_of_yours" {
  command = apply

  variables {
    sources = {
      sns = { create_topic = false, topic_arn = "arn:aws:sns:eu-central-1:123456789012:others" }
      sqs = { create_queue = false, queue_arn = "arn:aws:sqs:eu-central-1:123456789012:yours" }
    }
  }
}

run "changes_all_names_and_from_what_is_yours_to_what_the_module_makes" {
  command = apply

  variables {
    function_name = "audit"
    sources       = { sns = {}, sqs = {}, api_calls = {} }
  }
}

run "changes_from_topic_and_queue_to_another_accounts_bucket" {
  command = apply

  variables {
    cloudtrail_logs_s3_bucket_name = "other-logs"
    create_bucket_notification     = false
    function_name                  = "audit"
    sources                        = { bucket_account_id = "222222222222" }
  }
}

run "ends_without_log_files" {
  command = apply

  variables {
    cloudtrail_logs_s3_bucket_name = null
    function_name                  = "audit"
    sources                        = { log_files = false, api_calls = {} }
  }
}
