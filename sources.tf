# What calls the function. The notifications of the bucket take one way: directly, or through a topic, a queue (behind
# the topic, where both are there) or EventBridge. API calls, log events and alarms come beside it.

locals {
  log_files  = var.sources.log_files
  bucket     = coalesce(var.cloudtrail_logs_s3_bucket_name, "-")
  bucket_arn = "arn:${local.partition}:s3:::${local.bucket}"
  # Whose bucket it is: an ARN of S3 does not tell.
  bucket_account_id = coalesce(var.sources.bucket_account_id, local.account_id)
  bucket_events = concat(
    ["s3:ObjectCreated:*"],
    var.s3_removed_object_notification ? ["s3:ObjectRemoved:*"] : [],
  )

  # The older module's variables say the same as sources.sns.
  through_topic = var.enable_s3_sns_fanout || var.sources.sns != null
  makes_topic   = var.enable_s3_sns_fanout ? var.create_s3_sns_fanout_topic : try(var.sources.sns.create_topic, false)
  topic_name    = var.enable_s3_sns_fanout ? var.s3_sns_fanout_topic_name : "${var.function_name}-source"
  # By name, so that the plan shows the policies; whoever needs the topic to be there asks the resource.
  topic_arn = (
    !local.through_topic ? null
    : local.makes_topic ? "arn:${local.partition}:sns:${local.region}:${local.account_id}:${local.topic_name}"
    : var.enable_s3_sns_fanout ? var.s3_sns_fanout_topic_arn : var.sources.sns.topic_arn
  )
  topic = local.makes_topic ? one(aws_sns_topic.fanout[*].arn) : local.topic_arn

  through_queue = var.sources.sqs != null
  makes_queue   = try(var.sources.sqs.create_queue, false)
  queue_name    = "${var.function_name}-source"
  # What the queue of the module is called, whether it is made or not.
  source_queue_arn = "arn:${local.partition}:sqs:${local.region}:${local.account_id}:${local.queue_name}"
  queue_arn        = !local.through_queue ? null : local.makes_queue ? local.source_queue_arn : var.sources.sqs.queue_arn
  queue            = local.makes_queue ? one(aws_sqs_queue.source[*].arn) : local.queue_arn

  through_eventbridge = var.sources.eventbridge != null

  # The first station of the bucket's notifications, which S3 knows.
  notifies = (
    local.through_eventbridge ? "eventbridge"
    : local.through_topic ? "topic"
    : local.through_queue ? "queue"
    : "function"
  )
  # Nobody but S3 itself may know the function directly.
  calls_function_directly = local.log_files && local.notifies == "function"

  event_rules = {
    for name, rule in {
      objects = {
        description = "Log files that are written to ${local.bucket} or removed from it"
        bus_name    = try(var.sources.eventbridge.bus_name, null)
        state       = "ENABLED"
        pattern = jsonencode({
          source        = ["aws.s3"]
          "detail-type" = concat(["Object Created"], var.s3_removed_object_notification ? ["Object Deleted"] : [])
          detail = {
            bucket = { name = [local.bucket] }
            object = { key = [{ wildcard = "${replace(var.s3_notification_filter_prefix, "/([*\\\\])/", "\\$1")}*.json.gz" }] }
          }
        })
      }
      api-calls = {
        description = "API calls, sign-ins and Insights, as CloudTrail records them"
        bus_name    = try(var.sources.api_calls.bus_name, null)
        state       = try(var.sources.api_calls.include_reads, false) ? "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS" : "ENABLED"
        pattern = jsonencode({
          # Only AWS itself can send events with such a source.
          source = [{ prefix = "aws." }]
          "detail-type" = [
            "AWS API Call via CloudTrail",
            "AWS Console Sign In via CloudTrail",
            "AWS Console Signin via CloudTrail", # as one page of the documentation spells it
            "AWS Console Action via CloudTrail",
            "AWS Service Event via CloudTrail",
            "AWS Insight via CloudTrail",
            "AWS Network Activity Event via CloudTrail",
          ]
        })
      }
    } : name => rule if(name == "objects" ? local.through_eventbridge : var.sources.api_calls != null)
  }
}

# ---------------------------------------------------------------------------------------------------------------------
# The bucket's notification
# ---------------------------------------------------------------------------------------------------------------------

