# Findings that start a response, and what watches that they do.

mock_provider "aws" {
  source          = "../../test/terraform"
  override_during = plan
}

override_resource {
  target          = aws_kms_key.signing
  override_during = plan
  values          = { arn = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-4000-8000-00000000005e" }
}

run "hears_of_high_findings_about_actors_in_this_account" {
  command = plan

  assert {
    condition = jsonencode(jsondecode(aws_cloudwatch_event_rule.findings[0].event_pattern)) == jsonencode({
      source      = ["aws.guardduty"]
      detail-type = ["GuardDuty Finding"]
      detail = {
        accountId = ["123456789012"]
        severity  = [{ numeric = [">=", 7] }]
        service = {
          additionalInfo = { sample = [false, { exists = false }] }
          archived       = [false, { exists = false }]
          resourceRole   = [{ anything-but = ["TARGET"] }, { exists = false }]
        }
      }
    })
    error_message = aws_cloudwatch_event_rule.findings[0].event_pattern
  }

  assert {
    condition = jsonencode([
      [for target in aws_cloudwatch_event_target.findings : [target.arn, [for letters in target.dead_letter_config : letters.arn]]],
      [for permission in aws_lambda_permission.findings : [permission.action, permission.principal, permission.qualifier, permission.source_arn]],
      [for letters in aws_lambda_function.this.dead_letter_config : letters.target_arn],
      [for queue in aws_sqs_queue.dead_letters : [queue.sqs_managed_sse_enabled, queue.message_retention_seconds]],
      jsondecode(aws_sqs_queue_policy.dead_letters[0].policy).Statement[0].Condition,
      ]) == jsonencode([
      [["arn:aws:lambda:eu-central-1:123456789012:function:cloudtrail-to-slack:live", ["arn:aws:sqs:eu-central-1:123456789012:made-queue"]]],
      [["lambda:InvokeFunction", "events.amazonaws.com", "live", "arn:aws:events:eu-central-1:123456789012:rule/made-rule"]],
      ["arn:aws:sqs:eu-central-1:123456789012:made-queue"],
      [[true, 1209600]],
      { ArnEquals = { "aws:SourceArn" = "arn:aws:events:eu-central-1:123456789012:rule/incident-response-findings" } },
    ])
    error_message = aws_sqs_queue_policy.dead_letters[0].policy
  }
}

run "hears_of_what_it_is_told_to" {
  command = plan

  variables {
    findings = { minimum_severity = 4, types = ["CryptoCurrency:EC2/", "Backdoor:EC2/"], extra_event_sources = ["drill"] }
  }

  assert {
    condition = jsonencode([
      for pattern in [jsondecode(aws_cloudwatch_event_rule.findings[0].event_pattern)] : [pattern.source, pattern.detail.type, pattern.detail.severity]
      ]) == jsonencode([
      [["aws.guardduty", "drill"], [{ prefix = "CryptoCurrency:EC2/" }, { prefix = "Backdoor:EC2/" }], [{ numeric = [">=", 4] }]],
    ])
    error_message = aws_cloudwatch_event_rule.findings[0].event_pattern
  }
}

run "leaves_findings_to_people" {
  command = plan

  variables {
    findings = null
  }

  assert {
    condition = jsonencode([
      length(aws_cloudwatch_event_rule.findings), length(aws_cloudwatch_event_target.findings), length(aws_lambda_permission.findings),
      length(aws_sqs_queue.dead_letters), length(aws_sqs_queue_policy.dead_letters), length(aws_lambda_function.this.dead_letter_config),
      keys(aws_cloudwatch_metric_alarm.this),
      output.dead_letter_queue_arn, output.event_rule_arn,
    ]) == jsonencode([0, 0, 0, 0, 0, 0, ["executions-aborted", "executions-failed", "executions-timed-out", "function-throttled"], null, null])
    error_message = "Something that only findings need is made without them."
  }

  assert {
    condition     = length([for statement in jsondecode(aws_iam_role_policy.function.policy).Statement : statement if contains(["StartResponses", "KeepFindings"], statement.Sid)]) == 0
    error_message = aws_iam_role_policy.function.policy
  }
}

run "warns_of_what_would_fail_in_silence" {
  command = plan

  variables {
    alarm_actions = ["arn:aws:sns:eu-central-1:123456789012:operations"]
  }

  assert {
    condition = jsonencode({
      for name, alarm in aws_cloudwatch_metric_alarm.this : name => [alarm.namespace, alarm.metric_name, alarm.dimensions]
      }) == jsonencode({
      executions-aborted     = ["AWS/States", "ExecutionsAborted", { StateMachineArn = "arn:aws:states:eu-central-1:123456789012:stateMachine:incident-response" }]
      executions-failed      = ["AWS/States", "ExecutionsFailed", { StateMachineArn = "arn:aws:states:eu-central-1:123456789012:stateMachine:incident-response" }]
      executions-timed-out   = ["AWS/States", "ExecutionsTimedOut", { StateMachineArn = "arn:aws:states:eu-central-1:123456789012:stateMachine:incident-response" }]
      findings-not-delivered = ["AWS/Events", "FailedInvocations", { RuleName = "incident-response-findings" }]
      findings-resting       = ["AWS/SQS", "ApproximateNumberOfMessagesVisible", { QueueName = "incident-response-dead-letters" }]
      function-throttled     = ["AWS/Lambda", "Throttles", { FunctionName = "incident-response" }]
    })
    error_message = jsonencode(keys(aws_cloudwatch_metric_alarm.this))
  }

  assert {
    condition     = distinct([for alarm in aws_cloudwatch_metric_alarm.this : alarm.alarm_actions]) == tolist([toset(["arn:aws:sns:eu-central-1:123456789012:operations"])])
    error_message = "An alarm calls nobody."
  }
}
