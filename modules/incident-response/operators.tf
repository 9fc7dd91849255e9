# What people need: where the command line finds the module, and policies for those who respond and those who approve.

# One of this name for an account and region: the command line looks for no other.
resource "aws_ssm_parameter" "command_line" {
  name        = "/cloudtrail-to-slack/incident-response"
  description = "How `cloudtrail-to-slack respond` finds ${var.name}"
  type        = "String"
  # As main.tf gives them to the function: what a dry run has to know.
  value = jsonencode({
    bucket                    = aws_s3_bucket.evidence.bucket
    forensic                  = local.forensic_settings
    forensicCidrs             = var.isolation.forensic_cidrs
    forensicPorts             = var.isolation.forensic_ports
    kmsKeyArn                 = local.key_arn
    nmi                       = var.power_off.interrupt
    quarantineGroupName       = var.isolation.group_name
    replacementLaunchTemplate = local.replacement_settings
    signingKeyArn             = aws_kms_key.signing.arn
    stateMachineArn           = aws_sfn_state_machine.this.arn
    topicArn                  = aws_sns_topic.this.arn
  })
  tags = var.tags
}

locals {
  executions_arn = "${replace(local.state_machine_arn, ":stateMachine:", ":execution:")}:*"

  operators_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "FindModule"
        Effect   = "Allow"
        Action   = ["ssm:GetParameter"]
        Resource = ["arn:${local.partition}:ssm:${local.region}:${local.account_id}:parameter${aws_ssm_parameter.command_line.name}"]
      },
      {
        Sid      = "StartResponses"
        Effect   = "Allow"
        Action   = ["states:ListExecutions", "states:StartExecution"]
        Resource = [local.state_machine_arn]
      },
      {
        Sid      = "FollowResponses"
        Effect   = "Allow"
        Action   = ["states:DescribeExecution", "states:GetExecutionHistory"]
        Resource = [local.executions_arn]
      },
      {
        # For a dry run, and to see how an instance stands.
        Sid    = "Look"
        Effect = "Allow"
        Action = local.looking_actions
        # These know no resources.
        Resource = ["*"]
      },
      {
        Sid      = "ReadEvidence"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:GetObjectRetention", "s3:GetObjectVersion"]
        Resource = ["${local.bucket_arn}/cases/*", "${local.bucket_arn}/instances/*"]
      },
      {
        Sid      = "ListEvidence"
        Effect   = "Allow"
        Action   = ["s3:ListBucket", "s3:ListBucketVersions"]
        Resource = [local.bucket_arn]
      },
      {
        Sid       = "DecryptEvidence"
        Effect    = "Allow"
        Action    = ["kms:Decrypt"]
        Resource  = [local.key_arn]
        Condition = { StringEquals = { "kms:ViaService" = "s3.${local.region}.${local.dns_suffix}" } }
      },
      {
        Sid      = "VerifyManifests"
        Effect   = "Allow"
        Action   = ["kms:GetPublicKey", "kms:Verify"]
        Resource = [aws_kms_key.signing.arn]
      },
    ]
  })

  approvers_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid    = "Approve"
      Effect = "Allow"
      Action = ["states:SendTaskFailure", "states:SendTaskSuccess"]
      # Step Functions knows no resources for these; the token, which lies in the bucket, says which execution is meant.
      Resource = ["*"]
    }]
  })
}
