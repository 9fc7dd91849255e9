# Events about objects of the bucket, and API calls as they are recorded.

mock_provider "aws" {
  source          = "./test/terraform"
  override_during = plan
}

override_resource {
  target          = aws_cloudwatch_event_rule.this["objects"]
  override_during = plan
  values          = { arn = "arn:aws:events:eu-central-1:123456789012:rule/objects" }
}

override_resource {
  target          = aws_cloudwatch_event_rule.this["api-calls"]
  override_during = plan
  values          = { arn = "arn:aws:events:eu-central-1:123456789012:rule/api-calls" }
}

variables {
  cloudtrail_logs_s3_bucket_name   = "example-logs"
  default_slack_hook_ssm_parameter = "/hooks/default"
}

# --- Objects of the bucket -------------------------------------------------------------------------------------------

run "is_told_about_log_files_by_eventbridge_and_by_nothing_else" {
  command = plan

  variables {
    sources = { eventbridge = { bus_name = null } }
  }

  assert {
    condition = jsonencode([
      for n in aws_s3_bucket_notification.this : [n.bucket, n.eventbridge, length(n.lambda_function), length(n.topic), length(n.queue)]
    ]) == jsonencode([["example-logs", true, 0, 0, 0]])
    error_message = jsonencode(aws_s3_bucket_notification.this)
  }

  assert {
    condition = jsonencode({
      for key, rule in aws_cloudwatch_event_rule.this : key => [rule.name, rule.event_bus_name, rule.state, jsondecode(rule.event_pattern)]
      }) == jsonencode({
      objects = ["cloudtrail-to-slack-objects", "default", "ENABLED", {
        source        = ["aws.s3"]
        "detail-type" = ["Object Created", "Object Deleted"]
        detail = {
          bucket = { name = ["example-logs"] }
          object = { key = [{ wildcard = "AWSLogs/*.json.gz" }] }
        }
      }]
    })
    error_message = jsonencode(aws_cloudwatch_event_rule.this)
  }

  assert {
    condition = jsonencode({
      targets = { for key, t in aws_cloudwatch_event_target.this : key => [t.rule, t.event_bus_name, t.target_id, t.arn] }
      callers = {
        for key, p in aws_lambda_permission.event_rule :
        key => [p.statement_id, p.action, p.function_name, p.qualifier, p.principal, p.source_arn, p.source_account]
      }
      }) == jsonencode({
      targets = {
        objects = ["cloudtrail-to-slack-objects", "default", "cloudtrail-to-slack", "arn:aws:lambda:eu-central-1:123456789012:function:cloudtrail-to-slack:live"]
      }
      callers = {
        objects = [
          "AllowRule-objects-37a8eec1", "lambda:InvokeFunction", "cloudtrail-to-slack", "live", "events.amazonaws.com",
          # EventBridge invokes nothing whose permission also asks for the account.
          "arn:aws:events:eu-central-1:123456789012:rule/objects", null,
        ]
      }
    })
    error_message = jsonencode([aws_cloudwatch_event_target.this, aws_lambda_permission.event_rule])
  }
}

run "is_told_about_the_whole_bucket_but_no_removals_over_a_bus_of_yours" {
  command = plan

  variables {
    s3_notification_filter_prefix  = ""
    s3_removed_object_notification = false
    sources                        = { eventbridge = { bus_name = "trails" } }
  }

  assert {
    condition = jsonencode({
      for key, rule in aws_cloudwatch_event_rule.this : key => [rule.event_bus_name, jsondecode(rule.event_pattern)]
      }) == jsonencode({
      objects = ["trails", {
        source        = ["aws.s3"]
        "detail-type" = ["Object Created"]
        detail = {
          bucket = { name = ["example-logs"] }
          object = { key = [{ wildcard = "*.json.gz" }] }
        }
      }]
    })
    error_message = jsonencode(aws_cloudwatch_event_rule.this)
  }

  assert {
    condition = jsonencode({
      targets = { for key, t in aws_cloudwatch_event_target.this : key => t.event_bus_name }
      # Another id than that of the default bus: while the rule moves, both permissions are there.
      callers = { for key, p in aws_lambda_permission.event_rule : key => p.statement_id }
    }) == jsonencode({ targets = { objects = "trails" }, callers = { objects = "AllowRule-objects-653e3731" } })
    error_message = jsonencode([aws_cloudwatch_event_target.this, aws_lambda_permission.event_rule])
  }
}

run "takes_the_prefix_by_the_letter" {
  command = plan

  variables {
    s3_notification_filter_prefix = "a*b\\c/*"
    sources                       = { eventbridge = {} }
  }

  # An asterisk or backslash that is meant stands behind a backslash.
  assert {
    condition     = jsonencode([for rule in aws_cloudwatch_event_rule.this : jsondecode(rule.event_pattern).detail.object.key]) == jsonencode([[{ wildcard = "a\\*b\\\\c/\\**.json.gz" }]])
    error_message = jsonencode(aws_cloudwatch_event_rule.this)
  }
}

run "is_told_by_eventbridge_about_another_accounts_bucket" {
  command = plan

  variables {
    create_bucket_notification = false
    sources                    = { bucket_account_id = "222222222222", eventbridge = {} }
  }

  assert {
    condition = jsonencode([
      length(aws_s3_bucket_notification.this), length(aws_lambda_permission.bucket),
      [for rule in aws_cloudwatch_event_rule.this : jsondecode(rule.event_pattern).detail.bucket.name],
      [for p in aws_lambda_permission.event_rule : p.source_arn],
    ]) == jsonencode([0, 0, [["example-logs"]], ["arn:aws:events:eu-central-1:123456789012:rule/objects"]])
    error_message = jsonencode([aws_cloudwatch_event_rule.this, aws_lambda_permission.event_rule])
  }
}

