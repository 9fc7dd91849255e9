# What watches the function itself. That the dashboard is one, and charts what the function counts,
# terraform-test.test.ts looks at in all plans.

mock_provider "aws" {
  source          = "./test/terraform"
  override_during = plan
}

variables {
  cloudtrail_logs_s3_bucket_name   = "example-logs"
  default_slack_hook_ssm_parameter = "/hooks/default"
}

run "alarms_about_each_silent_failure" {
  command = plan

  variables {
    alarm_actions = ["arn:aws:sns:eu-central-1:123456789012:operations"]
    sources       = { sqs = {} }
  }

  assert {
    condition = jsonencode({
      for name, a in aws_cloudwatch_metric_alarm.health : name => [
        a.namespace, a.metric_name, a.dimensions, a.statistic, a.period, "${a.datapoints_to_alarm} of ${a.evaluation_periods}",
        a.comparison_operator, a.threshold, a.treat_missing_data,
      ] if length(a.metric_query) == 0
      }) == jsonencode({
      altered-files      = ["CloudTrailToSlack", "AlteredFiles", { FunctionName = "cloudtrail-to-slack" }, "Sum", 300, "1 of 1", "GreaterThanOrEqualToThreshold", 1, "notBreaching"]
      dead-destinations  = ["CloudTrailToSlack", "DeadDestinations", { FunctionName = "cloudtrail-to-slack" }, "Sum", 300, "1 of 1", "GreaterThanOrEqualToThreshold", 1, "notBreaching"]
      dead-letter-errors = ["AWS/Lambda", "DeadLetterErrors", { FunctionName = "cloudtrail-to-slack" }, "Sum", 300, "1 of 1", "GreaterThanOrEqualToThreshold", 1, "notBreaching"]
      function-errors    = ["AWS/Lambda", "Errors", { FunctionName = "cloudtrail-to-slack" }, "Sum", 300, "3 of 12", "GreaterThanOrEqualToThreshold", 1, "notBreaching"]
      identities-broken  = ["CloudTrailToSlack", "IdentitiesBroken", { FunctionName = "cloudtrail-to-slack" }, "Sum", 300, "1 of 1", "GreaterThanOrEqualToThreshold", 1, "notBreaching"]
      ledger-errors      = ["CloudTrailToSlack", "LedgerErrors", { FunctionName = "cloudtrail-to-slack" }, "Sum", 300, "3 of 12", "GreaterThanOrEqualToThreshold", 1, "notBreaching"]
      messages-failing   = ["CloudTrailToSlack", "MessagesFailed", { FunctionName = "cloudtrail-to-slack" }, "Sum", 300, "3 of 12", "GreaterThanOrEqualToThreshold", 1, "notBreaching"]
      missing-files      = ["CloudTrailToSlack", "MissingFiles", { FunctionName = "cloudtrail-to-slack" }, "Sum", 3600, "3 of 6", "GreaterThanOrEqualToThreshold", 1, "notBreaching"]
      nothing-received   = ["CloudTrailToSlack", "FromCloudTrail", { FunctionName = "cloudtrail-to-slack" }, "Sum", 3600, "12 of 12", "LessThanThreshold", 1, "breaching"]
      retry-age          = ["AWS/SQS", "ApproximateAgeOfOldestMessage", { QueueName = "cloudtrail-to-slack-retry" }, "Maximum", 300, "1 of 1", "GreaterThanThreshold", 3600, "notBreaching"]
      source-age         = ["AWS/SQS", "ApproximateAgeOfOldestMessage", { QueueName = "cloudtrail-to-slack-source" }, "Maximum", 300, "1 of 1", "GreaterThanThreshold", 3600, "notBreaching"]
      throttles          = ["AWS/Lambda", "Throttles", { FunctionName = "cloudtrail-to-slack" }, "Sum", 300, "3 of 12", "GreaterThanOrEqualToThreshold", 1, "notBreaching"]
    })
    error_message = jsonencode(aws_cloudwatch_metric_alarm.health)
  }

  assert {
    condition = jsonencode({
      for name, a in aws_cloudwatch_metric_alarm.health : name => {
        queries = {
          for q in a.metric_query : q.id => q.expression != null ? q.expression : join(" ", concat(
            [for m in q.metric : "${m.namespace} ${m.metric_name} ${m.stat} ${m.period}"],
            flatten([for m in q.metric : [for key, value in m.dimensions : "${key}=${value}"]]),
          ))
        }
        breach = ["${a.datapoints_to_alarm} of ${a.evaluation_periods}", a.comparison_operator, a.threshold, a.treat_missing_data]
        result = [for q in a.metric_query : q.id if q.return_data == true]
      } if length(a.metric_query) > 0
      }) == jsonencode({
      dead-letters = {
        queries = {
          held0    = "AWS/SQS ApproximateNumberOfMessagesNotVisible Maximum 60 QueueName=cloudtrail-to-slack-dead-letters"
          resting0 = "AWS/SQS ApproximateNumberOfMessagesVisible Maximum 60 QueueName=cloudtrail-to-slack-dead-letters"
          result   = "DIFF(FILL(FILL(held0, REPEAT), 0) + FILL(FILL(resting0, REPEAT), 0))"
        }
        breach = ["1 of 15", "GreaterThanOrEqualToThreshold", 1, "notBreaching"]
        result = ["result"]
      }
      dead-letters-expire = {
        queries = {
          age0   = "AWS/SQS ApproximateAgeOfOldestMessage Maximum 3600 QueueName=cloudtrail-to-slack-dead-letters"
          result = "FILL(age0, 0)"
        }
        breach = ["1 of 1", "GreaterThanThreshold", 864000, "notBreaching"]
        result = ["result"]
      }
      dropped-events = {
        queries = {
          dropped = "AWS/Lambda AsyncEventsDropped Sum 300 FunctionName=cloudtrail-to-slack"
          kept    = "AWS/SQS NumberOfMessagesSent Sum 300 QueueName=cloudtrail-to-slack-retry"
          result  = "dropped - FILL(kept, 0) + FILL(wakes, 0)"
          wakes   = "CloudTrailToSlack WakesAsked Sum 300 FunctionName=cloudtrail-to-slack"
        }
        breach = ["3 of 12", "GreaterThanOrEqualToThreshold", 1, "notBreaching"]
        result = ["result"]
      }
    })
    error_message = jsonencode(aws_cloudwatch_metric_alarm.health)
  }

  assert {
    # Each calls the action; of those whose silence means nothing, nobody is told that all is well.
    condition = jsonencode({
      actions = distinct([for a in aws_cloudwatch_metric_alarm.health : a.alarm_actions])
      silent  = [for name, a in aws_cloudwatch_metric_alarm.health : name if length(coalesce(a.ok_actions, [])) == 0]
      ok      = distinct(flatten([for a in aws_cloudwatch_metric_alarm.health : coalesce(a.ok_actions, [])]))
      names   = distinct([for name, a in aws_cloudwatch_metric_alarm.health : a.alarm_name == "cloudtrail-to-slack-${name}"])
      # CloudWatch looks back a day at most.
      seconds      = max([for a in local.made_health_alarms : a.period * a.periods]...) <= 86400
      descriptions = length(distinct([for a in aws_cloudwatch_metric_alarm.health : a.alarm_description])) == length(aws_cloudwatch_metric_alarm.health)
      }) == jsonencode({
      actions      = [["arn:aws:sns:eu-central-1:123456789012:operations"]]
      silent       = ["altered-files", "dead-destinations", "dead-letter-errors", "dead-letters", "dropped-events", "identities-broken"]
      ok           = ["arn:aws:sns:eu-central-1:123456789012:operations"]
      names        = [true]
      seconds      = true
      descriptions = true
    })
    error_message = jsonencode(aws_cloudwatch_metric_alarm.health)
  }
}

