# Records out of the trail's log group, and CloudWatch alarms: those that the module makes, and those of yours.

mock_provider "aws" {
  source          = "./test/terraform"
  override_during = plan
}

override_resource {
  target          = aws_sns_topic.alarms
  override_during = plan
  values          = { arn = "arn:aws:sns:eu-central-1:123456789012:made-alarms-topic" }
}

variables {
  cloudtrail_logs_s3_bucket_name   = "example-logs"
  default_slack_hook_ssm_parameter = "/hooks/default"
}

# --- Log group -------------------------------------------------------------------------------------------------------

run "reads_the_whole_log_group_of_the_trail" {
  command = plan

  variables {
    cloudtrail_logs_s3_bucket_name = null
    sources                        = { log_files = false, cloudwatch_logs = { log_group_name = "trail/management", filter_pattern = null } }
  }

  assert {
    condition = jsonencode({
      filters = [for f in aws_cloudwatch_log_subscription_filter.this : [f.name, f.log_group_name, f.filter_pattern, f.destination_arn]]
      callers = [for p in aws_lambda_permission.log_group : [p.statement_id, p.action, p.function_name, p.qualifier, p.principal, p.source_arn, p.source_account]]
      }) == jsonencode({
      filters = [["cloudtrail-to-slack", "trail/management", "", "arn:aws:lambda:eu-central-1:123456789012:function:cloudtrail-to-slack:live"]]
      callers = [[
        "AllowLogGroup", "lambda:InvokeFunction", "cloudtrail-to-slack", "live", "logs.amazonaws.com",
        "arn:aws:logs:eu-central-1:123456789012:log-group:trail/management:*", "123456789012",
      ]]
    })
    error_message = jsonencode([aws_cloudwatch_log_subscription_filter.this, aws_lambda_permission.log_group])
  }
}

run "reads_what_your_pattern_finds_in_the_log_group" {
  command = plan

  variables {
    sources = { cloudwatch_logs = { log_group_name = "trail", filter_pattern = "{ $.eventName = \"ConsoleLogin\" }" } }
  }

  assert {
    condition     = jsonencode(aws_cloudwatch_log_subscription_filter.this[*].filter_pattern) == jsonencode(["{ $.eventName = \"ConsoleLogin\" }"])
    error_message = jsonencode(aws_cloudwatch_log_subscription_filter.this)
  }
}

run "refuses_the_log_group_of_the_function_itself" {
  command = plan

  variables {
    function_name = "audit"
    sources       = { cloudwatch_logs = { log_group_name = "/aws/lambda/audit" } }
  }

  expect_failures = [aws_cloudwatch_log_subscription_filter.this]
}

run "reads_the_log_group_of_another_function" {
  command = plan

  variables {
    function_name = "audit"
    sources       = { cloudwatch_logs = { log_group_name = "/aws/lambda/audit-2" } }
  }
}

# --- Alarms that the module makes ------------------------------------------------------------------------------------

