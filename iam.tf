# The function's role: one statement per capability in use, by exact ARN.

locals {
  role_name = "${var.function_name}-role"

  # Parameters of the user's that hold hooks.
  given_parameters = distinct(compact(concat(
    local.uses_slack_app ? [] : concat([var.default_slack_hook_ssm_parameter], [for route in local.hook_routes : route.parameter]),
    local.route_hook_parameters,
  )))
  secret_parameter_arns = concat(
    [for name in local.secret_names : "arn:${local.partition}:ssm:${local.region}:${local.account_id}:parameter${local.parameter_prefix}secrets/${name}"],
    [
      for name in local.given_parameters : startswith(name, "arn:")
      ? name : "arn:${local.partition}:ssm:${local.region}:${local.account_id}:parameter/${trimprefix(name, "/")}"
    ],
  )
  secret_key_arns = distinct(concat(compact([var.kms_key_arn]), var.ssm_kms_key_arns))

  # An alias names no key that a policy could name, so there the condition does.
  trail_key_is_alias = can(regex("(^|:)alias/", var.cloudtrail_logs_kms_key_id))
  trail_key_arn = (
    startswith(var.cloudtrail_logs_kms_key_id, "arn:") ? replace(var.cloudtrail_logs_kms_key_id, "/:alias/.*$/", ":key/*")
    : "arn:${local.partition}:kms:${local.region}:${local.account_id}:key/${local.trail_key_is_alias ? "*" : var.cloudtrail_logs_kms_key_id}"
  )

  queue_key_arn = try(var.sources.sqs.kms_key_arn, null)

  alert_topic_arns = distinct(concat(
    compact([local.default_topic_arn]), var.sns_configuration[*].sns_topic_arn, compact(local.route_topic_arns), aws_sns_topic.alerts[*].arn,
  ))

  statements = [for statement in [
    {
      Sid    = "WriteLog"
      Effect = "Allow"
      Action = ["logs:CreateLogStream", "logs:PutLogEvents"]
      # Not the group's own "arn", which nobody knows while planning: the plan would then not show the policy.
      Resource = ["arn:${local.partition}:logs:${local.region}:${local.account_id}:log-group:${aws_cloudwatch_log_group.function.name}:*"]
    },
    !local.log_files ? null : {
      Sid      = "ReadLogFiles"
      Effect   = "Allow"
      Action   = ["s3:GetObject"]
      Resource = ["${local.bucket_arn}/${var.s3_notification_filter_prefix}*"]
    },
    {
      Sid      = "ReadConfiguration"
      Effect   = "Allow"
      Action   = ["ssm:GetParameters"]
      Resource = ["arn:${local.partition}:ssm:${local.region}:${local.account_id}:parameter${local.parameter_prefix}configuration/*"]
    },
    length(local.secret_parameter_arns) == 0 ? null : {
      Sid      = "ReadSecrets"
      Effect   = "Allow"
      Action   = ["ssm:GetParameters"]
      Resource = local.secret_parameter_arns
    },
    length(local.secret_key_arns) == 0 ? null : {
      Sid       = "DecryptSecrets"
      Effect    = "Allow"
      Action    = ["kms:Decrypt"]
      Resource  = local.secret_key_arns
      Condition = { StringEquals = { "kms:ViaService" = "ssm.${local.region}.${local.dns_suffix}" } }
    },
    !local.log_files || var.cloudtrail_logs_kms_key_id == "" || local.trail_key_is_alias ? null : {
      Sid      = "DecryptLogFiles"
      Effect   = "Allow"
      Action   = ["kms:Decrypt"]
      Resource = [local.trail_key_arn]
    },
    !local.log_files || !local.trail_key_is_alias ? null : {
      Sid       = "DecryptLogFiles"
      Effect    = "Allow"
      Action    = ["kms:Decrypt"]
      Resource  = [local.trail_key_arn]
      Condition = { "ForAnyValue:StringEquals" = { "kms:ResourceAliases" = try(regex("alias/.+$", var.cloudtrail_logs_kms_key_id), "") } }
    },
    length(var.required_tags) == 0 ? null : {
      Sid    = "ReadTags"
      Effect = "Allow"
      Action = ["ec2:DescribeTags"]
      # EC2 knows no resources for this action.
      Resource = ["*"]
    },
    !var.messages.account_names_from_organizations ? null : {
      Sid    = "NameAccounts"
      Effect = "Allow"
      Action = ["organizations:ListAccounts"]
      # AWS Organizations knows no resources for this action.
      Resource = ["*"]
    },
    !local.through_queue ? null : {
      Sid      = "ReceiveMessages"
      Effect   = "Allow"
      Action   = ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
      Resource = [local.queue_arn]
    },
    !local.through_queue || local.queue_key_arn == null ? null : {
      Sid       = "DecryptMessages"
      Effect    = "Allow"
      Action    = ["kms:Decrypt"]
      Resource  = [local.queue_key_arn]
      Condition = { StringEquals = { "kms:ViaService" = "sqs.${local.region}.${local.dns_suffix}" } }
    },
    length(local.alert_topic_arns) == 0 ? null : {
      Sid      = "PublishAlerts"
      Effect   = "Allow"
      Action   = ["sns:Publish"]
      Resource = local.alert_topic_arns
    },
    {
      Sid      = "SendToRetryQueue"
      Effect   = "Allow"
      Action   = ["sqs:SendMessage"]
      Resource = [local.retry_queue_arn]
    },
    {
      Sid      = "ReceiveRetries"
      Effect   = "Allow"
      Action   = ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
      Resource = [local.retry_queue_arn]
    },
    !var.ledger.enabled ? null : {
      Sid      = "UseLedger"
      Effect   = "Allow"
      Action   = ["dynamodb:BatchGetItem", "dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
      Resource = [local.ledger_arn]
    },
    # DynamoDB uses the key in the name of whoever reads or writes.
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
    !var.ledger.enabled || var.ledger.kms_key_arn == null ? null : {
      Sid       = "UseLedgerKey"
      Effect    = "Allow"
      Action    = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
      Resource  = [var.ledger.kms_key_arn]
      Condition = { StringEquals = { "kms:ViaService" = "dynamodb.${local.region}.${local.dns_suffix}" } }
    },
    # Not only to find digests: without it S3 answers 403 instead of 404 for a log file that a digest lists and somebody
    # removed. IfExists, because that question of S3's has no prefix.
    # https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    !local.log_files || !var.ledger.enabled ? null : {
      Sid       = "ListDigestFiles"
      Effect    = "Allow"
      Action    = ["s3:ListBucket"]
      Resource  = [local.bucket_arn]
      Condition = { StringLikeIfExists = { "s3:prefix" = "${var.s3_notification_filter_prefix}*" } }
    },
  ] : statement if statement != null]
}

resource "aws_iam_role" "function" {
  name                 = local.role_name
  description          = "Role of the function ${var.function_name}"
  permissions_boundary = var.role_permissions_boundary
  tags                 = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "AssumeByLambda"
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "function" {
  name   = "${var.function_name}-policy"
  role   = aws_iam_role.function.id
  policy = jsonencode({ Version = "2012-10-17", Statement = local.statements })
}
