# What remembers deliveries and processed objects, and what is compared with it.

mock_provider "aws" {
  source          = "./test/terraform"
  override_during = plan
}

override_resource {
  target          = aws_cloudwatch_event_rule.reconcile
  override_during = plan
  values          = { arn = "arn:aws:events:eu-central-1:123456789012:rule/reconcile" }
}

variables {
  cloudtrail_logs_s3_bucket_name   = "example-logs"
  default_slack_hook_ssm_parameter = "/hooks/default"
}

run "remembers_in_a_table_by_default" {
  command = plan

  assert {
    condition = jsonencode([for t in aws_dynamodb_table.ledger : {
      name       = t.name
      billing    = t.billing_mode
      key        = [t.hash_key, t.range_key, [for a in t.attribute : [a.name, a.type]]]
      forgets    = [for expiry in t.ttl : [expiry.attribute_name, expiry.enabled]]
      encryption = length(t.server_side_encryption)
      recovery   = t.point_in_time_recovery[*].enabled
      }]) == jsonencode([{
      name       = "cloudtrail-to-slack-ledger"
      billing    = "PAY_PER_REQUEST"
      key        = ["id", null, [["id", "S"]]]
      forgets    = [["expiresAt", true]]
      encryption = 0
      recovery   = [false]
    }])
    error_message = jsonencode(aws_dynamodb_table.ledger)
  }

  assert {
    condition     = output.ledger_table_name == "cloudtrail-to-slack-ledger"
    error_message = "An output is wrong."
  }

  assert {
    condition     = length(aws_cloudwatch_event_rule.reconcile) + length(aws_cloudwatch_event_target.reconcile) + length(aws_lambda_permission.reconcile) == 0
    error_message = jsonencode(aws_cloudwatch_event_rule.reconcile)
  }
}

run "remembers_under_a_name_and_a_key_of_yours" {
  command = plan

  variables {
    dynamodb_table_name = "audit.ledger"
    ledger = {
      retention_days = 365
      kms_key_arn    = "arn:aws:kms:eu-central-1:123456789012:key/11111111-1111-1111-1111-111111111111"
    }
  }

  assert {
    condition = jsonencode({
      table = [for t in aws_dynamodb_table.ledger : [t.name, [for s in t.server_side_encryption : [s.enabled, s.kms_key_arn]]]]
      allowed = [
        for s in jsondecode(aws_iam_role_policy.function.policy).Statement : [s.Resource, try(s.Condition, null)]
        if contains(["UseLedger", "UseLedgerKey"], s.Sid)
      ]
      told   = local.configuration_document.ledger
      self   = local.configuration_document.rule_config.self.tables
      output = output.ledger_table_name
      }) == jsonencode({
      table = [["audit.ledger", [[true, "arn:aws:kms:eu-central-1:123456789012:key/11111111-1111-1111-1111-111111111111"]]]]
      allowed = [
        [["arn:aws:dynamodb:eu-central-1:123456789012:table/audit.ledger"], null],
        [
          ["arn:aws:kms:eu-central-1:123456789012:key/11111111-1111-1111-1111-111111111111"],
          { StringEquals = { "kms:ViaService" = "dynamodb.eu-central-1.amazonaws.com" } },
        ],
      ]
      told   = { retention_days = 365, table = "audit.ledger" }
      self   = ["audit.ledger"]
      output = "audit.ledger"
    })
    error_message = jsonencode([aws_dynamodb_table.ledger, aws_iam_role_policy.function.policy])
  }
}

