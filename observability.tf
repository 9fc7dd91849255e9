# What watches the function itself: alarms about what would otherwise fail in silence, and a dashboard.

locals {
  metrics_namespace = "CloudTrailToSlack"
  of_function       = { FunctionName = var.function_name }
  # Something that comes from CloudTrail all by itself, so that its absence means something.
  hears_regularly = local.log_files || try(var.sources.cloudwatch_logs.filter_pattern, "-") == ""

  health_alarm_defaults = {
    when        = true
    namespace   = local.metrics_namespace
    dimensions  = local.of_function
    metric      = null
    expression  = null
    queries     = {}
    statistic   = "Sum"
    period      = 300
    periods     = 1
    datapoints  = 1
    comparison  = "GreaterThanOrEqualToThreshold"
    threshold   = 1
    missing     = "notBreaching"
    more_topics = []
    # Whether silence afterwards means that all is well again.
    recovers = true
  }
  # In three of the last twelve periods of five minutes: the retries outlast what is shorter.
  keeps_happening = { periods = 12, datapoints = 3 }

  # Received or not: who looks at letters, or hands them in again, makes none.
  letter_counts = merge([
    for state, metric in { held = "ApproximateNumberOfMessagesNotVisible", resting = "ApproximateNumberOfMessagesVisible" } : {
      for index, name in local.resting_queue_names : "${state}${index}" => { namespace = "AWS/SQS", metric = metric, dimensions = { QueueName = name } }
    }
  ]...)
  letter_ages = {
    for index, name in local.resting_queue_names : "age${index}" => { namespace = "AWS/SQS", metric = "ApproximateAgeOfOldestMessage", dimensions = { QueueName = name } }
  }
  redrive_hint = join(" and ", [for name in local.resting_queue_names : "cloudtrail-to-slack redrive --function-name ${var.function_name} --queue ${name}"])
  # The age of a letter begins anew when SQS moves it, but what is left of the 14 days does not: a day before the end of
  # what the attempts may have left.
  # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
  letter_days = min(10, floor((local.retention_seconds - local.longest_attempts_seconds) / 86400) - 1)

  made_health_alarms = {
    for name, alarm in local.health_alarms : name => merge(local.health_alarm_defaults, alarm)
    if var.monitoring.alarms && try(alarm.when, true)
  }

  # By what comes after the function's name. Hyphens, while the names of conditions in alarms.tf have underscores.
  health_alarms = {
    altered-files = {
      when        = var.ledger.enabled && local.log_files
      description = "A log file or digest differs from the hash that CloudTrail signed: somebody changed the record of what was done. Treat it as an incident: compare with other copies, and look for PutObject on the bucket."
      metric      = "AlteredFiles"
      recovers    = false
    }
    dead-destinations = {
      description = "Slack says that a hook or channel is gone: its alerts go to the default destination. Make a new hook, or correct the route."
      metric      = "DeadDestinations"
      recovers    = false
    }
    dead-letter-errors = {
      description = "Lambda could not put a failed payload into the retry queue, and it is lost there: too large (256 KB), or the queue or its permission is gone. Apply again, and have the log files of that time read again (reconcile)."
      namespace   = "AWS/Lambda"
      metric      = "DeadLetterErrors"
      more_topics = local.dead_letter_topic_arn
      recovers    = false
    }
    # When more letters rest than a minute before: a depth would be heard once, and not again until all are gone. It goes
    # back by itself, which means no more than that no others came. SQS does not count as sent what it moves.
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/dead-letter-queues-alarms-cloudwatch.html
    dead-letters = {
      description = "New messages rest as dead letters, for 14 days from their arrival: they failed at every attempt, or EventBridge or a topic could not deliver them. The function's log says why; mend it, then: ${local.redrive_hint}"
      expression  = "DIFF(${join(" + ", [for id in keys(local.letter_counts) : "FILL(FILL(${id}, REPEAT), 0)"])})"
      queries     = local.letter_counts
      statistic   = "Maximum"
      # SQS counts every minute. Several, so that there is one to compare with also before the first letter of an idle queue.
      period      = 60
      periods     = 15
      more_topics = local.dead_letter_topic_arn
      recovers    = false
    }
    dead-letters-expire = {
      description = "A dead letter has rested for ${local.letter_days} days, and SQS deletes it 14 days after it first arrived, the time of its attempts included. Hand it in again, or see that it may go: ${local.redrive_hint}"
      expression  = length(local.resting_queue_names) == 1 ? "FILL(age0, 0)" : "MAX([FILL(age0, 0), FILL(age1, 0)])"
      queries     = local.letter_ages
      statistic   = "Maximum"
      period      = 3600
      comparison  = "GreaterThanThreshold"
      threshold   = local.letter_days * 24 * 3600
      more_topics = local.dead_letter_topic_arn
    }
    digests-not-found = {
      when        = var.reconcile != null
      description = "For hours reconciling has found no digest file: log file validation is off for the trail, or s3_notification_filter_prefix leaves them out. A notification that never comes stays unnoticed."
      metric      = "DigestsNotFound"
      period      = 3600
      periods     = 6
      datapoints  = 3
    }
    dropped-events = merge(local.keeps_happening, {
      description = "Lambda gives up more payloads than come into the retry queue: what is missing there may be lost. Look whether the function's dead-letter queue was changed, apply again, and have the log files of that time read again (reconcile)."
      # Lambda counts also what it drops after it has put it into the queue.
      # https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
      # What the function sends itself, to tell of repeats, was not dropped before.
      expression = "dropped - FILL(kept, 0) + FILL(wakes, 0)"
      queries = {
        dropped = { namespace = "AWS/Lambda", metric = "AsyncEventsDropped", dimensions = local.of_function }
        kept    = { namespace = "AWS/SQS", metric = "NumberOfMessagesSent", dimensions = { QueueName = local.retry_queue_name } }
        wakes   = { namespace = "CloudTrailToSlack", metric = "WakesAsked", dimensions = local.of_function }
      }
      more_topics = local.dead_letter_topic_arn
      recovers    = false
    })
    function-errors = merge(local.keeps_happening, {
      description = "Invocations keep failing: files or messages cannot be finished (Slack, S3, a hook), time or memory run out, or configuration or permission is missing. Nothing is lost yet, it waits in the retry queue; the function's log says why."
      namespace   = "AWS/Lambda"
      metric      = "Errors"
    })
    identities-broken = {
      description = "Counts of an invocation do not add up: something was dropped without being counted. Look for \"counts do not reconcile\" in the function's log, have those files read again, and report it."
      metric      = "IdentitiesBroken"
      recovers    = false
    }
    ledger-errors = merge(local.keeps_happening, {
      when        = var.ledger.enabled
      description = "The ledger cannot be read or written: alerts are told all the same, but what comes again is told again. Look at the table, its key and the role's policy."
      metric      = "LedgerErrors"
    })
    messages-failing = merge(local.keeps_happening, {
      description = "Messages of the retry queue or the source queue keep failing: alerts are late, and rest as dead letters after the last attempt. The function's log names file or destination, and the reason."
      metric      = "MessagesFailed"
    })
    # One missing file is read at once and no reason to wake anybody; hours of them say that the notifications do not come.
    missing-files = {
      when        = var.ledger.enabled && local.log_files
      description = "For hours digests have listed log files that were not processed: nobody is notified about them, or they keep failing (see messages-failing first). Look at the notification of the bucket and what it passes."
      metric      = "MissingFiles"
      period      = 3600
      periods     = 6
      datapoints  = 3
    }
    nothing-received = {
      when        = var.monitoring.quiet_hours > 0 && local.hears_regularly
      description = "Nothing has come from CloudTrail for ${var.monitoring.quiet_hours} hours: the trail is stopped or deleted, or the way to the function is cut. Look at the trail (aws cloudtrail get-trail-status), then at what brings its files or records here. On until the first one comes."
      # Not the invocations: a schedule makes some without anything having come.
      metric     = "FromCloudTrail"
      period     = 3600
      periods    = var.monitoring.quiet_hours
      datapoints = var.monitoring.quiet_hours
      comparison = "LessThanThreshold"
      missing    = "breaching"
    }
    # Of messages that were received three times this metric knows nothing more; messages-failing is about those.
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
    retry-age = {
      description = "A message has waited in the retry queue for an hour and nobody took it: the event source mapping is disabled, or the function has no concurrency. Enable it, or apply again."
      namespace   = "AWS/SQS"
      dimensions  = { QueueName = local.retry_queue_name }
      metric      = "ApproximateAgeOfOldestMessage"
      statistic   = "Maximum"
      comparison  = "GreaterThanThreshold"
      threshold   = 3600
    }
    source-age = {
      when        = local.makes_queue
      description = "A message has waited in the source queue for an hour and nobody took it: the event source mapping is disabled, or the function has no concurrency. Enable it, or apply again."
      namespace   = "AWS/SQS"
      dimensions  = { QueueName = local.queue_name }
      metric      = "ApproximateAgeOfOldestMessage"
      statistic   = "Maximum"
      comparison  = "GreaterThanThreshold"
      threshold   = 3600
    }
    # Throttling fails nothing, and so no other alarm sees that everything is late; an attacker may do it on purpose.
    throttles = merge(local.keeps_happening, {
      description = "Lambda keeps refusing to run the function: the account's concurrency is used up, or somebody reserved none for the function. Payloads wait for six hours, then in the retry queue; raise the concurrency."
      namespace   = "AWS/Lambda"
      metric      = "Throttles"
    })
  }
}

