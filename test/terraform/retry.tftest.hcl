# What failed comes again out of the retry queue, and rests in the end.

mock_provider "aws" {
  source          = "./test/terraform"
  override_during = plan
}

override_resource {
  target          = aws_sqs_queue.dead_letters
  override_during = plan
  values          = { arn = "arn:aws:sqs:eu-central-1:123456789012:made-dead-letters" }
}

override_resource {
  target          = aws_sqs_queue.retry
  override_during = plan
  values          = { arn = "arn:aws:sqs:eu-central-1:123456789012:made-retry" }
}

variables {
  cloudtrail_logs_s3_bucket_name   = "example-logs"
  default_slack_hook_ssm_parameter = "/hooks/default"
}

run "sends_what_failed_through_the_retry_queue_back_to_the_alias" {
  command = plan

  variables {
    lambda_timeout_seconds = 100
  }

  assert {
    condition = jsonencode({
      failed_payloads = [for target in aws_lambda_function.this.dead_letter_config : target.target_arn]
      of_lambda = [
        aws_lambda_function_event_invoke_config.live.function_name, aws_lambda_function_event_invoke_config.live.qualifier,
        aws_lambda_function_event_invoke_config.live.maximum_retry_attempts, aws_lambda_function_event_invoke_config.live.maximum_event_age_in_seconds,
        length(aws_lambda_function_event_invoke_config.live.destination_config),
      ]
      retry = [
        aws_sqs_queue.retry.name, aws_sqs_queue.retry.visibility_timeout_seconds, aws_sqs_queue.retry.message_retention_seconds,
        aws_sqs_queue.retry.sqs_managed_sse_enabled, jsondecode(aws_sqs_queue.retry.redrive_policy),
      ]
      polled = [
        aws_lambda_event_source_mapping.retry.event_source_arn, aws_lambda_event_source_mapping.retry.function_name,
        aws_lambda_event_source_mapping.retry.batch_size, aws_lambda_event_source_mapping.retry.function_response_types,
        aws_lambda_event_source_mapping.retry.scaling_config,
      ]
      }) == jsonencode({
      failed_payloads = ["arn:aws:sqs:eu-central-1:123456789012:made-retry"]
      of_lambda       = ["cloudtrail-to-slack", "live", 0, 21600, 0]
      retry = [
        "cloudtrail-to-slack-retry", 600, 1209600, true,
        { deadLetterTargetArn = "arn:aws:sqs:eu-central-1:123456789012:made-dead-letters", maxReceiveCount = 50 },
      ]
      polled = [
        "arn:aws:sqs:eu-central-1:123456789012:made-retry", "arn:aws:lambda:eu-central-1:123456789012:function:cloudtrail-to-slack:live",
        1, ["ReportBatchItemFailures"], [{ maximum_concurrency = 5 }],
      ]
    })
    error_message = jsonencode([aws_lambda_function.this.dead_letter_config, aws_lambda_function_event_invoke_config.live, aws_sqs_queue.retry, aws_lambda_event_source_mapping.retry])
  }

  assert {
    # Nothing but the queues of the module may let its messages rest here.
    condition = jsonencode([
      aws_sqs_queue.dead_letters.name, aws_sqs_queue.dead_letters.message_retention_seconds, aws_sqs_queue.dead_letters.sqs_managed_sse_enabled,
      jsondecode(aws_sqs_queue.dead_letters.redrive_allow_policy),
      ]) == jsonencode([
      "cloudtrail-to-slack-dead-letters", 1209600, true,
      {
        redrivePermission = "byQueue"
        sourceQueueArns = [
          "arn:aws:sqs:eu-central-1:123456789012:cloudtrail-to-slack-retry", "arn:aws:sqs:eu-central-1:123456789012:cloudtrail-to-slack-source",
        ]
      },
    ])
    error_message = jsonencode(aws_sqs_queue.dead_letters)
  }

  assert {
    condition = jsonencode([output.dead_letter_queue_arn, output.retry_queue_arn]) == jsonencode([
      "arn:aws:sqs:eu-central-1:123456789012:made-dead-letters", "arn:aws:sqs:eu-central-1:123456789012:made-retry",
    ])
    error_message = "An output is wrong."
  }
}

run "tries_as_often_as_it_is_told" {
  command = plan

  variables {
    retry = { max_attempts = 7 }
  }

  assert {
    condition     = jsondecode(aws_sqs_queue.retry.redrive_policy).maxReceiveCount == 7
    error_message = aws_sqs_queue.retry.redrive_policy
  }
}