run "calls_nobody_by_default" {
  command = plan

  assert {
    condition = jsonencode({
      actions = distinct(flatten([for a in aws_cloudwatch_metric_alarm.health : [coalesce(a.alarm_actions, []), coalesce(a.ok_actions, [])]]))
      # There is no queue of which it could be the age.
      source = contains(keys(aws_cloudwatch_metric_alarm.health), "source-age")
      count  = length(aws_cloudwatch_metric_alarm.health)
    }) == jsonencode({ actions = [], source = false, count = 14 })
    error_message = jsonencode(aws_cloudwatch_metric_alarm.health)
  }

  assert {
    condition     = jsonencode([aws_cloudwatch_dashboard.this[*].dashboard_name, output.dashboard_name]) == jsonencode([["cloudtrail-to-slack"], "cloudtrail-to-slack"])
    error_message = jsonencode(aws_cloudwatch_dashboard.this)
  }
}

run "asks_for_digest_files_where_they_are_reconciled" {
  command = plan

  variables {
    reconcile = {}
  }

  assert {
    condition = jsonencode([
      for name, a in aws_cloudwatch_metric_alarm.health : [
        a.namespace, a.metric_name, a.dimensions, a.statistic, a.period, "${a.datapoints_to_alarm} of ${a.evaluation_periods}",
        a.comparison_operator, a.threshold, a.treat_missing_data,
      ] if name == "digests-not-found"
      ]) == jsonencode([[
        "CloudTrailToSlack", "DigestsNotFound", { FunctionName = "cloudtrail-to-slack" }, "Sum", 3600, "3 of 6",
        "GreaterThanOrEqualToThreshold", 1, "notBreaching",
    ]])
    error_message = jsonencode(aws_cloudwatch_metric_alarm.health)
  }
}