run "makes_filter_alarm_topic_and_subscription_for_conditions" {
  command = plan

  variables {
    sources = {
      alarms = {
        topic_arns     = null
        log_group_name = "trail"
        conditions = {
          refused_calls = { threshold = 5, period_seconds = 3600 }
          root_use      = { threshold = null, period_seconds = null, allowed_addresses = null }
        }
      }
    }
  }

  assert {
    condition = jsonencode({
      for key, f in aws_cloudwatch_log_metric_filter.this :
      key => [f.name, f.log_group_name, [for m in f.metric_transformation : [m.namespace, m.name, m.value]]]
      }) == jsonencode({
      refused_calls = ["cloudtrail-to-slack-refused_calls", "trail", [["CloudTrailToSlack/Alarms", "cloudtrail-to-slack-refused_calls", "1"]]]
      root_use      = ["cloudtrail-to-slack-root_use", "trail", [["CloudTrailToSlack/Alarms", "cloudtrail-to-slack-root_use", "1"]]]
    })
    error_message = jsonencode(aws_cloudwatch_log_metric_filter.this)
  }

  assert {
    condition = jsonencode({
      for key, a in aws_cloudwatch_metric_alarm.this : key => {
        name        = a.alarm_name
        description = a.alarm_description
        metric      = [a.namespace, a.metric_name, a.statistic, a.period, a.evaluation_periods]
        breach      = [a.comparison_operator, a.threshold, a.treat_missing_data]
        actions     = a.alarm_actions
      }
      }) == jsonencode({
      refused_calls = {
        name        = "cloudtrail-to-slack-refused_calls"
        description = "Calls were refused for lack of permission"
        metric      = ["CloudTrailToSlack/Alarms", "cloudtrail-to-slack-refused_calls", "Sum", 3600, 1]
        breach      = ["GreaterThanOrEqualToThreshold", 5, "notBreaching"]
        actions     = ["arn:aws:sns:eu-central-1:123456789012:made-alarms-topic"]
      }
      root_use = {
        name        = "cloudtrail-to-slack-root_use"
        description = "The root user was used"
        metric      = ["CloudTrailToSlack/Alarms", "cloudtrail-to-slack-root_use", "Sum", 300, 1]
        breach      = ["GreaterThanOrEqualToThreshold", 1, "notBreaching"]
        actions     = ["arn:aws:sns:eu-central-1:123456789012:made-alarms-topic"]
      }
    })
    error_message = jsonencode(aws_cloudwatch_metric_alarm.this)
  }

  assert {
    condition = jsonencode([aws_sns_topic.alarms[*].name, [for p in aws_sns_topic_policy.alarms : [p.arn, jsondecode(p.policy)]]]) == jsonencode([
      ["cloudtrail-to-slack-alarms"],
      [["arn:aws:sns:eu-central-1:123456789012:made-alarms-topic", {
        Version = "2012-10-17"
        Statement = [{
          Sid       = "PublishByAlarms"
          Effect    = "Allow"
          Action    = "sns:Publish"
          Principal = { Service = "cloudwatch.amazonaws.com" }
          Resource  = "arn:aws:sns:eu-central-1:123456789012:made-alarms-topic"
          Condition = {
            ArnLike      = { "aws:SourceArn" = "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:cloudtrail-to-slack-*" }
            StringEquals = { "aws:SourceAccount" = "123456789012" }
          }
        }]
      }]],
    ])
    error_message = jsonencode([aws_sns_topic.alarms, aws_sns_topic_policy.alarms])
  }

  assert {
    condition = jsonencode({
      subscribed = { for key, s in aws_sns_topic_subscription.alarms : key => [s.topic_arn, s.protocol, s.endpoint] }
      callers = {
        for key, p in aws_lambda_permission.alarms :
        key => [p.statement_id, p.action, p.function_name, p.qualifier, p.principal, p.source_arn, p.source_account]
      }
      output = output.alarms_topic_arn
      }) == jsonencode({
      subscribed = {
        module = ["arn:aws:sns:eu-central-1:123456789012:made-alarms-topic", "lambda", "arn:aws:lambda:eu-central-1:123456789012:function:cloudtrail-to-slack:live"]
      }
      callers = {
        module = [
          "AllowAlarmTopic-module", "lambda:InvokeFunction", "cloudtrail-to-slack", "live", "sns.amazonaws.com",
          "arn:aws:sns:eu-central-1:123456789012:made-alarms-topic", null,
        ]
      }
      output = "arn:aws:sns:eu-central-1:123456789012:made-alarms-topic"
    })
    error_message = jsonencode([aws_sns_topic_subscription.alarms, aws_lambda_permission.alarms])
  }
}

