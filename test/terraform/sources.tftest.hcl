# What calls the function, and which log files it may read.

mock_provider "aws" {
  source          = "./test/terraform"
  override_during = plan
}

variables {
  cloudtrail_logs_s3_bucket_name   = "example-logs"
  default_slack_hook_ssm_parameter = "/hooks/default"
}

run "is_notified_by_the_bucket_through_the_alias" {
  command = plan

  assert {
    condition = jsonencode([
      for notification in aws_s3_bucket_notification.this : {
        bucket      = notification.bucket
        eventbridge = notification.eventbridge
        functions   = [for f in notification.lambda_function : [f.lambda_function_arn, sort(f.events), f.filter_prefix, f.filter_suffix]]
        topics      = length(notification.topic)
        queues      = length(notification.queue)
      }
      ]) == jsonencode([{
        bucket      = "example-logs"
        eventbridge = false
        functions = [[
          "arn:aws:lambda:eu-central-1:123456789012:function:cloudtrail-to-slack:live",
          ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"], "AWSLogs/", ".json.gz",
        ]]
        topics = 0
        queues = 0
    }])
    error_message = jsonencode(aws_s3_bucket_notification.this)
  }

  assert {
    condition = jsonencode([
      for p in aws_lambda_permission.bucket : [p.action, p.function_name, p.qualifier, p.principal, p.source_arn, p.source_account]
      ]) == jsonencode([
      ["lambda:InvokeFunction", "cloudtrail-to-slack", "live", "s3.amazonaws.com", "arn:aws:s3:::example-logs", "123456789012"],
    ])
    error_message = jsonencode(aws_lambda_permission.bucket)
  }

  assert {
    condition     = length(aws_sns_topic.fanout) + length(aws_sns_topic_policy.fanout) + length(aws_sns_topic_subscription.fanout) + length(aws_lambda_permission.fanout) == 0
    error_message = "Something of the fan-out is made although it is off."
  }

  assert {
    condition     = output.lambda_function_arn == "arn:aws:lambda:eu-central-1:123456789012:function:cloudtrail-to-slack:live" && output.s3_sns_fanout_topic_arn == null && output.s3_sns_fanout_topic_name == null
    error_message = "An output is wrong."
  }
}

run "is_not_told_about_removed_objects" {
  command = plan

  variables {
    s3_removed_object_notification = false
  }

  assert {
    condition     = [for f in aws_s3_bucket_notification.this[0].lambda_function : sort(f.events)] == [tolist(["s3:ObjectCreated:*"])]
    error_message = jsonencode(aws_s3_bucket_notification.this[0].lambda_function)
  }
}

run "watches_and_reads_another_prefix" {
  command = plan

  variables {
    s3_notification_filter_prefix = "trails/AWSLogs/"
  }

  assert {
    condition     = [for f in aws_s3_bucket_notification.this[0].lambda_function : f.filter_prefix] == ["trails/AWSLogs/"]
    error_message = jsonencode(aws_s3_bucket_notification.this[0].lambda_function)
  }

  assert {
    condition = [for statement in jsondecode(aws_iam_role_policy.function.policy).Statement : join(" ", statement.Resource) if statement.Sid == "ReadLogFiles"] == [
      "arn:aws:s3:::example-logs/trails/AWSLogs/*",
    ]
    error_message = aws_iam_role_policy.function.policy
  }
}

run "watches_and_reads_the_whole_bucket" {
  command = plan

  variables {
    s3_notification_filter_prefix = ""
  }

  assert {
    condition     = [for f in aws_s3_bucket_notification.this[0].lambda_function : coalesce(f.filter_prefix, "none")] == ["none"]
    error_message = jsonencode(aws_s3_bucket_notification.this[0].lambda_function)
  }

  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.function.policy).Statement : join(" ", statement.Resource) if statement.Sid == "ReadLogFiles"] == ["arn:aws:s3:::example-logs/*"]
    error_message = aws_iam_role_policy.function.policy
  }
}

run "switches_eventbridge_on" {
  command = plan

  variables {
    enable_eventbridge_notifications = true
  }

  assert {
    condition     = aws_s3_bucket_notification.this[0].eventbridge && length(aws_s3_bucket_notification.this[0].lambda_function) == 1
    error_message = jsonencode(aws_s3_bucket_notification.this)
  }
}

run "switches_eventbridge_on_in_the_older_spelling" {
  command = plan

  variables {
    enable_eventbridge_notificaitons = true
  }

  assert {
    condition     = aws_s3_bucket_notification.this[0].eventbridge && length(aws_s3_bucket_notification.this[0].lambda_function) == 1
    error_message = jsonencode(aws_s3_bucket_notification.this)
  }
}

