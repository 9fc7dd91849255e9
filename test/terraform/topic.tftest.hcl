# The bucket notifies a topic, which calls the function: by sources.sns, and by the older module's variables.

mock_provider "aws" {
  source          = "./test/terraform"
  override_during = plan
}

variables {
  cloudtrail_logs_s3_bucket_name   = "example-logs"
  default_slack_hook_ssm_parameter = "/hooks/default"
}

run "makes_a_topic_of_its_own_name" {
  command = plan

  variables {
    # As everybody's settings beside it, create_topic = null is the default.
    sources = { sns = { create_topic = null } }
  }

  assert {
    condition = jsonencode({
      topics     = aws_sns_topic.fanout[*].name
      publishers = [for s in jsondecode(aws_sns_topic_policy.fanout[0].policy).Statement : [s.Sid, s.Principal, s.Resource, s.Condition]]
      notified   = [for n in aws_s3_bucket_notification.this : [n.topic[*].topic_arn, length(n.lambda_function), length(n.queue), n.eventbridge]]
      subscribed = [for s in aws_sns_topic_subscription.fanout : [s.topic_arn, s.protocol, s.endpoint]]
      callers    = [for p in aws_lambda_permission.fanout : [p.statement_id, p.principal, p.source_arn, p.source_account]]
      outputs    = [output.s3_sns_fanout_topic_arn, output.s3_sns_fanout_topic_name]
      }) == jsonencode({
      topics = ["cloudtrail-to-slack-source"]
      publishers = [[
        "PublishByBucket", { Service = "s3.amazonaws.com" }, "arn:aws:sns:eu-central-1:123456789012:made-topic",
        { ArnEquals = { "aws:SourceArn" = "arn:aws:s3:::example-logs" }, StringEquals = { "aws:SourceAccount" = "123456789012" } },
      ]]
      notified   = [[["arn:aws:sns:eu-central-1:123456789012:made-topic"], 0, 0, false]]
      subscribed = [["arn:aws:sns:eu-central-1:123456789012:made-topic", "lambda", "arn:aws:lambda:eu-central-1:123456789012:function:cloudtrail-to-slack:live"]]
      callers    = [["AllowFanoutTopic-5cf40647", "sns.amazonaws.com", "arn:aws:sns:eu-central-1:123456789012:cloudtrail-to-slack-source", null]]
      outputs    = ["arn:aws:sns:eu-central-1:123456789012:made-topic", "cloudtrail-to-slack-source"]
    })
    error_message = jsonencode([aws_sns_topic.fanout, aws_sns_topic_policy.fanout, aws_s3_bucket_notification.this, aws_sns_topic_subscription.fanout, aws_lambda_permission.fanout])
  }
}

run "uses_a_topic_of_yours" {
  command = plan

  variables {
    sources = { sns = { create_topic = false, topic_arn = "arn:aws:sns:eu-central-1:222222222222:yours" } }
  }

  assert {
    condition = jsonencode({
      made       = length(aws_sns_topic.fanout) + length(aws_sns_topic_policy.fanout)
      notified   = [for n in aws_s3_bucket_notification.this : [n.topic[*].topic_arn, length(n.lambda_function), length(n.queue)]]
      subscribed = [for s in aws_sns_topic_subscription.fanout : [s.topic_arn, s.protocol]]
      callers    = [for p in aws_lambda_permission.fanout : [p.statement_id, p.principal, p.source_arn, p.source_account]]
      outputs    = [output.s3_sns_fanout_topic_arn, output.s3_sns_fanout_topic_name]
      }) == jsonencode({
      made       = 0
      notified   = [[["arn:aws:sns:eu-central-1:222222222222:yours"], 0, 0]]
      subscribed = [["arn:aws:sns:eu-central-1:222222222222:yours", "lambda"]]
      callers    = [["AllowFanoutTopic-f45e16c9", "sns.amazonaws.com", "arn:aws:sns:eu-central-1:222222222222:yours", null]]
      outputs    = ["arn:aws:sns:eu-central-1:222222222222:yours", "yours"]
    })
    error_message = jsonencode([aws_s3_bucket_notification.this, aws_sns_topic_subscription.fanout, aws_lambda_permission.fanout])
  }
}

run "refuses_a_topic_of_another_region" {
  command = plan

  variables {
    sources = { sns = { create_topic = false, topic_arn = "arn:aws:sns:us-east-1:123456789012:yours" } }
  }

  expect_failures = [aws_sns_topic_subscription.fanout]
}

run "lets_another_accounts_bucket_publish_to_the_topic" {
  command = plan

  variables {
    create_bucket_notification = false
    sources                    = { bucket_account_id = "222222222222", sns = {} }
  }

  assert {
    condition = jsonencode([
      length(aws_s3_bucket_notification.this),
      [for s in jsondecode(aws_sns_topic_policy.fanout[0].policy).Statement : s.Condition],
      aws_lambda_permission.fanout[*].source_arn,
      ]) == jsonencode([
      0,
      [{ ArnEquals = { "aws:SourceArn" = "arn:aws:s3:::example-logs" }, StringEquals = { "aws:SourceAccount" = "222222222222" } }],
      ["arn:aws:sns:eu-central-1:123456789012:cloudtrail-to-slack-source"],
    ])
    error_message = aws_sns_topic_policy.fanout[0].policy
  }
}