run "watches_both_queues_where_letters_may_rest" {
  command = plan

  variables {
    dead_letter_target_arn = "arn:aws:sqs:eu-central-1:123456789012:yours"
  }

  assert {
    condition = jsonencode({
      for name, a in aws_cloudwatch_metric_alarm.health : name => {
        result  = [for q in a.metric_query : q.expression if q.return_data == true]
        watched = { for q in a.metric_query : q.id => [for m in q.metric : "${m.metric_name} ${m.dimensions.QueueName}"] if q.expression == null }
        redrive = regexall("--queue [^ ]+", a.alarm_description)
      } if startswith(name, "dead-letters")
      }) == jsonencode({
      dead-letters = {
        result = ["DIFF(FILL(FILL(held0, REPEAT), 0) + FILL(FILL(held1, REPEAT), 0) + FILL(FILL(resting0, REPEAT), 0) + FILL(FILL(resting1, REPEAT), 0))"]
        watched = {
          held0    = ["ApproximateNumberOfMessagesNotVisible yours"]
          held1    = ["ApproximateNumberOfMessagesNotVisible cloudtrail-to-slack-dead-letters"]
          resting0 = ["ApproximateNumberOfMessagesVisible yours"]
          resting1 = ["ApproximateNumberOfMessagesVisible cloudtrail-to-slack-dead-letters"]
        }
        redrive = ["--queue yours", "--queue cloudtrail-to-slack-dead-letters"]
      }
      dead-letters-expire = {
        result = ["MAX([FILL(age0, 0), FILL(age1, 0)])"]
        watched = {
          age0 = ["ApproximateAgeOfOldestMessage yours"]
          age1 = ["ApproximateAgeOfOldestMessage cloudtrail-to-slack-dead-letters"]
        }
        redrive = ["--queue yours", "--queue cloudtrail-to-slack-dead-letters"]
      }
    })
    error_message = jsonencode(aws_cloudwatch_metric_alarm.health)
  }

  assert {
    # The depth, which no alarm tells.
    condition = alltrue([
      for name in ["yours", "cloudtrail-to-slack-dead-letters", "cloudtrail-to-slack-retry"] :
      strcontains(aws_cloudwatch_dashboard.this[0].dashboard_body, "[\"AWS/SQS\",\"ApproximateNumberOfMessagesVisible\",\"QueueName\",\"${name}\",")
    ])
    error_message = aws_cloudwatch_dashboard.this[0].dashboard_body
  }
}

