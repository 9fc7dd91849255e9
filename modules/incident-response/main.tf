# The function whose handlers are the steps, and the alias that everything calls.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account_id = data.aws_caller_identity.current.account_id
  partition  = data.aws_partition.current.partition
  dns_suffix = data.aws_partition.current.dns_suffix
  region     = data.aws_region.current.id
  package    = "${path.module}/../../lambda/dist/incident-response.zip"

  # docs/decisions/0020-incident-response.md says what each is.
  settings = jsonencode({
    stateMachineArn           = local.state_machine_arn
    bucket                    = local.bucket_name
    bucketOwner               = local.account_id
    kmsKeyArn                 = local.key_arn
    signingKeyArn             = aws_kms_key.signing.arn
    topicArn                  = aws_sns_topic.this.arn
    notifierFunctionArn       = var.notifier_function_arn
    profile                   = try(var.findings.profile, "contain")
    minSeverity               = try(var.findings.minimum_severity, 7)
    protectedInstanceIds      = try(var.findings.protected_instance_ids, [])
    protectedTags             = try(var.findings.protected_tags, {})
    maxPerHour                = try(var.findings.maximum_per_hour, 10)
    drillSources              = try(var.findings.extra_event_sources, [])
    quarantineGroupName       = var.isolation.group_name
    nameTag                   = var.name_tag
    forensicCidrs             = var.isolation.forensic_cidrs
    forensicPorts             = var.isolation.forensic_ports
    revoke                    = var.isolation.revoke_credentials
    approvePowerOff           = var.power_off.approval
    approvalHours             = var.power_off.approval_hours
    nmi                       = var.power_off.interrupt
    nmiGraceSeconds           = var.power_off.grace_seconds
    snapshotLockDays          = var.evidence.snapshot_lock_days
    evidenceVolumeMode        = try(var.forensics.volumes, "copy")
    forensic                  = local.forensic_settings
    replacementLaunchTemplate = local.replacement_settings
  })

  forensic_settings = var.forensics == null ? null : {
    ami                = var.forensics.ami_id
    instanceType       = var.forensics.instance_type
    instanceProfileArn = try(var.forensics.instance_profile.arn, null)
    subnetIds          = var.forensics.subnet_ids
    securityGroupId    = var.forensics.security_group_id
  }
  replacement_settings = var.replacement == null ? null : {
    id       = var.replacement.launch_template_id
    version  = var.replacement.version
    subnetId = var.replacement.subnet_id
  }
}

resource "aws_cloudwatch_log_group" "function" {
  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.logs_retention_in_days
  tags              = var.tags
}

resource "aws_lambda_function" "this" {
  function_name    = var.name
  description      = "Contains compromised EC2 instances, step by step"
  filename         = local.package
  source_code_hash = filebase64sha256(local.package)
  handler          = "index.handler"
  runtime          = var.lambda_runtime
  architectures    = [var.lambda_architecture]
  memory_size      = 512
  # A step gives up after 60 s by itself.
  timeout = 90
  role    = aws_iam_role.function.arn
  publish = true
  tags    = var.tags

  environment {
    variables = { SETTINGS = local.settings }
  }

  # Findings that the function could not take at three attempts.
  dynamic "dead_letter_config" {
    for_each = aws_sqs_queue.dead_letters[*].arn
    content {
      target_arn = dead_letter_config.value
    }
  }

  lifecycle {
    precondition {
      # https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
      condition     = length(local.settings) <= 4000
      error_message = "The settings of the function take ${length(local.settings)} characters together, and 4000 fit: give fewer findings.protected_instance_ids, findings.protected_tags or isolation.forensic_cidrs."
    }
    precondition {
      condition     = var.notifier_function_arn == null ? true : strcontains(var.notifier_function_arn, ":lambda:${local.region}:${local.account_id}:")
      error_message = "notifier_function_arn is in another region or account than this module, from where it cannot be called: deploy the notifier here as well."
    }
  }

  depends_on = [aws_cloudwatch_log_group.function, aws_iam_role_policy.function, aws_iam_role_policy_attachment.instances]
}

resource "aws_lambda_alias" "live" {
  name             = "live"
  description      = "What the state machine and the rule call"
  function_name    = aws_lambda_function.this.function_name
  function_version = aws_lambda_function.this.version
}
