# What calls the function: the bucket's notification, directly or through a topic.

locals {
  bucket_arn = "arn:${local.partition}:s3:::${var.cloudtrail_logs_s3_bucket_name}"
  bucket_events = concat(
    ["s3:ObjectCreated:*"],
    var.s3_removed_object_notification ? ["s3:ObjectRemoved:*"] : [],
  )
  makes_fanout_topic = var.enable_s3_sns_fanout && var.create_s3_sns_fanout_topic
  fanout_topic_arn = (
    !var.enable_s3_sns_fanout ? null : local.makes_fanout_topic ? one(aws_sns_topic.fanout[*].arn) : var.s3_sns_fanout_topic_arn
  )
}

resource "aws_s3_bucket_notification" "this" {
  count = var.create_bucket_notification ? 1 : 0

  bucket      = var.cloudtrail_logs_s3_bucket_name
  eventbridge = var.enable_eventbridge_notifications || var.enable_eventbridge_notificaitons

  dynamic "lambda_function" {
    for_each = var.enable_s3_sns_fanout ? [] : [aws_lambda_alias.live.arn]
    content {
      lambda_function_arn = lambda_function.value
      events              = local.bucket_events
      filter_prefix       = var.s3_notification_filter_prefix
      filter_suffix       = ".json.gz"
    }
  }

  dynamic "topic" {
    for_each = var.enable_s3_sns_fanout ? [local.fanout_topic_arn] : []
    content {
      topic_arn     = topic.value
      events        = local.bucket_events
      filter_prefix = var.s3_notification_filter_prefix
      filter_suffix = ".json.gz"
    }
  }

  # S3 tries the target when the notification is made.
  depends_on = [aws_lambda_permission.bucket, aws_sns_topic_policy.fanout]
}

resource "aws_lambda_permission" "bucket" {
  count = var.enable_s3_sns_fanout ? 0 : 1

  statement_id   = "AllowBucket"
  action         = "lambda:InvokeFunction"
  function_name  = aws_lambda_function.this.function_name
  qualifier      = aws_lambda_alias.live.name
  principal      = "s3.amazonaws.com"
  source_arn     = local.bucket_arn
  source_account = local.account_id
}

resource "aws_sns_topic" "fanout" {
  count = local.makes_fanout_topic ? 1 : 0

  name = var.s3_sns_fanout_topic_name
  tags = var.tags
}

resource "aws_sns_topic_policy" "fanout" {
  count = local.makes_fanout_topic ? 1 : 0

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
        StringEquals = { "aws:SourceAccount" = local.account_id }
      }
    }]
  })
}

resource "aws_sns_topic_subscription" "fanout" {
  count = var.enable_s3_sns_fanout ? 1 : 0

  topic_arn = local.fanout_topic_arn
  protocol  = "lambda"
  endpoint  = aws_lambda_alias.live.arn

  depends_on = [aws_lambda_permission.fanout]
}

resource "aws_lambda_permission" "fanout" {
  count = var.enable_s3_sns_fanout ? 1 : 0

  statement_id   = "AllowFanoutTopic"
  action         = "lambda:InvokeFunction"
  function_name  = aws_lambda_function.this.function_name
  qualifier      = aws_lambda_alias.live.name
  principal      = "sns.amazonaws.com"
  source_arn     = local.fanout_topic_arn
  source_account = local.account_id
}
