# The function's role: one statement per capability in use, by exact ARN or by tag. What its steps call is in actions.json.

locals {
  function_arn = "arn:${local.partition}:lambda:${local.region}:${local.account_id}:function:${var.name}"
  topic_arn    = "arn:${local.partition}:sns:${local.region}:${local.account_id}:${var.name}"

  evidence_statements = [
    {
      Sid      = "KeepEvidence"
      Effect   = "Allow"
      Action   = ["s3:GetObject", "s3:PutObject"]
      Resource = ["${local.bucket_arn}/cases/*", "${local.bucket_arn}/instances/*"]
    },
    {
      Sid       = "FindCases"
      Effect    = "Allow"
      Action    = ["s3:ListBucket"]
      Resource  = [local.bucket_arn]
      Condition = { StringLikeIfExists = { "s3:prefix" = ["cases/*", "instances/*"] } }
    },
    {
      Sid       = "EncryptEvidenceAndMessages"
      Effect    = "Allow"
      Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
      Resource  = [local.key_arn]
      Condition = { StringEquals = { "kms:ViaService" = ["s3.${local.region}.${local.dns_suffix}", "sns.${local.region}.${local.dns_suffix}"] } }
    },
    {
      Sid      = "SignManifests"
      Effect   = "Allow"
      Action   = ["kms:Sign"]
      Resource = [aws_kms_key.signing.arn]
    },
  ]

  telling_statements = [
    {
      Sid    = "WriteLog"
      Effect = "Allow"
      Action = ["logs:CreateLogStream", "logs:PutLogEvents"]
      # Not the group's own "arn", which nobody knows while planning: the plan would then not show the policy.
      Resource = ["arn:${local.partition}:logs:${local.region}:${local.account_id}:log-group:${aws_cloudwatch_log_group.function.name}:*"]
    },
    {
      Sid      = "TellTopic"
      Effect   = "Allow"
      Action   = ["sns:Publish"]
      Resource = [local.topic_arn]
    },
    var.notifier_function_arn == null ? null : {
      Sid      = "TellNotifier"
      Effect   = "Allow"
      Action   = ["lambda:InvokeFunction"]
      Resource = [var.notifier_function_arn]
    },
    !local.hears_findings ? null : {
      Sid      = "StartResponses"
      Effect   = "Allow"
      Action   = ["states:ListExecutions", "states:StartExecution"]
      Resource = [local.state_machine_arn]
    },
    !local.hears_findings ? null : {
      Sid      = "KeepFindings"
      Effect   = "Allow"
      Action   = ["sqs:SendMessage"]
      Resource = [local.dead_letters_arn]
    },
  ]

  # Whatever else somebody may attach to the role.
  denials = [
    {
      Sid      = "NeverDestroyMachines"
      Effect   = "Deny"
      Action   = ["ec2:DeleteSnapshot", "ec2:DeleteVolume", "ec2:DeregisterImage", "ec2:ModifySnapshotAttribute", "ec2:TerminateInstances", "ec2:UnlockSnapshot"]
      Resource = ["*"]
    },
    {
      Sid    = "NeverTouchTheLock"
      Effect = "Deny"
      Action = [
        "s3:BypassGovernanceRetention", "s3:Delete*", "s3:PutBucket*", "s3:PutLifecycleConfiguration", "s3:PutObjectLegalHold",
        "s3:PutObjectRetention", "s3:PutReplicationConfiguration",
      ]
      Resource = [local.bucket_arn, "${local.bucket_arn}/*"]
    },
    {
      Sid      = "NeverTouchKeys"
      Effect   = "Deny"
      Action   = ["kms:Delete*", "kms:Disable*", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:Update*"]
      Resource = ["*"]
    },
    {
      Sid    = "NeverChangeIam"
      Effect = "Deny"
      Action = [
        "iam:Add*", "iam:Attach*", "iam:Create*", "iam:Deactivate*", "iam:Delete*", "iam:Detach*", "iam:Enable*", "iam:Put*", "iam:Remove*",
        "iam:Set*", "iam:Tag*", "iam:Untag*", "iam:Update*", "iam:Upload*", "sts:AssumeRole*",
      ]
      Resource = ["*"]
    },
  ]
}

resource "aws_iam_role" "function" {
  name                 = "${var.name}-function"
  permissions_boundary = var.role_permissions_boundary
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Sid = "AssumeByLambda", Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
  })
  tags = var.tags
}

resource "aws_iam_role_policy" "function" {
  name = "${var.name}-function"
  role = aws_iam_role.function.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [for statement in concat(local.telling_statements, local.evidence_statements, local.machine_statements, local.denials) : statement if statement != null]
  })
}

# A policy of its own: the policies in a role may have 10,240 characters together, one that is attached 6,144.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
resource "aws_iam_policy" "instances" {
  name        = "${var.name}-instances"
  description = "What the function ${var.name} may do to an instance and around it"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [for statement in local.instance_statements : statement if statement != null]
  })
  tags = var.tags
}

resource "aws_iam_role_policy_attachment" "instances" {
  role       = aws_iam_role.function.name
  policy_arn = aws_iam_policy.instances.arn
}