resource "aws_cloudwatch_metric_alarm" "health" {
  for_each = local.made_health_alarms

  alarm_name          = "${var.function_name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.expression == null ? each.value.namespace : null
  metric_name         = each.value.metric
  dimensions          = each.value.expression == null ? each.value.dimensions : null
  statistic           = each.value.expression == null ? each.value.statistic : null
  period              = each.value.expression == null ? each.value.period : null
  evaluation_periods  = each.value.periods
  datapoints_to_alarm = each.value.datapoints
  comparison_operator = each.value.comparison
  threshold           = each.value.threshold
  treat_missing_data  = each.value.missing
  alarm_actions       = concat(var.alarm_actions, each.value.more_topics)
  ok_actions          = each.value.recovers ? concat(var.alarm_actions, each.value.more_topics) : []
  tags                = var.tags

  dynamic "metric_query" {
    for_each = each.value.expression == null ? [] : [each.value.expression]
    content {
      id          = "result"
      expression  = metric_query.value
      label       = each.key
      return_data = true
    }
  }

  dynamic "metric_query" {
    for_each = each.value.queries
    content {
      id = metric_query.key
      metric {
        namespace   = metric_query.value.namespace
        metric_name = metric_query.value.metric
        dimensions  = metric_query.value.dimensions
        stat        = each.value.statistic
        period      = each.value.period
      }
    }
  }
}

