output "approvers_policy_json" {
  description = "IAM policy for whoever may let a waiting response go on, or stop it (`respond approve`, `respond deny`), beside that of the output `operators_policy_json`."
  value       = local.approvers_policy
}

output "bucket" {
  description = "Name of the evidence bucket."
  value       = aws_s3_bucket.evidence.bucket
}

output "dead_letter_queue_arn" {
  description = "ARN of the queue where findings rest that started nothing; null with `findings = null`."
  value       = one(aws_sqs_queue.dead_letters[*].arn)
}

output "event_rule_arn" {
  description = "ARN of the rule that findings of GuardDuty match; null with `findings = null`."
  value       = one(aws_cloudwatch_event_rule.findings[*].arn)
}

output "kms_key_arn" {
  description = "ARN of the key that encrypts evidence and messages."
  value       = local.key_arn
}

output "lambda_function_arn" {
  description = "ARN of the function's alias `live`, whose handlers are the steps."
  value       = aws_lambda_alias.live.arn
}

output "lambda_role_name" {
  description = "Name of the function's role."
  value       = aws_iam_role.function.name
}

output "operators_policy_json" {
  description = "IAM policy for whoever responds by the command line: start and follow responses, see how instances stand, read and verify evidence. It changes nothing in EC2: that is the function's part."
  value       = local.operators_policy
}

output "signing_key_arn" {
  description = "ARN of the key that signs the manifests."
  value       = aws_kms_key.signing.arn
}

output "state_machine_arn" {
  description = "ARN of the state machine."
  value       = aws_sfn_state_machine.this.arn
}

output "topic_arn" {
  description = "ARN of the topic that is told."
  value       = aws_sns_topic.this.arn
}