# --- By the older module's variables ---------------------------------------------------------------------------------

run "makes_a_topic_between_bucket_and_function" {
  command = plan

  variables {
    enable_s3_sns_fanout           = true
    s3_removed_object_notification = false
    s3_sns_fanout_topic_name       = "log-files"
  }

  assert {
    condition     = aws_sns_topic.fanout[*].name == ["log-files"]
    error_message = jsonencode(aws_sns_topic.fanout)
  }

  assert {
    condition = jsonencode(jsondecode(aws_sns_topic_policy.fanout[0].policy)) == jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Sid       = "PublishByBucket"
        Effect    = "Allow"
        Action    = "sns:Publish"
        Principal = { Service = "s3.amazonaws.com" }
        Resource  = "arn:aws:sns:eu-central-1:123456789012:made-topic"
        Condition = {
          ArnEquals    = { "aws:SourceArn" = "arn:aws:s3:::example-logs" }
          StringEquals = { "aws:SourceAccount" = "123456789012" }
        }
      }]
    })
    error_message = aws_sns_topic_policy.fanout[0].policy
  }

  assert {
    condition = jsonencode([
      for notification in aws_s3_bucket_notification.this : {
        functions = length(notification.lambda_function)
        topics    = [for t in notification.topic : [t.topic_arn, sort(t.events), t.filter_prefix, t.filter_suffix]]
      }
      ]) == jsonencode([
      { functions = 0, topics = [["arn:aws:sns:eu-central-1:123456789012:made-topic", ["s3:ObjectCreated:*"], "AWSLogs/", ".json.gz"]] },
    ])
    error_message = jsonencode(aws_s3_bucket_notification.this)
  }

  assert {
    condition = jsonencode([for s in aws_sns_topic_subscription.fanout : [s.topic_arn, s.protocol, s.endpoint]]) == jsonencode([
      ["arn:aws:sns:eu-central-1:123456789012:made-topic", "lambda", "arn:aws:lambda:eu-central-1:123456789012:function:cloudtrail-to-slack:live"],
    ])
    error_message = jsonencode(aws_sns_topic_subscription.fanout)
  }

  assert {
    condition = jsonencode([
      for p in aws_lambda_permission.fanout : [p.action, p.function_name, p.qualifier, p.principal, p.source_arn, p.source_account]
      ]) == jsonencode([
      ["lambda:InvokeFunction", "cloudtrail-to-slack", "live", "sns.amazonaws.com", "arn:aws:sns:eu-central-1:123456789012:log-files", null],
    ])
    error_message = jsonencode(aws_lambda_permission.fanout)
  }

  assert {
    condition     = output.s3_sns_fanout_topic_arn == "arn:aws:sns:eu-central-1:123456789012:made-topic" && output.s3_sns_fanout_topic_name == "log-files"
    error_message = "An output is wrong."
  }
}

run "uses_a_topic_of_yours_between_bucket_and_function" {
  command = plan

  variables {
    create_s3_sns_fanout_topic = false
    enable_s3_sns_fanout       = true
    s3_sns_fanout_topic_arn    = "arn:aws:sns:eu-central-1:123456789012:yours"
  }

  assert {
    condition     = length(aws_sns_topic.fanout) + length(aws_sns_topic_policy.fanout) == 0
    error_message = "A topic, or a policy of yours, is made."
  }

  assert {
    condition = distinct(concat(
      [for t in aws_s3_bucket_notification.this[0].topic : t.topic_arn],
      aws_sns_topic_subscription.fanout[*].topic_arn,
      aws_lambda_permission.fanout[*].source_arn,
      [output.s3_sns_fanout_topic_arn],
    )) == tolist(["arn:aws:sns:eu-central-1:123456789012:yours"])
    error_message = "The topic that was given is not used everywhere."
  }

  assert {
    condition     = output.s3_sns_fanout_topic_name == "yours"
    error_message = output.s3_sns_fanout_topic_name
  }
}

run "refuses_a_topic_of_another_region_between_bucket_and_function" {
  command = plan

  variables {
    create_s3_sns_fanout_topic = false
    enable_s3_sns_fanout       = true
    s3_sns_fanout_topic_arn    = "arn:aws:sns:us-east-1:123456789012:yours"
  }

  expect_failures = [aws_sns_topic_subscription.fanout]
}

run "makes_the_fanout_but_leaves_the_notification_to_you" {
  command = plan

  variables {
    create_bucket_notification = false
    enable_s3_sns_fanout       = true
  }

  assert {
    condition     = length(aws_s3_bucket_notification.this) == 0 && aws_sns_topic.fanout[*].name == ["cloudtrail-s3-notifications"] && length(aws_sns_topic_subscription.fanout) == 1
    error_message = "There must be the topic and its subscription, and no notification."
  }
}

run "ignores_a_topic_of_yours_while_the_fanout_is_off" {
  command = plan

  variables {
    s3_sns_fanout_topic_arn = "arn:aws:sns:eu-central-1:123456789012:yours"
  }

  assert {
    condition     = length(aws_s3_bucket_notification.this[0].topic) + length(aws_sns_topic_subscription.fanout) == 0 && output.s3_sns_fanout_topic_arn == null
    error_message = "The topic is used although the fan-out is off."
  }
}