run "rests_in_a_queue_of_yours" {
  command = plan

  variables {
    dead_letter_target_arn = "arn:aws:sqs:eu-central-1:123456789012:yours"
    sources                = { sqs = {} }
  }

  assert {
    condition = jsonencode({
      rests  = distinct([for queue in concat([aws_sqs_queue.retry], aws_sqs_queue.source) : jsondecode(queue.redrive_policy).deadLetterTargetArn])
      self   = local.configuration_document.rule_config.self.queues
      output = output.dead_letter_queue_arn
      # The function does not send there: SQS does.
      allowed = strcontains(aws_iam_role_policy.function.policy, "yours")
      }) == jsonencode({
      rests = ["arn:aws:sqs:eu-central-1:123456789012:yours"]
      self = [
        "123456789012/yours", "123456789012/cloudtrail-to-slack-dead-letters",
        "123456789012/cloudtrail-to-slack-retry", "123456789012/cloudtrail-to-slack-source",
      ]
      output  = "arn:aws:sqs:eu-central-1:123456789012:yours"
      allowed = false
    })
    error_message = jsonencode([aws_sqs_queue.retry, aws_sqs_queue.source])
  }
}

run "rests_in_its_own_queue_and_tells_a_topic_of_yours" {
  command = plan

  variables {
    alarm_actions          = ["arn:aws:sns:eu-central-1:123456789012:operations"]
    dead_letter_target_arn = "arn:aws:sns:eu-central-1:123456789012:yours"
  }

  assert {
    condition = jsonencode({
      failed_payloads = [for target in aws_lambda_function.this.dead_letter_config : target.target_arn]
      rests           = jsondecode(aws_sqs_queue.retry.redrive_policy).deadLetterTargetArn
      told = {
        for name, alarm in aws_cloudwatch_metric_alarm.health : name => [sort(alarm.alarm_actions), sort(coalesce(alarm.ok_actions, []))]
        if contains(alarm.alarm_actions, "arn:aws:sns:eu-central-1:123456789012:yours")
      }
      self   = local.configuration_document.rule_config.self.queues
      output = output.dead_letter_queue_arn
      }) == jsonencode({
      failed_payloads = ["arn:aws:sqs:eu-central-1:123456789012:made-retry"]
      rests           = "arn:aws:sqs:eu-central-1:123456789012:made-dead-letters"
      told = {
        dead-letter-errors = [["arn:aws:sns:eu-central-1:123456789012:operations", "arn:aws:sns:eu-central-1:123456789012:yours"], []]
        dead-letters       = [["arn:aws:sns:eu-central-1:123456789012:operations", "arn:aws:sns:eu-central-1:123456789012:yours"], []]
        dead-letters-expire = [
          ["arn:aws:sns:eu-central-1:123456789012:operations", "arn:aws:sns:eu-central-1:123456789012:yours"],
          ["arn:aws:sns:eu-central-1:123456789012:operations", "arn:aws:sns:eu-central-1:123456789012:yours"],
        ]
        dropped-events = [["arn:aws:sns:eu-central-1:123456789012:operations", "arn:aws:sns:eu-central-1:123456789012:yours"], []]
      }
      self   = ["123456789012/cloudtrail-to-slack-dead-letters", "123456789012/cloudtrail-to-slack-retry"]
      output = "arn:aws:sqs:eu-central-1:123456789012:made-dead-letters"
    })
    error_message = jsonencode(aws_cloudwatch_metric_alarm.health)
  }
}

# --- What EventBridge and SNS give up --------------------------------------------------------------------------------

run "lets_nobody_send_where_nobody_gives_up" {
  command = plan

  assert {
    condition     = length(aws_sqs_queue_policy.dead_letters) == 0
    error_message = jsonencode(aws_sqs_queue_policy.dead_letters)
  }
}