run "reminds_of_letters_before_long_attempts_let_them_expire" {
  command = plan

  variables {
    lambda_timeout_seconds = 200
    retry                  = { max_attempts = 10 }
    sources                = { sqs = { max_receive_count = 720 } }
  }

  # 720 attempts, each of which may take twenty minutes, leave four days.
  assert {
    condition = jsonencode([
      for name in ["dead-letters-expire"] : [
        aws_cloudwatch_metric_alarm.health[name].threshold,
        startswith(aws_cloudwatch_metric_alarm.health[name].alarm_description, "A dead letter has rested for 3 days,"),
      ]
    ]) == jsonencode([[259200, true]])
    error_message = jsonencode(aws_cloudwatch_metric_alarm.health)
  }
}

run "takes_no_name_of_an_alarm_that_a_condition_makes" {
  command = plan

  variables {
    sources = {
      alarms = {
        log_group_name = "trail"
        conditions = {
          bucket_policy_changes      = {}
          cloudtrail_changes         = {}
          config_changes             = {}
          failed_sign_ins            = {}
          iam_policy_changes         = {}
          kms_key_removals           = {}
          network_acl_changes        = {}
          network_gateway_changes    = {}
          organizations_changes      = {}
          refused_calls              = {}
          root_use                   = {}
          route_table_changes        = {}
          security_group_changes     = {}
          sign_in_from_other_address = { allowed_addresses = ["198.51.100.7"] }
          sign_in_without_mfa        = {}
          vpc_changes                = {}
        }
      }
    }
  }

  assert {
    condition = length(distinct([
      for a in concat(values(aws_cloudwatch_metric_alarm.this), values(aws_cloudwatch_metric_alarm.health)) : a.alarm_name
    ])) == 16 + length(aws_cloudwatch_metric_alarm.health)
    error_message = "Two alarms have one name."
  }
}

run "watches_for_silence_as_long_as_you_say" {
  command = plan

  variables {
    monitoring = { quiet_hours = 24 }
  }

  assert {
    condition     = [for name in ["nothing-received"] : aws_cloudwatch_metric_alarm.health[name].evaluation_periods] == [24]
    error_message = jsonencode(aws_cloudwatch_metric_alarm.health)
  }
}

run "takes_silence_for_nothing_when_you_say_so" {
  command = plan

  variables {
    monitoring = { dashboard = null, quiet_hours = 0 }
  }

  assert {
    condition     = !contains(keys(aws_cloudwatch_metric_alarm.health), "nothing-received") && length(aws_cloudwatch_metric_alarm.health) == 13
    error_message = jsonencode(keys(aws_cloudwatch_metric_alarm.health))
  }
}

run "takes_silence_for_nothing_where_only_alarms_come" {
  command = plan

  variables {
    cloudtrail_logs_s3_bucket_name = null
    sources                        = { log_files = false, alarms = { topic_arns = { platform = "arn:aws:sns:eu-central-1:123456789012:platform" } } }
  }

  assert {
    condition     = [for name in keys(aws_cloudwatch_metric_alarm.health) : name if contains(["altered-files", "missing-files", "nothing-received"], name)] == []
    error_message = jsonencode(keys(aws_cloudwatch_metric_alarm.health))
  }
}

run "watches_nothing_when_both_are_off" {
  command = plan

  variables {
    monitoring = { alarms = false, dashboard = false }
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.health) + length(aws_cloudwatch_dashboard.this) == 0 && output.dashboard_name == null
    error_message = jsonencode(keys(aws_cloudwatch_metric_alarm.health))
  }
}

run "draws_without_alarms_and_without_refused_calls" {
  command = plan

  variables {
    monitoring                            = { alarms = false }
    push_access_denied_cloudwatch_metrics = false
  }

  assert {
    condition = jsonencode([
      for w in jsondecode(aws_cloudwatch_dashboard.this[0].dashboard_body).widgets : w.type if w.type != "metric"
    ]) == jsonencode(["text", "log"]) && !strcontains(aws_cloudwatch_dashboard.this[0].dashboard_body, "AccessDenied")
    error_message = aws_cloudwatch_dashboard.this[0].dashboard_body
  }
}
