# What fails comes again, later and later, and rests in the end: payload → retry queue → alias … → resting place.

locals {
  retry_queue_name  = "${var.function_name}-retry"
  dead_letters_name = "${var.function_name}-dead-letters"
  # The most there is.
  retention_seconds = 14 * 24 * 3600
  # Six times the function's timeout, as AWS asks for: the poller retries within it when the function is throttled.
  # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
  visibility_seconds = 6 * var.lambda_timeout_seconds
  # An attempt that ends in the midst comes again after that, and any other after 15 minutes at most.
  longest_attempts_seconds = max(900, local.visibility_seconds) * max(
    var.retry.max_attempts, local.makes_queue ? var.sources.sqs.max_receive_count : 1,
  )

  # By name, so that the plan shows the policies; whoever needs a queue to be there asks the resource.
  retry_queue_arn      = "arn:${local.partition}:sqs:${local.region}:${local.account_id}:${local.retry_queue_name}"
  own_dead_letters_arn = "arn:${local.partition}:sqs:${local.region}:${local.account_id}:${local.dead_letters_name}"

  # Where messages rest: a queue of yours, or else that of the module. SQS cannot redrive into a topic.
  dead_letter_target    = coalesce(var.dead_letter_target_arn, "-")
  rests_in_your_queue   = strcontains(local.dead_letter_target, ":sqs:")
  resting_place_arn     = local.rests_in_your_queue ? local.dead_letter_target : local.own_dead_letters_arn
  resting_place         = local.rests_in_your_queue ? local.dead_letter_target : aws_sqs_queue.dead_letters.arn
  resting_place_name    = element(split(":", local.resting_place_arn), 5)
  dead_letter_topic_arn = strcontains(local.dead_letter_target, ":sns:") ? [local.dead_letter_target] : []

  # Where letters may lie: deliveries that were given up rest in the queue of the module, also beside a queue of yours.
  resting_queue_names = distinct([local.resting_place_name, local.dead_letters_name])

  # Who gives up deliveries. By name too; of a bus by its ARN, which may be another account's, only the rule knows its own.
  giving_up_rules = concat(
    [
      for name, rule in local.event_rules : startswith(rule.bus_name, "arn:") ? aws_cloudwatch_event_rule.this[name].arn
      : "${local.rule_arn_prefix}${rule.bus_name == "default" ? "" : "${rule.bus_name}/"}${var.function_name}-${name}"
    ],
    var.reconcile == null ? [] : ["${local.rule_arn_prefix}${var.function_name}-reconcile"],
  )
  rule_arn_prefix = "arn:${local.partition}:events:${local.region}:${local.account_id}:rule/"
  giving_up_topics = concat(
    local.through_topic ? [local.topic_arn] : [],
    local.makes_alarms ? [local.alarms_topic_arn] : [],
    local.alarms == null ? [] : values(local.alarms.topic_arns),
  )
}

# Always there, also beside a queue of yours: what lies in it must not be deleted because dead_letter_target_arn changes.
resource "aws_sqs_queue" "dead_letters" {
  name                      = local.dead_letters_name
  message_retention_seconds = local.retention_seconds
  sqs_managed_sse_enabled   = true
  redrive_allow_policy = jsonencode({
    # About queues only: what rules and topics give up, the policy below lets in.
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
    redrivePermission = "byQueue"
    # The second one also where it is not made: each change of the policy would wait for half a minute.
    sourceQueueArns = [local.retry_queue_arn, local.source_queue_arn]
  })
  tags = var.tags
}

# What EventBridge and SNS cannot deliver (the function or its permission is gone, for a day or for weeks) rests beside what
# the function could not do. Each sends in its own name, where SQS moves messages without asking.
resource "aws_sqs_queue_policy" "dead_letters" {
  count = length(local.giving_up_rules) + length(local.giving_up_topics) == 0 ? 0 : 1

  queue_url = aws_sqs_queue.dead_letters.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      for sender in [
        { sid = "SendByRules", service = "events.amazonaws.com", arns = local.giving_up_rules },
        { sid = "SendByTopics", service = "sns.amazonaws.com", arns = local.giving_up_topics },
        ] : {
        Sid       = sender.sid
        Effect    = "Allow"
        Action    = "sqs:SendMessage"
        Principal = { Service = sender.service }
        Resource  = local.own_dead_letters_arn
        Condition = { ArnEquals = { "aws:SourceArn" = sender.arns } }
      } if length(sender.arns) > 0
    ]
  })

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_sqs_queue" "retry" {
  name                       = local.retry_queue_name
  visibility_timeout_seconds = local.visibility_seconds
  message_retention_seconds  = local.retention_seconds
  sqs_managed_sse_enabled    = true
  redrive_policy = jsonencode({
    deadLetterTargetArn = local.resting_place
    maxReceiveCount     = var.retry.max_attempts
  })
  tags = var.tags

  lifecycle {
    precondition {
      condition = anytrue([
        local.dead_letter_target == "-",
        alltrue([
          try(element(split(":", local.dead_letter_target), 3), "") == local.region,
          !local.rests_in_your_queue || try(element(split(":", local.dead_letter_target), 4), "") == local.account_id,
          !endswith(local.dead_letter_target, ".fifo"),
        ]),
      ])
      error_message = "dead_letter_target_arn is ${local.dead_letter_target}, and messages can rest only in a standard queue (not FIFO) of the function's own account and region, ${local.account_id} and ${local.region}, because SQS moves them nowhere else; a topic must be a standard one of that region. Give such a one, or none: messages then rest in a queue of the module."
    }
  }
}

# A payload that failed goes to the retry queue at once: there the delay grows, while Lambda would try only twice more
# within minutes. Six hours, the most there is, is how long it waits inside Lambda when the function is throttled.
# https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
resource "aws_lambda_function_event_invoke_config" "live" {
  function_name                = aws_lambda_function.this.function_name
  qualifier                    = aws_lambda_alias.live.name
  maximum_retry_attempts       = 0
  maximum_event_age_in_seconds = 21600
}

resource "aws_lambda_event_source_mapping" "retry" {
  event_source_arn        = aws_sqs_queue.retry.arn
  function_name           = aws_lambda_alias.live.arn
  function_response_types = ["ReportBatchItemFailures"]
  # One, so that a message that ends the invocation (time, memory) takes no other one with it.
  batch_size = 1

  scaling_config {
    # Enough to drain an outage of hours, and the account's concurrency stays with what is new: a hook takes about one
    # message per second, whoever sends it. Lambda receives no more than it may run, so that waiting costs no attempt.
    maximum_concurrency = 5
  }

  tags = var.tags

  # Lambda tries the queue with the function's role.
  depends_on = [aws_iam_role_policy.function]
}
