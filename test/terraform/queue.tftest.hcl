# What the bucket, the topic or EventBridge send passes a queue, which Lambda polls.

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

run "makes_a_queue_between_bucket_and_function" {
  command = plan

  variables {
    lambda_timeout_seconds = 100
    sources                = { sqs = { create_queue = null, max_receive_count = null, maximum_concurrency = null } }
  }

  assert {
    condition = jsonencode({
      queues = [for q in aws_sqs_queue.source : [q.name, q.message_retention_seconds, q.sqs_managed_sse_enabled, q.visibility_timeout_seconds, jsondecode(q.redrive_policy)]]
      }) == jsonencode({
      queues = [[
        "cloudtrail-to-slack-source", 1209600, true, 600,
        { deadLetterTargetArn = "arn:aws:sqs:eu-central-1:123456789012:made-dead-letters", maxReceiveCount = 50 },
      ]]
    })
    error_message = jsonencode(aws_sqs_queue.source)
  }

  assert {
    condition = jsonencode([for p in aws_sqs_queue_policy.source : [p.queue_url, jsondecode(p.policy)]]) == jsonencode([[
      "https://sqs.eu-central-1.amazonaws.com/123456789012/made-queue",
      {
        Version = "2012-10-17"
        Statement = [{
          Sid       = "SendByBucket"
          Effect    = "Allow"
          Action    = "sqs:SendMessage"
          Principal = { Service = "s3.amazonaws.com" }
          Resource  = "arn:aws:sqs:eu-central-1:123456789012:made-queue"
          Condition = {
            ArnEquals    = { "aws:SourceArn" = "arn:aws:s3:::example-logs" }
            StringEquals = { "aws:SourceAccount" = "123456789012" }
          }
        }]
      },
    ]])
    error_message = jsonencode(aws_sqs_queue_policy.source)
  }

  assert {
    condition = jsonencode([
      for n in aws_s3_bucket_notification.this : {
        eventbridge = n.eventbridge
        functions   = length(n.lambda_function)
        topics      = length(n.topic)
        queues      = [for q in n.queue : [q.queue_arn, sort(q.events), q.filter_prefix, q.filter_suffix]]
      }
      ]) == jsonencode([{
        eventbridge = false
        functions   = 0
        topics      = 0
        queues      = [["arn:aws:sqs:eu-central-1:123456789012:made-queue", ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"], "AWSLogs/", ".json.gz"]]
    }])
    error_message = jsonencode(aws_s3_bucket_notification.this)
  }

  assert {
    condition = jsonencode([
      for m in aws_lambda_event_source_mapping.queue : [m.event_source_arn, m.function_name, m.batch_size, m.function_response_types, m.scaling_config]
      ]) == jsonencode([[
        "arn:aws:sqs:eu-central-1:123456789012:made-queue",
        "arn:aws:lambda:eu-central-1:123456789012:function:cloudtrail-to-slack:live",
        1, ["ReportBatchItemFailures"], [],
    ]])
    error_message = jsonencode(aws_lambda_event_source_mapping.queue)
  }

  assert {
    condition = jsonencode([
      for s in jsondecode(aws_iam_role_policy.function.policy).Statement : s if contains(["ReceiveMessages", "DecryptMessages"], s.Sid)
      ]) == jsonencode([{
        Sid      = "ReceiveMessages"
        Effect   = "Allow"
        Action   = ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
        Resource = ["arn:aws:sqs:eu-central-1:123456789012:cloudtrail-to-slack-source"]
    }])
    error_message = aws_iam_role_policy.function.policy
  }

  assert {
    # The role's policy and the document name the queues by their names, before anybody knows their ARNs.
    condition = jsonencode(local.configuration_document.rule_config.self.queues) == jsonencode([
      "123456789012/cloudtrail-to-slack-dead-letters", "123456789012/cloudtrail-to-slack-retry", "123456789012/cloudtrail-to-slack-source",
    ])
    error_message = jsonencode(local.configuration_document.rule_config)
  }

  assert {
    condition = jsonencode([output.source_queue_arn, output.dead_letter_queue_arn, output.s3_sns_fanout_topic_arn]) == jsonencode([
      "arn:aws:sqs:eu-central-1:123456789012:made-queue", "arn:aws:sqs:eu-central-1:123456789012:made-dead-letters", null,
    ])
    error_message = "An output is wrong."
  }
}

run "polls_with_the_concurrency_and_the_attempts_that_are_given" {
  command = plan

  variables {
    dead_letter_target_arn = "arn:aws:sqs:eu-central-1:123456789012:failed-payloads"
    sources                = { sqs = { max_receive_count = 9, maximum_concurrency = 2 } }
  }

  assert {
    condition = jsonencode([
      [for m in aws_lambda_event_source_mapping.queue : [m.function_response_types, m.scaling_config]],
      [for q in aws_sqs_queue.source : jsondecode(q.redrive_policy)],
      local.configuration_document.rule_config.self.queues,
      ]) == jsonencode([
      [[["ReportBatchItemFailures"], [{ maximum_concurrency = 2 }]]],
      [{ deadLetterTargetArn = "arn:aws:sqs:eu-central-1:123456789012:failed-payloads", maxReceiveCount = 9 }],
      [
        "123456789012/failed-payloads", "123456789012/cloudtrail-to-slack-dead-letters",
        "123456789012/cloudtrail-to-slack-retry", "123456789012/cloudtrail-to-slack-source",
      ],
    ])
    error_message = jsonencode([aws_lambda_event_source_mapping.queue, aws_sqs_queue.source])
  }
}

run "polls_a_queue_of_yours_that_a_key_of_yours_encrypts" {
  command = plan

  variables {
    sources = {
      sqs = {
        create_queue = false
        queue_arn    = "arn:aws:sqs:eu-central-1:222222222222:yours"
        kms_key_arn  = "arn:aws:kms:eu-central-1:222222222222:key/11111111-1111-1111-1111-111111111111"
      }
    }
  }

  assert {
    condition = jsonencode({
      made     = length(aws_sqs_queue.source) + length(aws_sqs_queue_policy.source)
      notified = [for n in aws_s3_bucket_notification.this : [n.queue[*].queue_arn, length(n.lambda_function), length(n.topic)]]
      polled   = aws_lambda_event_source_mapping.queue[*].event_source_arn
      allowed = [
        for s in jsondecode(aws_iam_role_policy.function.policy).Statement :
        [s.Sid, s.Action, s.Resource, try(s.Condition, null)] if contains(["ReceiveMessages", "DecryptMessages"], s.Sid)
      ]
      watched = local.configuration_document.rule_config.self.queues
      outputs = [output.source_queue_arn, output.dead_letter_queue_arn]
      }) == jsonencode({
      made     = 0
      notified = [[["arn:aws:sqs:eu-central-1:222222222222:yours"], 0, 0]]
      polled   = ["arn:aws:sqs:eu-central-1:222222222222:yours"]
      allowed = [
        [
          "ReceiveMessages", ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"],
          ["arn:aws:sqs:eu-central-1:222222222222:yours"], null,
        ],
        [
          "DecryptMessages", ["kms:Decrypt"], ["arn:aws:kms:eu-central-1:222222222222:key/11111111-1111-1111-1111-111111111111"],
          { StringEquals = { "kms:ViaService" = "sqs.eu-central-1.amazonaws.com" } },
        ],
      ]
      watched = ["123456789012/cloudtrail-to-slack-dead-letters", "123456789012/cloudtrail-to-slack-retry", "222222222222/yours"]
      outputs = ["arn:aws:sqs:eu-central-1:222222222222:yours", "arn:aws:sqs:eu-central-1:123456789012:made-dead-letters"]
    })
    error_message = jsonencode([aws_s3_bucket_notification.this, aws_lambda_event_source_mapping.queue, aws_iam_role_policy.function.policy])
  }
}

run "decrypts_by_the_names_that_services_have_in_china" {
  command = plan

  override_data {
    target          = data.aws_partition.current
    override_during = plan
    values          = { partition = "aws-cn", dns_suffix = "amazonaws.com.cn" }
  }

  override_data {
    target          = data.aws_region.current
    override_during = plan
    values          = { id = "cn-north-1", name = "cn-north-1" }
  }

  variables {
    kms_key_arn = "arn:aws-cn:kms:cn-north-1:123456789012:key/11111111-1111-1111-1111-111111111111"
    ledger      = { kms_key_arn = "arn:aws-cn:kms:cn-north-1:123456789012:key/22222222-2222-2222-2222-222222222222" }
    sources = {
      sqs = {
        create_queue = false
        queue_arn    = "arn:aws-cn:sqs:cn-north-1:123456789012:yours"
        kms_key_arn  = "arn:aws-cn:kms:cn-north-1:123456789012:key/33333333-3333-3333-3333-333333333333"
      }
    }
  }

  assert {
    condition = jsonencode(sort(flatten([
      for s in jsondecode(aws_iam_role_policy.function.policy).Statement : try(s.Condition.StringEquals["kms:ViaService"], [])
      ]))) == jsonencode([
      "dynamodb.cn-north-1.amazonaws.com.cn", "sqs.cn-north-1.amazonaws.com.cn", "ssm.cn-north-1.amazonaws.com.cn",
    ])
    error_message = aws_iam_role_policy.function.policy
  }
}

run "refuses_a_queue_of_another_region" {
  command = plan

  variables {
    sources = { sqs = { create_queue = false, queue_arn = "arn:aws:sqs:us-east-1:123456789012:yours" } }
  }

  expect_failures = [aws_lambda_event_source_mapping.queue]
}

run "puts_the_queue_behind_the_topic" {
  command = plan

  variables {
    sources = { sns = {}, sqs = {} }
  }

  assert {
    condition = jsonencode({
      notified   = [for n in aws_s3_bucket_notification.this : [n.topic[*].topic_arn, length(n.lambda_function), length(n.queue), n.eventbridge]]
      subscribed = [for s in aws_sns_topic_subscription.fanout : [s.topic_arn, s.protocol, s.endpoint]]
      senders    = [for s in jsondecode(aws_sqs_queue_policy.source[0].policy).Statement : [s.Sid, s.Action, s.Principal, s.Resource, s.Condition]]
      polled     = aws_lambda_event_source_mapping.queue[*].event_source_arn
      callers    = length(aws_lambda_permission.fanout) + length(aws_lambda_permission.bucket)
      }) == jsonencode({
      notified   = [[["arn:aws:sns:eu-central-1:123456789012:made-topic"], 0, 0, false]]
      subscribed = [["arn:aws:sns:eu-central-1:123456789012:made-topic", "sqs", "arn:aws:sqs:eu-central-1:123456789012:made-queue"]]
      senders = [[
        "SendByTopic", "sqs:SendMessage", { Service = "sns.amazonaws.com" }, "arn:aws:sqs:eu-central-1:123456789012:made-queue",
        { ArnEquals = { "aws:SourceArn" = "arn:aws:sns:eu-central-1:123456789012:cloudtrail-to-slack-source" } },
      ]]
      polled  = ["arn:aws:sqs:eu-central-1:123456789012:made-queue"]
      callers = 0
    })
    error_message = jsonencode([aws_s3_bucket_notification.this, aws_sns_topic_subscription.fanout, aws_sqs_queue_policy.source])
  }
}

run "puts_a_queue_of_yours_behind_a_topic_of_yours" {
  command = plan

  variables {
    create_s3_sns_fanout_topic = false
    enable_s3_sns_fanout       = true
    s3_sns_fanout_topic_arn    = "arn:aws:sns:eu-central-1:222222222222:yours"
    sources                    = { sqs = { create_queue = false, queue_arn = "arn:aws:sqs:eu-central-1:123456789012:yours" } }
  }

  assert {
    condition = jsonencode({
      made       = length(aws_sns_topic.fanout) + length(aws_sns_topic_policy.fanout) + length(aws_sqs_queue.source) + length(aws_sqs_queue_policy.source)
      notified   = [for n in aws_s3_bucket_notification.this : [n.topic[*].topic_arn, length(n.lambda_function), length(n.queue)]]
      subscribed = [for s in aws_sns_topic_subscription.fanout : [s.topic_arn, s.protocol, s.endpoint]]
      polled     = aws_lambda_event_source_mapping.queue[*].event_source_arn
      decrypts   = strcontains(aws_iam_role_policy.function.policy, "kms:")
      }) == jsonencode({
      made       = 0
      notified   = [[["arn:aws:sns:eu-central-1:222222222222:yours"], 0, 0]]
      subscribed = [["arn:aws:sns:eu-central-1:222222222222:yours", "sqs", "arn:aws:sqs:eu-central-1:123456789012:yours"]]
      polled     = ["arn:aws:sqs:eu-central-1:123456789012:yours"]
      decrypts   = false
    })
    error_message = jsonencode([aws_s3_bucket_notification.this, aws_sns_topic_subscription.fanout, aws_lambda_event_source_mapping.queue])
  }
}

run "puts_the_queue_behind_both_event_rules" {
  command = plan

  variables {
    sources = { sqs = {}, eventbridge = {}, api_calls = {} }
  }

  assert {
    condition = jsonencode({
      notified = [for n in aws_s3_bucket_notification.this : [n.eventbridge, length(n.lambda_function), length(n.topic), length(n.queue)]]
      targets  = { for name, t in aws_cloudwatch_event_target.this : name => t.arn }
      senders  = [for s in jsondecode(aws_sqs_queue_policy.source[0].policy).Statement : [s.Sid, s.Action, s.Principal, s.Resource, s.Condition]]
      callers  = length(aws_lambda_permission.event_rule) + length(aws_lambda_permission.bucket)
      }) == jsonencode({
      notified = [[true, 0, 0, 0]]
      targets = {
        "api-calls" = "arn:aws:sqs:eu-central-1:123456789012:made-queue"
        objects     = "arn:aws:sqs:eu-central-1:123456789012:made-queue"
      }
      senders = [
        [
          "SendByRuleApiCalls", "sqs:SendMessage", { Service = "events.amazonaws.com" }, "arn:aws:sqs:eu-central-1:123456789012:made-queue",
          { ArnEquals = { "aws:SourceArn" = "arn:aws:events:eu-central-1:123456789012:rule/api-calls" } },
        ],
        [
          "SendByRuleObjects", "sqs:SendMessage", { Service = "events.amazonaws.com" }, "arn:aws:sqs:eu-central-1:123456789012:made-queue",
          { ArnEquals = { "aws:SourceArn" = "arn:aws:events:eu-central-1:123456789012:rule/objects" } },
        ],
      ]
      callers = 0
    })
    error_message = jsonencode([aws_s3_bucket_notification.this, aws_cloudwatch_event_target.this, aws_sqs_queue_policy.source])
  }
}

run "carries_api_calls_beside_the_log_files_of_the_bucket" {
  command = plan

  variables {
    sources = { sqs = {}, api_calls = {} }
  }

  assert {
    condition = jsonencode({
      notified = [for n in aws_s3_bucket_notification.this : [n.queue[*].queue_arn, length(n.lambda_function), n.eventbridge]]
      targets  = { for name, t in aws_cloudwatch_event_target.this : name => t.arn }
      senders  = [for s in jsondecode(aws_sqs_queue_policy.source[0].policy).Statement : s.Sid]
      }) == jsonencode({
      notified = [[["arn:aws:sqs:eu-central-1:123456789012:made-queue"], 0, false]]
      targets  = { "api-calls" = "arn:aws:sqs:eu-central-1:123456789012:made-queue" }
      senders  = ["SendByBucket", "SendByRuleApiCalls"]
    })
    error_message = jsonencode([aws_s3_bucket_notification.this, aws_cloudwatch_event_target.this, aws_sqs_queue_policy.source])
  }
}

run "carries_api_calls_without_any_bucket" {
  command = plan

  variables {
    cloudtrail_logs_s3_bucket_name = null
    sources                        = { log_files = false, sqs = {}, api_calls = {} }
  }

  assert {
    condition     = jsonencode([for s in jsondecode(aws_sqs_queue_policy.source[0].policy).Statement : s.Sid]) == jsonencode(["SendByRuleApiCalls"])
    error_message = aws_sqs_queue_policy.source[0].policy
  }
}

run "lets_another_accounts_bucket_send_to_the_queue" {
  command = plan

  variables {
    create_bucket_notification = false
    sources                    = { bucket_account_id = "222222222222", sqs = {} }
  }

  assert {
    condition = jsonencode([
      length(aws_s3_bucket_notification.this),
      [for s in jsondecode(aws_sqs_queue_policy.source[0].policy).Statement : [s.Sid, s.Condition]],
      ]) == jsonencode([
      0,
      [["SendByBucket", { ArnEquals = { "aws:SourceArn" = "arn:aws:s3:::example-logs" }, StringEquals = { "aws:SourceAccount" = "222222222222" } }]],
    ])
    error_message = aws_sqs_queue_policy.source[0].policy
  }
}