run "looks_for_each_condition_with_a_pattern_of_its_own_that_cloudwatch_takes" {
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
          sign_in_from_other_address = { allowed_addresses = ["198.51.100.7", "203.0.*", "2001:db8::1"] }
          sign_in_without_mfa        = {}
          vpc_changes                = {}
        }
      }
    }
  }

  assert {
    condition = jsonencode({
      for key in ["cloudtrail_changes", "failed_sign_ins", "kms_key_removals", "refused_calls", "root_use", "sign_in_from_other_address", "sign_in_without_mfa"] :
      key => aws_cloudwatch_log_metric_filter.this[key].pattern
      }) == jsonencode({
      cloudtrail_changes         = "{ ($.eventSource = \"cloudtrail.amazonaws.com\") && (($.eventName = \"CreateTrail\") || ($.eventName = \"UpdateTrail\") || ($.eventName = \"DeleteTrail\") || ($.eventName = \"StartLogging\") || ($.eventName = \"StopLogging\")) }"
      failed_sign_ins            = "{ ($.eventName = \"ConsoleLogin\") && ($.errorMessage = \"Failed authentication\") }"
      kms_key_removals           = "{ ($.eventSource = \"kms.amazonaws.com\") && (($.eventName = \"DisableKey\") || ($.eventName = \"ScheduleKeyDeletion\")) }"
      refused_calls              = "{ (($.errorCode = \"*UnauthorizedOperation\") || ($.errorCode = \"AccessDenied*\")) && ($.sourceIPAddress != \"delivery.logs.amazonaws.com\") && ($.eventName != \"HeadBucket\") }"
      root_use                   = "{ ($.userIdentity.type = \"Root\") && ($.userIdentity.invokedBy NOT EXISTS) && ($.eventType != \"AwsServiceEvent\") }"
      sign_in_from_other_address = "{ ($.eventName = \"ConsoleLogin\") && ($.responseElements.ConsoleLogin = \"Success\") && ($.sourceIPAddress != \"198.51.100.7\") && ($.sourceIPAddress != \"203.0.*\") && ($.sourceIPAddress != \"2001:db8::1\") }"
      sign_in_without_mfa        = "{ ($.eventName = \"ConsoleLogin\") && ($.additionalEventData.MFAUsed != \"Yes\") && ($.userIdentity.type = \"IAMUser\") && ($.responseElements.ConsoleLogin = \"Success\") }"
    })
    error_message = jsonencode({ for key, f in aws_cloudwatch_log_metric_filter.this : key => f.pattern })
  }

  assert {
    condition = jsonencode({
      conditions   = length(aws_cloudwatch_log_metric_filter.this)
      patterns     = length(distinct([for f in aws_cloudwatch_log_metric_filter.this : f.pattern]))
      descriptions = length(distinct([for a in aws_cloudwatch_metric_alarm.this : a.alarm_description]))
      too_long     = [for key, f in aws_cloudwatch_log_metric_filter.this : key if length(f.pattern) > 1024]
      unbalanced   = [for key, f in aws_cloudwatch_log_metric_filter.this : key if !can(regex("^\\{ [(].+[)] \\}$", f.pattern)) || length(split("(", f.pattern)) != length(split(")", f.pattern))]
    }) == jsonencode({ conditions = 16, patterns = 16, descriptions = 16, too_long = [], unbalanced = [] })
    error_message = jsonencode({ for key, f in aws_cloudwatch_log_metric_filter.this : key => f.pattern })
  }
}

# CloudWatch takes 1024 characters.

run "allows_as_many_addresses_as_a_filter_takes" {
  command = plan

  variables {
    sources = {
      alarms = {
        log_group_name = "trail"
        conditions = {
          sign_in_from_other_address = {
            allowed_addresses = concat([for i in range(21) : "198.51.100.${i + 100}"], ["192.0.2.1"])
          }
        }
      }
    }
  }

  assert {
    condition     = length(aws_cloudwatch_log_metric_filter.this["sign_in_from_other_address"].pattern) == 1024
    error_message = aws_cloudwatch_log_metric_filter.this["sign_in_from_other_address"].pattern
  }
}