resource "aws_s3_bucket_notification" "this" {
  count = local.log_files && var.create_bucket_notification ? 1 : 0

  bucket = var.cloudtrail_logs_s3_bucket_name
  eventbridge = anytrue([
    local.through_eventbridge, var.enable_eventbridge_notifications, var.enable_eventbridge_notificaitons,
  ])

  dynamic "lambda_function" {
    for_each = local.notifies == "function" ? [aws_lambda_alias.live.arn] : []
    content {
      lambda_function_arn = lambda_function.value
      events              = local.bucket_events
      filter_prefix       = var.s3_notification_filter_prefix
      filter_suffix       = ".json.gz"
    }
  }

  dynamic "topic" {
    for_each = local.notifies == "topic" ? [local.topic] : []
    content {
      topic_arn     = topic.value
      events        = local.bucket_events
      filter_prefix = var.s3_notification_filter_prefix
      filter_suffix = ".json.gz"
    }
  }

  dynamic "queue" {
    for_each = local.notifies == "queue" ? [local.queue] : []
    content {
      queue_arn     = queue.value
      events        = local.bucket_events
      filter_prefix = var.s3_notification_filter_prefix
      filter_suffix = ".json.gz"
    }
  }

  # S3 tries the target when the notification is made. When the way changes, the new one has to lead to the function before
  # S3 is told of it, and the old one (see create_before_destroy) as long as S3 does not know: or files go unread meanwhile.
  depends_on = [
    aws_cloudwatch_event_target.this,
    aws_lambda_event_source_mapping.queue,
    aws_lambda_permission.bucket,
    aws_sns_topic_policy.fanout,
    aws_sns_topic_subscription.fanout,
    aws_sqs_queue_policy.source,
  ]
}

resource "aws_lambda_permission" "bucket" {
  count = local.calls_function_directly ? 1 : 0

  # AddPermission refuses an id that is taken, so it follows what makes Terraform replace the permission.
  statement_id   = "AllowBucket-${substr(sha256("${local.bucket_arn} ${local.bucket_account_id}"), 0, 8)}"
  action         = "lambda:InvokeFunction"
  function_name  = aws_lambda_function.this.function_name
  qualifier      = aws_lambda_alias.live.name
  principal      = "s3.amazonaws.com"
  source_arn     = local.bucket_arn
  source_account = local.bucket_account_id

  lifecycle {
    create_before_destroy = true
  }
}

# ---------------------------------------------------------------------------------------------------------------------
# Through a topic
# ---------------------------------------------------------------------------------------------------------------------

resource "aws_sns_topic" "fanout" {
  count = local.makes_topic ? 1 : 0

  name = local.topic_name
  tags = var.tags
}

resource "aws_sns_topic_policy" "fanout" {
  count = local.makes_topic ? 1 : 0

  arn = aws_sns_topic.fanout[0].arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "PublishByBucket"
      Effect    = "Allow"
      Action    = "sns:Publish"
      Principal = { Service = "s3.amazonaws.com" }
      Resource  = aws_sns_topic.fanout[0].arn
      Condition = {
        ArnEquals    = { "aws:SourceArn" = local.bucket_arn }
        StringEquals = { "aws:SourceAccount" = local.bucket_account_id }
      }
    }]
  })

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_sns_topic_subscription" "fanout" {
  count = local.through_topic ? 1 : 0

  topic_arn = local.topic
  protocol  = local.through_queue ? "sqs" : "lambda"
  endpoint  = local.through_queue ? local.queue : aws_lambda_alias.live.arn
  # Where what cannot be delivered rests.
  redrive_policy = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead_letters.arn })

  lifecycle {
    create_before_destroy = true

    precondition {
      condition     = element(split(":", local.topic_arn), 3) == local.region
      error_message = "The topic ${local.topic_arn} is in another region than the function, and Terraform can subscribe only in its own. Give a topic of ${local.region}, or subscribe the output lambda_function_arn with a provider of that region, with an aws_lambda_permission for the topic."
    }
  }

  depends_on = [aws_lambda_permission.fanout, aws_sqs_queue_policy.dead_letters, aws_sqs_queue_policy.source]
}

resource "aws_lambda_permission" "fanout" {
  count = local.through_topic && !local.through_queue ? 1 : 0

  statement_id  = "AllowFanoutTopic-${substr(sha256(local.topic_arn), 0, 8)}"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.this.function_name
  qualifier     = aws_lambda_alias.live.name
  principal     = "sns.amazonaws.com"
  source_arn    = local.topic_arn

  lifecycle {
    create_before_destroy = true
  }
}

# ---------------------------------------------------------------------------------------------------------------------
# Through a queue
# ---------------------------------------------------------------------------------------------------------------------

resource "aws_sqs_queue" "source" {
  count = local.makes_queue ? 1 : 0

  name                       = local.queue_name
  visibility_timeout_seconds = local.visibility_seconds
  message_retention_seconds  = local.retention_seconds
  sqs_managed_sse_enabled    = true
  redrive_policy = jsonencode({
    deadLetterTargetArn = local.resting_place
    maxReceiveCount     = var.sources.sqs.max_receive_count
  })
  tags = var.tags
}

