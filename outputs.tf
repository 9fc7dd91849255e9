output "alerts_topic_arn" {
  description = "ARN of the topic that `aws_sns_topic_subscriptions` makes; null without."
  value       = one(aws_sns_topic.alerts[*].arn)
}

output "lambda_function_arn" {
  description = "ARN of the function's alias `live`: the target for notifications that are made elsewhere."
  value       = aws_lambda_alias.live.arn
  # Whoever makes the notification needs the permission to be there first.
  depends_on = [aws_lambda_permission.bucket, aws_lambda_permission.fanout]
}

output "lambda_log_group_name" {
  description = "Name of the function's log group."
  value       = aws_cloudwatch_log_group.function.name
}

output "lambda_role_name" {
  description = "Name of the function's role."
  value       = aws_iam_role.function.name
}

output "s3_sns_fanout_topic_arn" {
  description = "ARN of the topic that the bucket notifies; null without `enable_s3_sns_fanout`."
  value       = local.fanout_topic_arn
}

output "s3_sns_fanout_topic_name" {
  description = "Name of the topic that the bucket notifies; null without `enable_s3_sns_fanout`."
  value       = local.fanout_topic_arn == null ? null : element(split(":", local.fanout_topic_arn), 5)
}