# --- API calls -------------------------------------------------------------------------------------------------------

run "is_told_about_api_calls_beside_the_log_files" {
  command = plan

  variables {
    sources = { api_calls = { bus_name = null, include_reads = null } }
  }

  assert {
    condition = jsonencode({
      for key, rule in aws_cloudwatch_event_rule.this : key => [rule.name, rule.event_bus_name, rule.state, jsondecode(rule.event_pattern)]
      }) == jsonencode({
      "api-calls" = ["cloudtrail-to-slack-api-calls", "default", "ENABLED", {
        source = [{ prefix = "aws." }]
        "detail-type" = [
          "AWS API Call via CloudTrail",
          "AWS Console Sign In via CloudTrail",
          "AWS Console Signin via CloudTrail",
          "AWS Console Action via CloudTrail",
          "AWS Service Event via CloudTrail",
          "AWS Insight via CloudTrail",
          "AWS Network Activity Event via CloudTrail",
        ]
      }]
    })
    error_message = jsonencode(aws_cloudwatch_event_rule.this)
  }

  assert {
    condition = jsonencode({
      notified = [for n in aws_s3_bucket_notification.this : [n.eventbridge, length(n.lambda_function)]]
      targets  = { for key, t in aws_cloudwatch_event_target.this : key => [t.rule, t.event_bus_name, t.arn] }
      callers  = [for p in concat(aws_lambda_permission.bucket, values(aws_lambda_permission.event_rule)) : [p.statement_id, p.principal, p.source_arn, p.source_account]]
      }) == jsonencode({
      notified = [[false, 1]]
      targets  = { "api-calls" = ["cloudtrail-to-slack-api-calls", "default", "arn:aws:lambda:eu-central-1:123456789012:function:cloudtrail-to-slack:live"] }
      callers = [
        ["AllowBucket-2e9e334a", "s3.amazonaws.com", "arn:aws:s3:::example-logs", "123456789012"],
        ["AllowRule-api-calls-37a8eec1", "events.amazonaws.com", "arn:aws:events:eu-central-1:123456789012:rule/api-calls", null],
      ]
    })
    error_message = jsonencode([aws_s3_bucket_notification.this, aws_cloudwatch_event_target.this, aws_lambda_permission.event_rule])
  }
}

run "is_told_about_reading_calls_too_over_the_bus_of_another_account" {
  command = plan

  variables {
    sources = { api_calls = { bus_name = "arn:aws:events:eu-central-1:222222222222:event-bus/security", include_reads = true } }
  }

  assert {
    condition = jsonencode([
      [for rule in aws_cloudwatch_event_rule.this : [rule.event_bus_name, rule.state]],
      [for t in aws_cloudwatch_event_target.this : t.event_bus_name],
      ]) == jsonencode([
      [["arn:aws:events:eu-central-1:222222222222:event-bus/security", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"]],
      ["arn:aws:events:eu-central-1:222222222222:event-bus/security"],
    ])
    error_message = jsonencode([aws_cloudwatch_event_rule.this, aws_cloudwatch_event_target.this])
  }
}

run "is_told_about_api_calls_without_any_bucket" {
  command = plan

  variables {
    cloudtrail_logs_s3_bucket_name = null
    sources                        = { log_files = false, api_calls = {} }
  }

  assert {
    condition = jsonencode({
      notified = length(aws_s3_bucket_notification.this)
      callers  = [for p in concat(aws_lambda_permission.bucket, values(aws_lambda_permission.event_rule)) : p.statement_id]
      allowed  = [for s in jsondecode(aws_iam_role_policy.function.policy).Statement : s.Sid]
      }) == jsonencode({
      notified = 0
      callers  = ["AllowRule-api-calls-37a8eec1"]
      allowed  = ["WriteLog", "ReadConfiguration", "ReadSecrets", "SendToRetryQueue", "ReceiveRetries", "UseLedger"]
    })
    error_message = jsonencode([aws_lambda_permission.bucket, aws_iam_role_policy.function.policy])
  }
}

run "is_told_about_log_files_and_api_calls_by_two_rules" {
  command = plan

  variables {
    # As test/conformance/sources has it: terraform-test.test.ts puts those events to these rules.
    cloudtrail_logs_s3_bucket_name = "example-cloudtrail-logs"
    s3_notification_filter_prefix  = ""
    sources                        = { eventbridge = { bus_name = "trails" }, api_calls = {} }
  }

  assert {
    condition = jsonencode({
      rules   = { for key, rule in aws_cloudwatch_event_rule.this : key => [rule.event_bus_name, jsondecode(rule.event_pattern).source] }
      targets = { for key, t in aws_cloudwatch_event_target.this : key => [t.rule, t.event_bus_name] }
      callers = { for key, p in aws_lambda_permission.event_rule : key => p.source_arn }
      }) == jsonencode({
      rules = {
        "api-calls" = ["default", [{ prefix = "aws." }]]
        objects     = ["trails", ["aws.s3"]]
      }
      targets = {
        "api-calls" = ["cloudtrail-to-slack-api-calls", "default"]
        objects     = ["cloudtrail-to-slack-objects", "trails"]
      }
      callers = {
        "api-calls" = "arn:aws:events:eu-central-1:123456789012:rule/api-calls"
        objects     = "arn:aws:events:eu-central-1:123456789012:rule/objects"
      }
    })
    error_message = jsonencode([aws_cloudwatch_event_rule.this, aws_cloudwatch_event_target.this, aws_lambda_permission.event_rule])
  }
}