# ---------------------------------------------------------------------------------------------------------------------
# Dashboard
# ---------------------------------------------------------------------------------------------------------------------

locals {
  # Charts from left to right, three in a row: names of metrics of the function, or metrics with their own dimensions.
  charts = [for chart in [
    {
      title = "Records by decision"
      names = ["RecordsIn", "RecordsAlerted", "RecordsIgnored", "RecordsUnmatched", "RecordsFailed"]
    },
    {
      title = "Alerts by outcome"
      names = ["AlertsIn", "AlertsDelivered", "AlertsAlreadyDelivered", "AlertsGrouped", "AlertsFailed"]
    },
    {
      title = "Objects by kind"
      names = ["FromCloudTrail", "ObjectsIn", "LogFiles", "DigestFiles", "InsightFiles", "NetworkActivityFiles", "AggregatedFiles", "OtherObjects", "ObjectsFailed"]
    },
    {
      title = "Failures and bounds"
      names = ["MessagesFailed", "HandedBack", "RuleErrors", "WordingErrors", "LedgerErrors", "IdentitiesBroken"]
    },
    {
      title = "Over a limit"
      names = ["OverLimitFileBytes", "OverLimitFileRecords", "OverLimitRecordBytes", "OverLimitRecordDepth", "OverLimitRecordValues"]
    },
    {
      title = "Answers of Slack"
      names = ["DeadDestinations", "DegradedMessages", "ThrottledAnswers", "AmbiguousAnswers"]
    },
    {
      title = "Notices, messages, completeness"
      names = ["NoticesIn", "NoticesDelivered", "NoticesAlreadyDelivered", "NoticesFailed", "MessagesIn", "WakesAsked", "MissingFiles", "AlteredFiles", "DigestsNotFound"]
    },
    {
      title = "Messages in the queues"
      stat  = "Maximum"
      metrics = concat(
        [for queue in local.charted_queues : ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", queue.name, { label = "${queue.label}: to be received" }]],
        [for queue in local.charted_queues : ["AWS/SQS", "ApproximateNumberOfMessagesNotVisible", "QueueName", queue.name, { label = "${queue.label}: received or delayed" }]],
      )
    },
    {
      title   = "Age of the oldest message (s)"
      stat    = "Maximum"
      metrics = [for queue in local.charted_queues : ["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", queue.name, { label = queue.label }]]
    },
    {
      title     = "Invocations"
      namespace = "AWS/Lambda"
      names     = ["Invocations", "Errors", "Throttles", "AsyncEventsDropped", "DeadLetterErrors"]
    },
    {
      title   = "Duration (ms)"
      metrics = [for stat in ["Average", "Maximum"] : ["AWS/Lambda", "Duration", "FunctionName", var.function_name, { stat = stat, label = stat }]]
    },
    {
      title = "Memory (MB of ${var.lambda_memory_size})"
      # Lambda measures it in the log only.
      query = "SOURCE '${aws_cloudwatch_log_group.function.name}' | filter @type = \"REPORT\" | stats max(@maxMemoryUsed / 1000000) as used by bin(5m)"
    },
    !var.push_access_denied_cloudwatch_metrics ? null : {
      title   = "Refused calls"
      metrics = [for name in ["TotalAccessDeniedEvents", "TotalIgnoredAccessDeniedEvents"] : ["CloudTrailToSlack/AccessDeniedEvents", name, { label = name }]]
    },
  ] : chart if chart != null]

  charted_queues = concat(
    [{ label = "retry", name = local.retry_queue_name }],
    [for name in local.resting_queue_names : { label = name == local.dead_letters_name ? "dead letters" : "dead letters of yours", name = name }],
    local.makes_queue ? [{ label = "source", name = local.queue_name }] : [],
  )
}

resource "aws_cloudwatch_dashboard" "this" {
  count = var.monitoring.dashboard ? 1 : 0

  dashboard_name = var.function_name
  # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
  dashboard_body = jsonencode({
    start = "-P1D"
    widgets = concat(
      [{
        type       = "text"
        x          = 0
        y          = 0
        width      = 24
        height     = 2
        properties = { markdown = "**${var.function_name}** reads CloudTrail and tells Slack. What each figure and alarm means, and what to do: docs/operations.md of the module." }
      }],
      [for title in ["Alarms"] : {
        type   = "alarm"
        x      = 0
        y      = 2
        width  = 24
        height = 3
        properties = {
          title = title
          # By name, so that the plan shows the dashboard.
          alarms = [for name in keys(local.made_health_alarms) : "arn:${local.partition}:cloudwatch:${local.region}:${local.account_id}:alarm:${var.function_name}-${name}"]
        }
      } if var.monitoring.alarms],
      [for index, chart in local.charts : {
        type   = try(chart.query, null) == null ? "metric" : "log"
        x      = index % 3 * 8
        y      = 5 + floor(index / 3) * 6
        width  = 8
        height = 6
        properties = merge(
          { title = chart.title, region = local.region, view = "timeSeries", stacked = false },
          try({ query = chart.query }, {
            stat      = try(chart.stat, "Sum")
            period    = 300
            metrics = try(chart.metrics, [
              for name in chart.names : [try(chart.namespace, local.metrics_namespace), name, "FunctionName", var.function_name]
            ])
          }),
        )
      }],
    )
  })
}
