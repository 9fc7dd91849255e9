# The function, its role, its log group, its alias, and what they are called.

mock_provider "aws" {
  source          = "./test/terraform"
  override_during = plan
}

variables {
  cloudtrail_logs_s3_bucket_name   = "example-logs"
  default_slack_hook_ssm_parameter = "/hooks/default"
}

run "is_a_function_with_exactly_these_settings" {
  command = plan

  assert {
    condition = jsonencode({
      architectures = aws_lambda_function.this.architectures
      handler       = aws_lambda_function.this.handler
      memory        = aws_lambda_function.this.memory_size
      name          = aws_lambda_function.this.function_name
      publish       = aws_lambda_function.this.publish
      role          = aws_lambda_function.this.role
      runtime       = aws_lambda_function.this.runtime
      timeout       = aws_lambda_function.this.timeout
      }) == jsonencode({
      architectures = ["arm64"]
      handler       = "index.handler"
      memory        = 512
      name          = "cloudtrail-to-slack"
      publish       = true
      role          = "arn:aws:iam::123456789012:role/cloudtrail-to-slack-role"
      runtime       = "nodejs22.x"
      timeout       = 300
    })
    error_message = jsonencode(aws_lambda_function.this)
  }

  assert {
    condition = aws_lambda_function.this.environment[0].variables == tomap({
      CONFIGURATION_PARAMETERS = local.configuration_pointers
      CONFIGURATION_SHA256     = sha256(local.configuration_text)
      LOG_LEVEL                = "INFO"
    })
    error_message = jsonencode(aws_lambda_function.this.environment)
  }

  assert {
    condition     = aws_lambda_function.this.source_code_hash == filebase64sha256("lambda/dist/notifier.zip")
    error_message = "Another package than the committed one is deployed."
  }

  assert {
    condition     = aws_cloudwatch_log_group.function.name == "/aws/lambda/cloudtrail-to-slack" && aws_cloudwatch_log_group.function.retention_in_days == 30
    error_message = jsonencode(aws_cloudwatch_log_group.function)
  }

  assert {
    condition     = output.lambda_log_group_name == "/aws/lambda/cloudtrail-to-slack" && output.lambda_role_name == "cloudtrail-to-slack-role"
    error_message = "An output is wrong."
  }
}

run "moves_the_alias_to_the_version_that_was_checked" {
  command = plan

  assert {
    condition = jsonencode([
      [aws_lambda_invocation.self_check.function_name, aws_lambda_invocation.self_check.qualifier, jsondecode(aws_lambda_invocation.self_check.input)],
      [aws_lambda_alias.live.function_name, aws_lambda_alias.live.name, aws_lambda_alias.live.function_version],
      ]) == jsonencode([
      ["cloudtrail-to-slack", "7", { selfCheck = true }],
      ["cloudtrail-to-slack", "live", "7"],
    ])
    error_message = "The alias, or its check, is not of the version that is published."
  }
}