run "keeps_what_rules_and_topics_give_up" {
  command = plan

  variables {
    # Also beside a queue of yours, whose policy is not the module's.
    dead_letter_target_arn = "arn:aws:sqs:eu-central-1:123456789012:yours"
    reconcile              = {}
    sources = {
      sns       = {}
      api_calls = {}
      alarms = {
        log_group_name = "trail"
        conditions     = { root_use = {} }
        topic_arns     = { platform = "arn:aws:sns:eu-central-1:222222222222:platform" }
      }
    }
  }

  assert {
    condition = jsonencode([for p in aws_sqs_queue_policy.dead_letters : jsondecode(p.policy)]) == jsonencode([{
      Version = "2012-10-17"
      Statement = [
        {
          Sid       = "SendByRules"
          Effect    = "Allow"
          Action    = "sqs:SendMessage"
          Principal = { Service = "events.amazonaws.com" }
          Resource  = "arn:aws:sqs:eu-central-1:123456789012:cloudtrail-to-slack-dead-letters"
          Condition = {
            ArnEquals = {
              "aws:SourceArn" = [
                "arn:aws:events:eu-central-1:123456789012:rule/cloudtrail-to-slack-api-calls",
                "arn:aws:events:eu-central-1:123456789012:rule/cloudtrail-to-slack-reconcile",
              ]
            }
          }
        },
        {
          Sid       = "SendByTopics"
          Effect    = "Allow"
          Action    = "sqs:SendMessage"
          Principal = { Service = "sns.amazonaws.com" }
          Resource  = "arn:aws:sqs:eu-central-1:123456789012:cloudtrail-to-slack-dead-letters"
          Condition = {
            ArnEquals = {
              "aws:SourceArn" = [
                "arn:aws:sns:eu-central-1:123456789012:cloudtrail-to-slack-source",
                "arn:aws:sns:eu-central-1:123456789012:cloudtrail-to-slack-alarms",
                "arn:aws:sns:eu-central-1:222222222222:platform",
              ]
            }
          }
        },
      ]
    }])
    error_message = jsonencode(aws_sqs_queue_policy.dead_letters)
  }

  assert {
    condition = jsonencode({
      rules = [
        for t in concat(values(aws_cloudwatch_event_target.this), aws_cloudwatch_event_target.reconcile) : t.dead_letter_config[*].arn
      ]
      topics = [
        for s in concat(aws_sns_topic_subscription.fanout, values(aws_sns_topic_subscription.alarms)) : jsondecode(s.redrive_policy)
      ]
      }) == jsonencode({
      rules = [for n in range(2) : ["arn:aws:sqs:eu-central-1:123456789012:made-dead-letters"]]
      topics = [for n in range(3) : {
        deadLetterTargetArn = "arn:aws:sqs:eu-central-1:123456789012:made-dead-letters"
      }]
    })
    error_message = jsonencode([aws_cloudwatch_event_target.this, aws_sns_topic_subscription.fanout])
  }
}

run "keeps_what_the_rules_of_other_buses_give_up" {
  command = plan

  override_resource {
    target          = aws_cloudwatch_event_rule.this["api-calls"]
    override_during = plan
    values          = { arn = "arn:aws:events:eu-central-1:222222222222:rule/security/made" }
  }

  variables {
    sources = {
      eventbridge = { bus_name = "trails" }
      api_calls   = { bus_name = "arn:aws:events:eu-central-1:222222222222:event-bus/security" }
    }
  }

  assert {
    condition = jsonencode([
      for s in jsondecode(aws_sqs_queue_policy.dead_letters[0].policy).Statement : [s.Sid, s.Condition.ArnEquals["aws:SourceArn"]]
      ]) == jsonencode([["SendByRules", [
        "arn:aws:events:eu-central-1:222222222222:rule/security/made",
        "arn:aws:events:eu-central-1:123456789012:rule/trails/cloudtrail-to-slack-objects",
    ]]])
    error_message = aws_sqs_queue_policy.dead_letters[0].policy
  }
}

# --- Where messages cannot rest --------------------------------------------------------------------------------------

run "refuses_a_resting_place_in_another_region" {
  command = plan

  variables {
    dead_letter_target_arn = "arn:aws:sqs:us-east-1:123456789012:yours"
  }

  expect_failures = [aws_sqs_queue.retry]
}

run "refuses_a_resting_place_in_another_account" {
  command = plan

  variables {
    dead_letter_target_arn = "arn:aws:sqs:eu-central-1:222222222222:yours"
  }

  expect_failures = [aws_sqs_queue.retry]
}

run "refuses_a_fifo_queue_as_resting_place" {
  command = plan

  variables {
    dead_letter_target_arn = "arn:aws:sqs:eu-central-1:123456789012:yours.fifo"
  }

  expect_failures = [aws_sqs_queue.retry]
}

run "refuses_a_topic_of_another_region_for_dead_letters" {
  command = plan

  variables {
    dead_letter_target_arn = "arn:aws:sns:us-east-1:123456789012:yours"
  }

  expect_failures = [aws_sqs_queue.retry]
}

run "tells_a_topic_of_another_account_about_dead_letters" {
  command = plan

  variables {
    dead_letter_target_arn = "arn:aws:sns:eu-central-1:222222222222:yours"
  }
}