run "remembers_nothing_when_it_is_off" {
  command = plan

  variables {
    ledger = {
      enabled     = false
      kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/11111111-1111-1111-1111-111111111111"
    }
  }

  assert {
    condition = jsonencode({
      tables  = length(aws_dynamodb_table.ledger)
      allowed = [for s in jsondecode(aws_iam_role_policy.function.policy).Statement : s.Sid if contains(["UseLedger", "UseLedgerKey", "ListDigestFiles"], s.Sid)]
      told    = local.configuration_document.ledger
      self    = local.configuration_document.rule_config.self.tables
      output  = output.ledger_table_name
      alarms  = [for name in keys(aws_cloudwatch_metric_alarm.health) : name if contains(["altered-files", "ledger-errors", "missing-files"], name)]
      }) == jsonencode({
      tables  = 0
      allowed = []
      told    = { retention_days = 30, table = null }
      self    = []
      output  = null
      alarms  = []
    })
    error_message = jsonencode([aws_dynamodb_table.ledger, aws_iam_role_policy.function.policy])
  }
}

run "reads_within_the_bounds_that_are_given" {
  command = plan

  variables {
    limits = { file_records = 1, record_depth = null }
  }

  assert {
    condition = jsonencode(local.configuration_document.limits) == jsonencode({
      file_bytes = 4294967296, file_records = 1, record_bytes = 1048576, record_depth = 64, record_values = 100000
    })
    error_message = jsonencode(local.configuration_document.limits)
  }
}

run "looks_for_digests_every_hour" {
  command = plan

  variables {
    reconcile                     = {}
    s3_notification_filter_prefix = "trail/AWSLogs/"
  }

  assert {
    condition = jsonencode({
      rules   = [for r in aws_cloudwatch_event_rule.reconcile : [r.name, r.schedule_expression, r.event_pattern]]
      targets = [for t in aws_cloudwatch_event_target.reconcile : [t.rule, t.target_id, t.arn, jsondecode(t.input)]]
      callers = [
        for p in aws_lambda_permission.reconcile :
        [p.statement_id, p.action, p.function_name, p.qualifier, p.principal, p.source_arn, p.source_account]
      ]
      allowed = [for s in jsondecode(aws_iam_role_policy.function.policy).Statement : [s.Action, s.Resource, s.Condition] if s.Sid == "ListDigestFiles"]
      }) == jsonencode({
      rules = [["cloudtrail-to-slack-reconcile", "rate(1 hour)", null]]
      targets = [[
        "cloudtrail-to-slack-reconcile", "cloudtrail-to-slack", "arn:aws:lambda:eu-central-1:123456789012:function:cloudtrail-to-slack:live",
        { reconcile = { bucket = "example-logs", hours = 6, prefix = "trail/AWSLogs/" } },
      ]]
      callers = [[
        "AllowReconcile", "lambda:InvokeFunction", "cloudtrail-to-slack", "live", "events.amazonaws.com",
        "arn:aws:events:eu-central-1:123456789012:rule/reconcile", null,
      ]]
      allowed = [[["s3:ListBucket"], ["arn:aws:s3:::example-logs"], { StringLikeIfExists = { "s3:prefix" = "trail/AWSLogs/*" } }]]
    })
    error_message = jsonencode([aws_cloudwatch_event_rule.reconcile, aws_cloudwatch_event_target.reconcile, aws_lambda_permission.reconcile])
  }
}

run "looks_for_digests_when_and_as_far_back_as_you_say" {
  command = plan

  variables {
    reconcile = { schedule_expression = "cron(15 4 * * ? *)", look_back_hours = 30 }
    # What comes by schedule does not pass the queue.
    sources = { sqs = {} }
  }

  assert {
    condition = jsonencode([
      aws_cloudwatch_event_rule.reconcile[*].schedule_expression,
      [for t in aws_cloudwatch_event_target.reconcile : [t.arn, jsondecode(t.input).reconcile.hours]],
      ]) == jsonencode([
      ["cron(15 4 * * ? *)"],
      [["arn:aws:lambda:eu-central-1:123456789012:function:cloudtrail-to-slack:live", 30]],
    ])
    error_message = jsonencode([aws_cloudwatch_event_rule.reconcile, aws_cloudwatch_event_target.reconcile])
  }
}
