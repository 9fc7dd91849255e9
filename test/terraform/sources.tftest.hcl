# The bucket that notifies the function directly, and which log files the function may read.

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
      for p in aws_lambda_permission.bucket : [p.statement_id, p.action, p.function_name, p.qualifier, p.principal, p.source_arn, p.source_account]
      ]) == jsonencode([
      ["AllowBucket-2e9e334a", "lambda:InvokeFunction", "cloudtrail-to-slack", "live", "s3.amazonaws.com", "arn:aws:s3:::example-logs", "123456789012"],
    ])
    error_message = jsonencode(aws_lambda_permission.bucket)
  }

  assert {
    condition = jsonencode([
      output.lambda_function_arn, output.alarms_topic_arn, output.s3_sns_fanout_topic_arn, output.s3_sns_fanout_topic_name,
      output.source_queue_arn,
    ]) == jsonencode(["arn:aws:lambda:eu-central-1:123456789012:function:cloudtrail-to-slack:live", null, null, null, null])
    error_message = "An output is wrong."
  }
}

run "is_notified_directly_when_every_source_is_null" {
  command = plan

  variables {
    sources = {
      log_files         = null
      bucket_account_id = null
      sns               = null
      sqs               = null
      eventbridge       = null
      api_calls         = null
      cloudwatch_logs   = null
      alarms            = null
    }
  }

  assert {
    condition = jsonencode([
      [for n in aws_s3_bucket_notification.this : [n.eventbridge, length(n.lambda_function), length(n.topic), length(n.queue)]],
      aws_lambda_permission.bucket[*].source_account,
    ]) == jsonencode([[[false, 1, 0, 0]], ["123456789012"]])
    error_message = jsonencode([aws_s3_bucket_notification.this, aws_lambda_permission.bucket])
  }
}

run "is_told_about_another_accounts_bucket_which_is_notified_there" {
  command = plan

  variables {
    create_bucket_notification = false
    sources                    = { bucket_account_id = "222222222222" }
  }

  assert {
    condition = jsonencode([
      length(aws_s3_bucket_notification.this),
      [for p in aws_lambda_permission.bucket : [p.statement_id, p.principal, p.source_arn, p.source_account]],
    ]) == jsonencode([0, [["AllowBucket-44215aa0", "s3.amazonaws.com", "arn:aws:s3:::example-logs", "222222222222"]]])
    error_message = jsonencode(aws_lambda_permission.bucket)
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