resource "aws_sqs_queue_policy" "source" {
  count = local.makes_queue ? 1 : 0

  queue_url = aws_sqs_queue.source[0].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [for sender in compact([local.log_files && local.notifies == "queue" ? "bucket" : ""]) : {
        Sid       = "SendByBucket"
        Effect    = "Allow"
        Action    = "sqs:SendMessage"
        Principal = { Service = "s3.amazonaws.com" }
        Resource  = aws_sqs_queue.source[0].arn
        Condition = {
          ArnEquals    = { "aws:SourceArn" = local.bucket_arn }
          StringEquals = { "aws:SourceAccount" = local.bucket_account_id }
        }
      }],
      [for sender in compact([local.through_topic ? "topic" : ""]) : {
        Sid       = "SendByTopic"
        Effect    = "Allow"
        Action    = "sqs:SendMessage"
        Principal = { Service = "sns.amazonaws.com" }
        Resource  = aws_sqs_queue.source[0].arn
        Condition = { ArnEquals = { "aws:SourceArn" = local.topic_arn } }
      }],
      [for name, rule in aws_cloudwatch_event_rule.this : {
        Sid       = "SendByRule${join("", [for part in split("-", name) : title(part)])}"
        Effect    = "Allow"
        Action    = "sqs:SendMessage"
        Principal = { Service = "events.amazonaws.com" }
        Resource  = aws_sqs_queue.source[0].arn
        Condition = { ArnEquals = { "aws:SourceArn" = rule.arn } }
      }],
    )
  })

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_lambda_event_source_mapping" "queue" {
  count = local.through_queue ? 1 : 0

  event_source_arn        = local.queue
  function_name           = aws_lambda_alias.live.arn
  function_response_types = ["ReportBatchItemFailures"]
  # One, as with the retry queue: a message that ends the invocation (time, memory) takes no other one with it.
  batch_size = 1

  dynamic "scaling_config" {
    for_each = var.sources.sqs.maximum_concurrency == null ? [] : [var.sources.sqs.maximum_concurrency]
    content {
      maximum_concurrency = scaling_config.value
    }
  }

  tags = var.tags

  lifecycle {
    create_before_destroy = true

    precondition {
      condition     = element(split(":", local.queue_arn), 3) == local.region
      error_message = "The queue ${local.queue_arn} is in another region than the function, which Lambda does not read from. Give a queue of ${local.region}."
    }
  }

  # Lambda tries the queue with the function's role.
  depends_on = [aws_iam_role_policy.function]
}

# ---------------------------------------------------------------------------------------------------------------------
# From EventBridge
# ---------------------------------------------------------------------------------------------------------------------

resource "aws_cloudwatch_event_rule" "this" {
  for_each = local.event_rules

  name           = "${var.function_name}-${each.key}"
  description    = each.value.description
  event_bus_name = each.value.bus_name
  event_pattern  = each.value.pattern
  state          = each.value.state
  tags           = var.tags
}

resource "aws_cloudwatch_event_target" "this" {
  for_each = local.event_rules

  rule           = aws_cloudwatch_event_rule.this[each.key].name
  event_bus_name = each.value.bus_name
  target_id      = var.function_name
  arn            = local.through_queue ? local.queue : aws_lambda_alias.live.arn

  # EventBridge tries for a day, or not at all when it may not, and would then drop the event.
  dead_letter_config {
    arn = aws_sqs_queue.dead_letters.arn
  }

  lifecycle {
    create_before_destroy = true
  }

  depends_on = [aws_lambda_permission.event_rule, aws_sqs_queue_policy.dead_letters, aws_sqs_queue_policy.source]
}

# An ARN of SNS and EventBridge holds the account, so their permissions ask for nothing else: EventBridge invokes nothing
# whose permission also asks for the source account.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-troubleshooting.html
resource "aws_lambda_permission" "event_rule" {
  for_each = { for name, rule in local.event_rules : name => rule if !local.through_queue }

  statement_id  = "AllowRule-${each.key}-${substr(sha256(each.value.bus_name), 0, 8)}"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.this.function_name
  qualifier     = aws_lambda_alias.live.name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.this[each.key].arn

  lifecycle {
    create_before_destroy = true
  }
}

# ---------------------------------------------------------------------------------------------------------------------
# From CloudWatch Logs
# ---------------------------------------------------------------------------------------------------------------------

resource "aws_cloudwatch_log_subscription_filter" "this" {
  count = var.sources.cloudwatch_logs == null ? 0 : 1

  name            = var.function_name
  log_group_name  = var.sources.cloudwatch_logs.log_group_name
  filter_pattern  = var.sources.cloudwatch_logs.filter_pattern
  destination_arn = aws_lambda_alias.live.arn

  lifecycle {
    precondition {
      condition     = var.sources.cloudwatch_logs.log_group_name != "/aws/lambda/${var.function_name}"
      error_message = "sources.cloudwatch_logs.log_group_name is the log group of the function itself, which would call itself without end: name the log group of the trail."
    }
  }

  # CloudWatch Logs tries the function when the filter is made.
  depends_on = [aws_lambda_permission.log_group]
}

resource "aws_lambda_permission" "log_group" {
  count = var.sources.cloudwatch_logs == null ? 0 : 1

  statement_id   = "AllowLogGroup"
  action         = "lambda:InvokeFunction"
  function_name  = aws_lambda_function.this.function_name
  qualifier      = aws_lambda_alias.live.name
  principal      = "logs.amazonaws.com"
  source_arn     = "arn:${local.partition}:logs:${local.region}:${local.account_id}:log-group:${var.sources.cloudwatch_logs.log_group_name}:*"
  source_account = local.account_id
}
