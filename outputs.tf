output "alerts_topic_arn" {
  description = "ARN of the topic that `aws_sns_topic_subscriptions` makes; null without."
  value       = one(aws_sns_topic.alerts[*].arn)
}

output "alarms_topic_arn" {
  description = "ARN of the topic that the alarms of `sources.alarms.conditions` notify; null without."
  value       = one(aws_sns_topic.alarms[*].arn)
}

output "dashboard_name" {
  description = "Name of the CloudWatch dashboard; null without."
  value       = one(aws_cloudwatch_dashboard.this[*].dashboard_name)
}

output "dead_letter_queue_arn" {
  description = "ARN of the queue where messages rest that failed at every attempt: `dead_letter_target_arn` where that is a queue, or else one of the module, `<function_name>-dead-letters`, where what EventBridge and SNS could not deliver rests in any case."
  value       = local.resting_place
}

output "lambda_function_arn" {
  description = "ARN of the function's alias `live`: the target for notifications that are made elsewhere."
  value       = aws_lambda_alias.live.arn
  # Whoever makes the notification needs the permission to be there first.
  depends_on = [
    aws_lambda_permission.alarms,
    aws_lambda_permission.bucket,
    aws_lambda_permission.event_rule,
    aws_lambda_permission.fanout,
    aws_lambda_permission.log_group,
  ]
}

output "lambda_log_group_name" {
  description = "Name of the function's log group."
  value       = aws_cloudwatch_log_group.function.name
}

output "lambda_role_name" {
  description = "Name of the function's role."
  value       = aws_iam_role.function.name
}

output "ledger_table_name" {
  description = "Name of the DynamoDB table that remembers what was delivered; null with `ledger = { enabled = false }`."
  value       = one(aws_dynamodb_table.ledger[*].name)
}

output "retry_queue_arn" {
  description = "ARN of the queue from which payloads that failed come again."
  value       = aws_sqs_queue.retry.arn
}

output "rule_configuration" {
  description = "What decides and how messages are worded, as the command line takes it. Where your root passes it on as an output of its own: `terraform output -json rule_configuration > rules.json`, and then `cloudtrail-to-slack scan --config rules.json …`."
  value = merge(local.rule_document, {
    rule_config = local.configuration_document.rule_config
    messages    = local.configuration_document.messages
  })
}

output "rule_warnings" {
  description = "What the self-check says of rules that hold, but perhaps not as they are meant."
  value       = try(jsondecode(aws_lambda_invocation.self_check.result).warnings, [])
}

output "s3_sns_fanout_topic_arn" {
  description = "ARN of the topic that the bucket notifies, for other subscribers; null without `sources.sns`."
  value       = local.topic
  # Whoever makes the notification needs topic, policy and subscription to be there first.
  depends_on = [aws_sns_topic_policy.fanout, aws_sns_topic_subscription.fanout]
}

output "s3_sns_fanout_topic_name" {
  description = "Name of the topic that the bucket notifies; null without `sources.sns`."
  value       = local.topic_arn == null ? null : element(split(":", local.topic_arn), 5)
}

output "source_queue_arn" {
  description = "ARN of the queue that feeds the function; null without `sources.sqs`."
  value       = local.queue
  # Whoever makes the notification needs policy and mapping to be there first.
  depends_on = [aws_lambda_event_source_mapping.queue, aws_sqs_queue_policy.source]
}

output "translated_rules" {
  description = "Your rules in Python as the Jexl that they became, by their ids."
  value       = try(jsondecode(aws_lambda_invocation.self_check.result).translations, {})
}