run "may_do_exactly_this" {
  command = plan

  assert {
    condition = jsonencode(jsondecode(aws_iam_role_policy.function.policy)) == jsonencode({
      Version = "2012-10-17"
      Statement = [
        {
          Sid      = "WriteLog"
          Effect   = "Allow"
          Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
          Resource = ["arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/cloudtrail-to-slack:*"]
        },
        {
          Sid      = "ReadLogFiles"
          Effect   = "Allow"
          Action   = ["s3:GetObject"]
          Resource = ["arn:aws:s3:::example-logs/AWSLogs/*"]
        },
        {
          Sid      = "ReadConfiguration"
          Effect   = "Allow"
          Action   = ["ssm:GetParameters"]
          Resource = ["arn:aws:ssm:eu-central-1:123456789012:parameter/cloudtrail-to-slack/configuration/*"]
        },
        {
          Sid      = "ReadSecrets"
          Effect   = "Allow"
          Action   = ["ssm:GetParameters"]
          Resource = ["arn:aws:ssm:eu-central-1:123456789012:parameter/hooks/default"]
        },
        {
          Sid      = "SendToRetryQueue"
          Effect   = "Allow"
          Action   = ["sqs:SendMessage"]
          Resource = ["arn:aws:sqs:eu-central-1:123456789012:cloudtrail-to-slack-retry"]
        },
        {
          Sid      = "ReceiveRetries"
          Effect   = "Allow"
          Action   = ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
          Resource = ["arn:aws:sqs:eu-central-1:123456789012:cloudtrail-to-slack-retry"]
        },
        {
          Sid      = "UseLedger"
          Effect   = "Allow"
          Action   = ["dynamodb:BatchGetItem", "dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
          Resource = ["arn:aws:dynamodb:eu-central-1:123456789012:table/cloudtrail-to-slack-ledger"]
        },
        {
          Sid       = "ListDigestFiles"
          Effect    = "Allow"
          Action    = ["s3:ListBucket"]
          Resource  = ["arn:aws:s3:::example-logs"]
          Condition = { StringLikeIfExists = { "s3:prefix" = "AWSLogs/*" } }
        },
      ]
    })
    error_message = aws_iam_role_policy.function.policy
  }

  assert {
    condition = jsonencode([
      aws_iam_role.function.name, aws_iam_role.function.permissions_boundary, aws_iam_role_policy.function.name, jsondecode(aws_iam_role.function.assume_role_policy),
      ]) == jsonencode([
      "cloudtrail-to-slack-role", null, "cloudtrail-to-slack-policy",
      {
        Version   = "2012-10-17"
        Statement = [{ Sid = "AssumeByLambda", Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
      },
    ])
    error_message = jsonencode(aws_iam_role.function)
  }
}

run "takes_other_settings" {
  command = plan

  variables {
    function_name                 = "fivexl-cloudtrail-to-slack"
    lambda_architecture           = "x86_64"
    lambda_logs_retention_in_days = 365
    lambda_memory_size            = 1024
    lambda_timeout_seconds        = 60
    log_level                     = "DEBUG"
    reconcile                     = {}
    role_permissions_boundary     = "arn:aws:iam::123456789012:policy/boundary"
    sources = {
      sns             = {}
      sqs             = {}
      api_calls       = {}
      cloudwatch_logs = { log_group_name = "trail" }
      alarms          = { log_group_name = "trail", conditions = { root_use = {} } }
    }
  }

  assert {
    condition = jsonencode({
      architectures = aws_lambda_function.this.architectures
      boundary      = aws_iam_role.function.permissions_boundary
      level         = aws_lambda_function.this.environment[0].variables.LOG_LEVEL
      memory        = aws_lambda_function.this.memory_size
      retention     = aws_cloudwatch_log_group.function.retention_in_days
      timeout       = aws_lambda_function.this.timeout
      }) == jsonencode({
      architectures = ["x86_64"]
      boundary      = "arn:aws:iam::123456789012:policy/boundary"
      level         = "DEBUG"
      memory        = 1024
      retention     = 365
      timeout       = 60
    })
    error_message = jsonencode(aws_lambda_function.this)
  }

  assert {
    condition = jsonencode([local.configuration_document.rule_config.self.queues, local.configuration_document.rule_config.self.tables]) == jsonencode([
      [
        "123456789012/fivexl-cloudtrail-to-slack-dead-letters", "123456789012/fivexl-cloudtrail-to-slack-retry",
        "123456789012/fivexl-cloudtrail-to-slack-source",
      ],
      ["fivexl-cloudtrail-to-slack-ledger"],
    ])
    error_message = jsonencode(local.configuration_document.rule_config)
  }

  assert {
    condition = alltrue([
      for name in concat(
        [aws_lambda_function.this.function_name, aws_iam_role.function.name, aws_iam_role_policy.function.name, trimprefix(aws_cloudwatch_log_group.function.name, "/aws/lambda/")],
        [for slot in aws_ssm_parameter.configuration : trimprefix(slot.name, "/")],
        [for topic in concat(aws_sns_topic.fanout, aws_sns_topic.alarms) : topic.name],
        [for queue in concat(aws_sqs_queue.source, [aws_sqs_queue.dead_letters, aws_sqs_queue.retry]) : queue.name],
        [for rule in concat(values(aws_cloudwatch_event_rule.this), aws_cloudwatch_event_rule.reconcile) : rule.name],
        [for table in aws_dynamodb_table.ledger : table.name],
        [for dashboard in aws_cloudwatch_dashboard.this : dashboard.dashboard_name],
        [for target in aws_cloudwatch_event_target.this : target.target_id],
        [for filter in aws_cloudwatch_log_subscription_filter.this : filter.name],
        [for filter in aws_cloudwatch_log_metric_filter.this : filter.name],
        [for alarm in concat(values(aws_cloudwatch_metric_alarm.this), values(aws_cloudwatch_metric_alarm.health)) : alarm.alarm_name],
        [for alarm in aws_cloudwatch_metric_alarm.this : alarm.metric_name],
      ) : startswith(name, "fivexl-cloudtrail-to-slack")
    ])
    error_message = "Something is not called after function_name."
  }
}

run "tags_everything" {
  command = plan

  variables {
    aws_sns_topic_subscriptions      = { "soc@example.org" = "email" }
    default_slack_hook_ssm_parameter = null
    default_slack_hook_url           = "https://hooks.slack.com/services/T/B/confidential"
    enable_s3_sns_fanout             = true
    reconcile                        = {}
    sources = {
      sqs       = {}
      api_calls = {}
      alarms    = { log_group_name = "trail", conditions = { root_use = {} } }
    }
    tags = { team = "security" }
  }

  assert {
    condition = distinct(concat(
      [aws_cloudwatch_log_group.function.tags, aws_iam_role.function.tags, aws_lambda_function.this.tags],
      [for slot in aws_ssm_parameter.configuration : slot.tags],
      [for secret in aws_ssm_parameter.secret : secret.tags],
      aws_sns_topic.alerts[*].tags,
      aws_sns_topic.fanout[*].tags,
      aws_sns_topic.alarms[*].tags,
      aws_sqs_queue.source[*].tags,
      [aws_sqs_queue.dead_letters.tags, aws_sqs_queue.retry.tags, aws_lambda_event_source_mapping.retry.tags],
      aws_dynamodb_table.ledger[*].tags,
      aws_lambda_event_source_mapping.queue[*].tags,
      [for rule in concat(values(aws_cloudwatch_event_rule.this), aws_cloudwatch_event_rule.reconcile) : rule.tags],
      [for alarm in concat(values(aws_cloudwatch_metric_alarm.this), values(aws_cloudwatch_metric_alarm.health)) : alarm.tags],
    )) == tolist([tomap({ team = "security" })])
    error_message = "Something has other tags."
  }
}

run "names_the_partition_that_it_runs_in" {
  command = plan

  override_data {
    target          = data.aws_partition.current
    override_during = plan
    values          = { partition = "aws-cn" }
  }

  variables {
    cloudtrail_logs_kms_key_id = "11111111-1111-1111-1111-111111111111"
  }

  assert {
    condition = alltrue([
      for statement in jsondecode(aws_iam_role_policy.function.policy).Statement :
      alltrue([for arn in statement.Resource : startswith(arn, "arn:aws-cn:")]) if statement.Sid != "WriteLog"
    ]) && startswith(aws_lambda_permission.bucket[0].source_arn, "arn:aws-cn:")
    error_message = aws_iam_role_policy.function.policy
  }
}

run "names_the_partition_of_its_sources" {
  command = plan

  override_data {
    target          = data.aws_partition.current
    override_during = plan
    values          = { partition = "aws-cn" }
  }

  variables {
    sources = { sns = {}, sqs = {}, cloudwatch_logs = { log_group_name = "trail" } }
  }

  assert {
    condition = jsonencode([
      jsondecode(aws_sns_topic_policy.fanout[0].policy).Statement[0].Condition.ArnEquals,
      jsondecode(aws_sqs_queue_policy.source[0].policy).Statement[0].Condition.ArnEquals,
      [for s in jsondecode(aws_iam_role_policy.function.policy).Statement : s.Resource if s.Sid == "ReceiveMessages"],
      aws_lambda_permission.log_group[*].source_arn,
      ]) == jsonencode([
      { "aws:SourceArn" = "arn:aws-cn:s3:::example-logs" },
      { "aws:SourceArn" = "arn:aws-cn:sns:eu-central-1:123456789012:cloudtrail-to-slack-source" },
      [["arn:aws-cn:sqs:eu-central-1:123456789012:cloudtrail-to-slack-source"]],
      ["arn:aws-cn:logs:eu-central-1:123456789012:log-group:trail:*"],
    ])
    error_message = aws_iam_role_policy.function.policy
  }
}
