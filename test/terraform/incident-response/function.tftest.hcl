# The function, what it is told, the order of its steps, and what everything is called.

mock_provider "aws" {
  source          = "../../test/terraform"
  override_during = plan
}

override_resource {
  target          = aws_kms_key.signing
  override_during = plan
  values          = { arn = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-4000-8000-00000000005e" }
}

run "is_a_function_with_exactly_these_settings" {
  command = plan

  assert {
    condition = jsonencode({
      alias         = [aws_lambda_alias.live.name, aws_lambda_alias.live.function_version]
      architectures = aws_lambda_function.this.architectures
      handler       = aws_lambda_function.this.handler
      hash          = aws_lambda_function.this.source_code_hash
      memory        = aws_lambda_function.this.memory_size
      name          = aws_lambda_function.this.function_name
      publish       = aws_lambda_function.this.publish
      runtime       = aws_lambda_function.this.runtime
      timeout       = aws_lambda_function.this.timeout
      }) == jsonencode({
      alias         = ["live", "7"]
      architectures = ["arm64"]
      handler       = "index.handler"
      hash          = filebase64sha256("../../lambda/dist/incident-response.zip")
      memory        = 512
      name          = "incident-response"
      publish       = true
      runtime       = "nodejs22.x"
      timeout       = 90
    })
    error_message = jsonencode(aws_lambda_function.this)
  }

  assert {
    condition = jsonencode(jsondecode(aws_lambda_function.this.environment[0].variables.SETTINGS)) == jsonencode({
      stateMachineArn           = "arn:aws:states:eu-central-1:123456789012:stateMachine:incident-response"
      bucket                    = "incident-response-evidence-123456789012-eu-central-1"
      bucketOwner               = "123456789012"
      kmsKeyArn                 = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-4000-8000-00000000000e"
      signingKeyArn             = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-4000-8000-00000000005e"
      topicArn                  = "arn:aws:sns:eu-central-1:123456789012:made-topic"
      notifierFunctionArn       = null
      profile                   = "contain"
      minSeverity               = 7
      protectedInstanceIds      = []
      protectedTags             = {}
      maxPerHour                = 10
      drillSources              = []
      quarantineGroupName       = "ir-quarantine-{vpc}"
      nameTag                   = "{step} {case}"
      forensicCidrs             = []
      forensicPorts             = [22]
      revoke                    = "none"
      approvePowerOff           = false
      approvalHours             = 24
      nmi                       = true
      nmiGraceSeconds           = 30
      snapshotLockDays          = 0
      evidenceVolumeMode        = "copy"
      forensic                  = null
      replacementLaunchTemplate = null
    })
    error_message = aws_lambda_function.this.environment[0].variables.SETTINGS
  }

  assert {
    condition = [for group in [aws_cloudwatch_log_group.function, aws_cloudwatch_log_group.state_machine] : [group.name, tostring(group.retention_in_days)]] == [
      ["/aws/lambda/incident-response", "365"], ["/aws/vendedlogs/states/incident-response", "365"],
    ]
    error_message = "A log group is wrong."
  }
}

run "tells_the_function_all_that_it_is_told" {
  command = plan

  variables {
    name = "response"
    evidence = {
      bucket_name        = "example-evidence"
      kms_key            = { arn = "arn:aws:kms:eu-central-1:123456789012:key/11111111-1111-1111-1111-111111111111" }
      snapshot_lock_days = 30
    }
    findings = {
      profile                = "full"
      minimum_severity       = 8.5
      maximum_per_hour       = 0
      protected_instance_ids = ["i-0123456789abcdef0"]
      protected_tags         = { role = "bastion" }
      extra_event_sources    = ["drill"]
    }
    forensics = {
      ami_id            = "ami-0123456789abcdef0"
      instance_type     = "m7i.large"
      instance_profile  = { arn = "arn:aws:iam::123456789012:instance-profile/forensics", role_arn = "arn:aws:iam::123456789012:role/forensics" }
      security_group_id = "sg-0123456789abcdef0"
      subnet_ids        = ["subnet-0123456789abcdef0"]
      volumes           = "original"
    }
    isolation = {
      group_name         = "quarantine-{vpc}"
      forensic_cidrs     = ["192.0.2.0/24", "2001:db8::/32"]
      forensic_ports     = [22, 3389]
      revoke_credentials = "instance"
    }
    lambda_architecture    = "x86_64"
    logs_retention_in_days = 0
    name_tag               = "forensics-{account}-{instance}"
    notifier_function_arn  = "arn:aws:lambda:eu-central-1:123456789012:function:cloudtrail-to-slack:live"
    power_off              = { approval = true, approval_hours = 2, interrupt = false, grace_seconds = 90 }
    replacement            = { launch_template_id = "lt-0123456789abcdef0", version = "3", subnet_id = "subnet-0123456789abcdef1" }
  }

  assert {
    condition = jsonencode(jsondecode(aws_lambda_function.this.environment[0].variables.SETTINGS)) == jsonencode({
      stateMachineArn      = "arn:aws:states:eu-central-1:123456789012:stateMachine:response"
      bucket               = "example-evidence"
      bucketOwner          = "123456789012"
      kmsKeyArn            = "arn:aws:kms:eu-central-1:123456789012:key/11111111-1111-1111-1111-111111111111"
      signingKeyArn        = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-4000-8000-00000000005e"
      topicArn             = "arn:aws:sns:eu-central-1:123456789012:made-topic"
      notifierFunctionArn  = "arn:aws:lambda:eu-central-1:123456789012:function:cloudtrail-to-slack:live"
      profile              = "full"
      minSeverity          = 8.5
      protectedInstanceIds = ["i-0123456789abcdef0"]
      protectedTags        = { role = "bastion" }
      maxPerHour           = 0
      drillSources         = ["drill"]
      quarantineGroupName  = "quarantine-{vpc}"
      nameTag              = "forensics-{account}-{instance}"
      forensicCidrs        = ["192.0.2.0/24", "2001:db8::/32"]
      forensicPorts        = [22, 3389]
      revoke               = "instance"
      approvePowerOff      = true
      approvalHours        = 2
      nmi                  = false
      nmiGraceSeconds      = 90
      snapshotLockDays     = 30
      evidenceVolumeMode   = "original"
      forensic = {
        ami                = "ami-0123456789abcdef0"
        instanceType       = "m7i.large"
        instanceProfileArn = "arn:aws:iam::123456789012:instance-profile/forensics"
        subnetIds          = ["subnet-0123456789abcdef0"]
        securityGroupId    = "sg-0123456789abcdef0"
      }
      replacementLaunchTemplate = { id = "lt-0123456789abcdef0", version = "3", subnetId = "subnet-0123456789abcdef1" }
    })
    error_message = aws_lambda_function.this.environment[0].variables.SETTINGS
  }

  assert {
    condition     = length(aws_kms_key.evidence) == 0 && length(aws_kms_alias.evidence) == 0 && output.kms_key_arn == var.evidence.kms_key.arn
    error_message = "A key is made beside the one that was given."
  }

  assert {
    condition     = aws_lambda_function.this.architectures == tolist(["x86_64"]) && aws_cloudwatch_log_group.function.retention_in_days == 0
    error_message = jsonencode(aws_lambda_function.this)
  }
}

run "calls_nothing_but_the_alias_in_the_order_of_the_definition" {
  command = plan

  assert {
    condition = aws_sfn_state_machine.this.definition == templatefile("state-machine.asl.json", {
      function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:cloudtrail-to-slack:live"
      partition    = "aws"
    })
    error_message = aws_sfn_state_machine.this.definition
  }

  assert {
    condition = jsonencode([
      aws_sfn_state_machine.this.name,
      [for log in aws_sfn_state_machine.this.logging_configuration : [log.level, log.include_execution_data]],
      jsondecode(aws_iam_role_policy.state_machine.policy).Statement[0],
      jsondecode(aws_iam_role.state_machine.assume_role_policy).Statement,
      ]) == jsonencode([
      "incident-response",
      [["ALL", true]],
      { Sid = "CallSteps", Effect = "Allow", Action = ["lambda:InvokeFunction"], Resource = ["arn:aws:lambda:eu-central-1:123456789012:function:incident-response:live"] },
      [{
        Sid       = "AssumeByStateMachine"
        Effect    = "Allow"
        Action    = "sts:AssumeRole"
        Principal = { Service = "states.amazonaws.com" }
        Condition = {
          ArnEquals    = { "aws:SourceArn" = "arn:aws:states:eu-central-1:123456789012:stateMachine:incident-response" }
          StringEquals = { "aws:SourceAccount" = "123456789012" }
        }
      }],
    ])
    error_message = aws_iam_role_policy.state_machine.policy
  }
}

run "tells_the_command_line_where_it_is" {
  command = plan

  assert {
    condition = aws_ssm_parameter.command_line.name == "/cloudtrail-to-slack/incident-response" && jsonencode(jsondecode(aws_ssm_parameter.command_line.value)) == jsonencode({
      bucket                    = "incident-response-evidence-123456789012-eu-central-1"
      forensic                  = null
      forensicCidrs             = []
      forensicPorts             = [22]
      kmsKeyArn                 = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-4000-8000-00000000000e"
      nmi                       = true
      quarantineGroupName       = "ir-quarantine-{vpc}"
      replacementLaunchTemplate = null
      signingKeyArn             = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-4000-8000-00000000005e"
      stateMachineArn           = "arn:aws:states:eu-central-1:123456789012:stateMachine:made-machine"
      topicArn                  = "arn:aws:sns:eu-central-1:123456789012:made-topic"
    })
    error_message = aws_ssm_parameter.command_line.value
  }
}

run "calls_and_tags_everything_after_itself" {
  command = plan

  variables {
    name = "response"
    tags = { team = "security" }
  }

  assert {
    condition = distinct(concat(
      [aws_cloudwatch_log_group.function.tags, aws_cloudwatch_log_group.state_machine.tags, aws_iam_role.function.tags, aws_iam_role.state_machine.tags],
      [aws_iam_policy.instances.tags, aws_kms_key.signing.tags, aws_lambda_function.this.tags, aws_s3_bucket.evidence.tags, aws_sfn_state_machine.this.tags],
      [aws_sns_topic.this.tags, aws_ssm_parameter.command_line.tags],
      aws_kms_key.evidence[*].tags, aws_cloudwatch_event_rule.findings[*].tags, aws_sqs_queue.dead_letters[*].tags,
      [for alarm in aws_cloudwatch_metric_alarm.this : alarm.tags],
    )) == tolist([tomap({ team = "security" })])
    error_message = "Something has other tags."
  }

  assert {
    condition = alltrue([
      for name in concat(
        [aws_iam_role.function.name, aws_iam_role.state_machine.name, aws_iam_role_policy.function.name, aws_iam_role_policy.state_machine.name],
        [aws_iam_policy.instances.name, aws_lambda_function.this.function_name, aws_s3_bucket.evidence.bucket, aws_sfn_state_machine.this.name, aws_sns_topic.this.name],
        [trimprefix(aws_cloudwatch_log_group.function.name, "/aws/lambda/"), trimprefix(aws_cloudwatch_log_group.state_machine.name, "/aws/vendedlogs/states/")],
        [for alias in concat([aws_kms_alias.signing], aws_kms_alias.evidence) : trimprefix(alias.name, "alias/")],
        [for rule in aws_cloudwatch_event_rule.findings : rule.name],
        [for target in aws_cloudwatch_event_target.findings : target.target_id],
        [for queue in aws_sqs_queue.dead_letters : queue.name],
        [for alarm in aws_cloudwatch_metric_alarm.this : alarm.alarm_name],
      ) : startswith(name, "response")
    ])
    error_message = "Something is not called after name."
  }
}

run "bounds_both_roles" {
  command = plan

  variables {
    role_permissions_boundary = "arn:aws:iam::123456789012:policy/boundary"
  }

  assert {
    condition     = distinct([aws_iam_role.function.permissions_boundary, aws_iam_role.state_machine.permissions_boundary]) == tolist(["arn:aws:iam::123456789012:policy/boundary"])
    error_message = "A role is not bounded."
  }
}

run "refuses_settings_that_do_not_fit_into_the_environment" {
  command = plan

  variables {
    findings = { protected_instance_ids = [for index in range(200) : format("i-%017x", index)] }
  }

  expect_failures = [aws_lambda_function.this]
}

run "refuses_a_notifier_of_another_region" {
  command = plan

  variables {
    notifier_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:cloudtrail-to-slack:live"
  }

  expect_failures = [aws_lambda_function.this]
}

run "refuses_a_notifier_of_another_account" {
  command = plan

  variables {
    notifier_function_arn = "arn:aws:lambda:eu-central-1:111111111111:function:cloudtrail-to-slack:live"
  }

  expect_failures = [aws_lambda_function.this]
}