run "refuses_more_addresses_than_a_filter_takes" {
  command = plan

  variables {
    sources = {
      alarms = {
        log_group_name = "trail"
        conditions = {
          sign_in_from_other_address = {
            allowed_addresses = concat([for i in range(21) : "198.51.100.${i + 100}"], ["192.0.2.10"])
          }
        }
      }
    }
  }

  expect_failures = [aws_cloudwatch_log_metric_filter.this]
}

# --- Alarms of yours -------------------------------------------------------------------------------------------------

run "listens_to_the_topics_of_your_alarms" {
  command = plan

  variables {
    cloudtrail_logs_s3_bucket_name = null
    sources = {
      log_files = false
      alarms = {
        conditions = null
        topic_arns = {
          security = "arn:aws:sns:eu-central-1:222222222222:security"
          platform = "arn:aws:sns:eu-central-1:123456789012:platform"
        }
      }
    }
  }

  assert {
    condition = jsonencode({
      subscribed = { for key, s in aws_sns_topic_subscription.alarms : key => [s.topic_arn, s.protocol, s.endpoint] }
      callers    = { for key, p in aws_lambda_permission.alarms : key => [p.statement_id, p.principal, p.source_arn, p.source_account] }
      output     = output.alarms_topic_arn
      }) == jsonencode({
      subscribed = {
        given-security = ["arn:aws:sns:eu-central-1:222222222222:security", "lambda", "arn:aws:lambda:eu-central-1:123456789012:function:cloudtrail-to-slack:live"]
        given-platform = ["arn:aws:sns:eu-central-1:123456789012:platform", "lambda", "arn:aws:lambda:eu-central-1:123456789012:function:cloudtrail-to-slack:live"]
      }
      callers = {
        given-security = ["AllowAlarmTopic-given-security", "sns.amazonaws.com", "arn:aws:sns:eu-central-1:222222222222:security", null]
        given-platform = ["AllowAlarmTopic-given-platform", "sns.amazonaws.com", "arn:aws:sns:eu-central-1:123456789012:platform", null]
      }
      output = null
    })
    error_message = jsonencode([aws_sns_topic_subscription.alarms, aws_lambda_permission.alarms])
  }
}

# As that of billing alarms, which are in us-east-1 only.

run "refuses_a_topic_of_your_alarms_in_another_region" {
  command = plan

  variables {
    sources = { alarms = { topic_arns = { billing = "arn:aws:sns:us-east-1:123456789012:billing" } } }
  }

  expect_failures = [aws_sns_topic_subscription.alarms]
}

run "listens_to_alarms_of_both_kinds" {
  command = plan

  variables {
    sources = {
      alarms = {
        log_group_name = "trail"
        conditions     = { root_use = {} }
        # The module's own topic has the key "module".
        topic_arns = { module = "arn:aws:sns:eu-central-1:123456789012:platform" }
      }
    }
  }

  assert {
    condition = jsonencode({
      alarms     = keys(aws_cloudwatch_metric_alarm.this)
      subscribed = { for key, s in aws_sns_topic_subscription.alarms : key => s.topic_arn }
      callers    = { for key, p in aws_lambda_permission.alarms : key => [p.statement_id, p.source_arn] }
      }) == jsonencode({
      alarms = ["root_use"]
      subscribed = {
        given-module = "arn:aws:sns:eu-central-1:123456789012:platform"
        module       = "arn:aws:sns:eu-central-1:123456789012:made-alarms-topic"
      }
      callers = {
        given-module = ["AllowAlarmTopic-given-module", "arn:aws:sns:eu-central-1:123456789012:platform"]
        module       = ["AllowAlarmTopic-module", "arn:aws:sns:eu-central-1:123456789012:made-alarms-topic"]
      }
    })
    error_message = jsonencode([aws_sns_topic_subscription.alarms, aws_lambda_permission.alarms])
  }
}