run "leaves_the_notification_to_you" {
  command = plan

  variables {
    create_bucket_notification = false
  }

  assert {
    condition     = length(aws_s3_bucket_notification.this) == 0
    error_message = "The notification is made although it is off."
  }

  assert {
    condition     = [for p in aws_lambda_permission.bucket : "${p.qualifier} ${p.source_arn} ${p.source_account}"] == ["live arn:aws:s3:::example-logs 123456789012"]
    error_message = "A notification that is made elsewhere would not be permitted."
  }
}

# --- Fan-out ---------------------------------------------------------------------------------------------------------

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
      ["lambda:InvokeFunction", "cloudtrail-to-slack", "live", "sns.amazonaws.com", "arn:aws:sns:eu-central-1:123456789012:made-topic", "123456789012"],
    ])
    error_message = jsonencode(aws_lambda_permission.fanout)
  }

  assert {
    condition     = length(aws_lambda_permission.bucket) == 0
    error_message = "The bucket may call the function although it calls the topic."
  }

  assert {
    condition     = output.s3_sns_fanout_topic_arn == "arn:aws:sns:eu-central-1:123456789012:made-topic" && output.s3_sns_fanout_topic_name == "made-topic"
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

# --- The trail's key -------------------------------------------------------------------------------------------------

run "decrypts_nothing_without_a_key" {
  command = plan

  assert {
    condition     = !strcontains(aws_iam_role_policy.function.policy, "kms:")
    error_message = aws_iam_role_policy.function.policy
  }
}

run "decrypts_log_files_with_a_key_by_arn" {
  command = plan

  variables {
    cloudtrail_logs_kms_key_id = "arn:aws:kms:us-east-1:222222222222:key/mrk-1111"
  }

  assert {
    condition = jsonencode([for statement in jsondecode(aws_iam_role_policy.function.policy).Statement : statement if statement.Sid == "DecryptLogFiles"]) == jsonencode([
      { Sid = "DecryptLogFiles", Effect = "Allow", Action = ["kms:Decrypt"], Resource = ["arn:aws:kms:us-east-1:222222222222:key/mrk-1111"] },
    ])
    error_message = aws_iam_role_policy.function.policy
  }
}

run "decrypts_log_files_with_a_key_by_id" {
  command = plan

  variables {
    cloudtrail_logs_kms_key_id = "11111111-1111-1111-1111-111111111111"
  }

  assert {
    condition = jsonencode([for statement in jsondecode(aws_iam_role_policy.function.policy).Statement : statement if statement.Sid == "DecryptLogFiles"]) == jsonencode([
      { Sid = "DecryptLogFiles", Effect = "Allow", Action = ["kms:Decrypt"], Resource = ["arn:aws:kms:eu-central-1:123456789012:key/11111111-1111-1111-1111-111111111111"] },
    ])
    error_message = aws_iam_role_policy.function.policy
  }
}

# An alias names no key, but its account and its region are known: anyone may give a key of his own that alias.

run "decrypts_log_files_with_a_key_by_alias" {
  command = plan

  variables {
    cloudtrail_logs_kms_key_id = "alias/trail"
  }

  assert {
    condition = jsonencode([for statement in jsondecode(aws_iam_role_policy.function.policy).Statement : statement if statement.Sid == "DecryptLogFiles"]) == jsonencode([{
      Sid       = "DecryptLogFiles"
      Effect    = "Allow"
      Action    = ["kms:Decrypt"]
      Resource  = ["arn:aws:kms:eu-central-1:123456789012:key/*"]
      Condition = { "ForAnyValue:StringEquals" = { "kms:ResourceAliases" = "alias/trail" } }
    }])
    error_message = aws_iam_role_policy.function.policy
  }
}

run "decrypts_log_files_with_a_key_by_the_arn_of_an_alias" {
  command = plan

  variables {
    cloudtrail_logs_kms_key_id = "arn:aws:kms:us-east-1:222222222222:alias/trail/organization"
  }

  assert {
    condition = jsonencode([for statement in jsondecode(aws_iam_role_policy.function.policy).Statement : statement if statement.Sid == "DecryptLogFiles"]) == jsonencode([{
      Sid       = "DecryptLogFiles"
      Effect    = "Allow"
      Action    = ["kms:Decrypt"]
      Resource  = ["arn:aws:kms:us-east-1:222222222222:key/*"]
      Condition = { "ForAnyValue:StringEquals" = { "kms:ResourceAliases" = "alias/trail/organization" } }
    }])
    error_message = aws_iam_role_policy.function.policy
  }
}
