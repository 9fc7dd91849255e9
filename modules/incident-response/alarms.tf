# What watches the response itself: what would fail in silence.

locals {
  alarm_defaults = { statistic = "Sum", period = 60, comparison = "GreaterThanOrEqualToThreshold", threshold = 1 }
  of_machine     = { StateMachineArn = local.state_machine_arn }
  of_rule        = { RuleName = local.rule_name }

  alarms = { for name, alarm in {
    # Whatever became of the instance is said by topic and notifier; this is for what could not even say so.
    executions-failed = {
      description = "A response failed or was not complete. The instance may still be reachable: look at the execution, then: cloudtrail-to-slack respond status"
      namespace   = "AWS/States"
      metric      = "ExecutionsFailed"
      dimensions  = local.of_machine
    }
    executions-timed-out = {
      description = "A response ran into its time limit. What it did until then stands; look at the execution, then run `cloudtrail-to-slack respond` for the instance again, which does what is not done"
      namespace   = "AWS/States"
      metric      = "ExecutionsTimedOut"
      dimensions  = local.of_machine
    }
    executions-aborted = {
      description = "Somebody stopped a response. What it did until then stands; CloudTrail (StopExecution) says who."
      namespace   = "AWS/States"
      metric      = "ExecutionsAborted"
      dimensions  = local.of_machine
    }
    findings-not-delivered = {
      when        = local.hears_findings
      description = "EventBridge could not start a response to a finding: it rests in the queue ${local.dead_letters_name}. Contain the instance that it names: cloudtrail-to-slack respond --iid …"
      namespace   = "AWS/Events"
      metric      = "FailedInvocations"
      dimensions  = local.of_rule
    }
    findings-resting = {
      when        = local.hears_findings
      description = "A finding rests in the queue ${local.dead_letters_name}, and nothing was done about it. Contain the instance that it names: cloudtrail-to-slack respond --iid …"
      namespace   = "AWS/SQS"
      metric      = "ApproximateNumberOfMessagesVisible"
      statistic   = "Maximum"
      dimensions  = { QueueName = local.dead_letters_name }
    }
    function-throttled = {
      description = "Lambda refuses to run the steps: the account's concurrency is used up, or somebody reserved none for the function. Instances stay reachable meanwhile; raise the concurrency."
      namespace   = "AWS/Lambda"
      metric      = "Throttles"
      dimensions  = { FunctionName = var.name }
    }
  } : name => merge(local.alarm_defaults, alarm) if try(alarm.when, true) }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  period              = each.value.period
  evaluation_periods  = 1
  comparison_operator = each.value.comparison
  threshold           = each.value.threshold
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_actions
  tags                = var.tags
}
