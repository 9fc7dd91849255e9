# What the function may do; test/terraform/incident-response.test.ts reads the policies of these runs, too.

mock_provider "aws" {
  source          = "../../test/terraform"
  override_during = plan
}

override_resource {
  target          = aws_kms_key.signing
  override_during = plan
  values          = { arn = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-4000-8000-00000000005e" }
}

variables {
  notifier_function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:cloudtrail-to-slack:live"
}

run "may_do_little_by_default" {
  command = plan

  assert {
    condition = jsonencode([
      for policy in [aws_iam_role_policy.function.policy, aws_iam_policy.instances.policy] : jsondecode(policy).Statement[*].Sid
      ]) == jsonencode([
      [
        "WriteLog", "TellTopic", "TellNotifier", "StartResponses", "KeepFindings", "KeepEvidence", "FindCases",
        "EncryptEvidenceAndMessages", "SignManifests", "MoveVolumes", "UseKeysOfVolumes", "LendKeysOfVolumes", "NeverDestroyMachines",
        "NeverTouchTheLock", "NeverTouchKeys", "NeverChangeIam",
      ],
      [
        "Look", "HoldInstance", "Isolate", "MoveAddresses", "MakeQuarantineGroupIn", "MakeQuarantineGroup", "CloseQuarantineGroup",
        "CloseQuarantineGroupRules", "LabelInstance", "LabelWhatItMakes", "TakeSnapshotsOf", "TakeSnapshots", "HoldAutoScaling", "MoveTargets",
      ],
    ])
    error_message = aws_iam_role_policy.function.policy
  }

  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.function.policy).Statement : statement.Resource if statement.Sid == "TellNotifier"] == [["arn:aws:lambda:eu-central-1:123456789012:function:cloudtrail-to-slack:live"]]
    error_message = aws_iam_role_policy.function.policy
  }
}

run "may_do_all_of_it_with_everything_on" {
  command = plan

  variables {
    evidence = { snapshot_lock_days = 30 }
    forensics = {
      ami_id           = "ami-0123456789abcdef0"
      instance_profile = { arn = "arn:aws:iam::123456789012:instance-profile/forensics", role_arn = "arn:aws:iam::123456789012:role/forensics" }
      subnet_ids       = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
    }
    isolation   = { revoke_credentials = "instance", restorable_role_arns = ["arn:aws:iam::123456789012:role/web"] }
    replacement = { launch_template_id = "lt-0123456789abcdef0", role_arn = "arn:aws:iam::123456789012:role/web" }
  }

  assert {
    condition = jsonencode([
      for statement in jsondecode(aws_iam_role_policy.function.policy).Statement : [statement.Resource, statement.Condition] if statement.Sid == "PassRoles"
      ]) == jsonencode([[
        ["arn:aws:iam::123456789012:role/forensics", "arn:aws:iam::123456789012:role/web"],
        { StringEquals = { "iam:PassedToService" = "ec2.amazonaws.com" } },
    ]])
    error_message = aws_iam_role_policy.function.policy
  }

  assert {
    condition = jsonencode({
      for statement in jsondecode(aws_iam_role_policy.function.policy).Statement : statement.Sid => statement.Resource
      if contains(["LabelReplacement", "StartForensicMachine", "StartForensicMachineWith", "StartReplacement"], statement.Sid)
      }) == jsonencode({
      LabelReplacement     = ["arn:aws:ec2:eu-central-1:123456789012:network-interface/*", "arn:aws:ec2:eu-central-1:123456789012:volume/*"]
      StartForensicMachine = ["arn:aws:ec2:eu-central-1:123456789012:instance/*"]
      StartForensicMachineWith = [
        "arn:aws:ec2:eu-central-1::image/ami-0123456789abcdef0", "arn:aws:ec2:eu-central-1:123456789012:network-interface/*",
        "arn:aws:ec2:eu-central-1:123456789012:volume/*", "arn:aws:ec2:eu-central-1::snapshot/*", "arn:aws:ec2:eu-central-1:123456789012:security-group/*",
        "arn:aws:ec2:eu-central-1:123456789012:subnet/subnet-0123456789abcdef0", "arn:aws:ec2:eu-central-1:123456789012:subnet/subnet-0123456789abcdef1",
      ]
      StartReplacement = [
        "arn:aws:ec2:eu-central-1:123456789012:instance/*", "arn:aws:ec2:eu-central-1:123456789012:key-pair/*",
        "arn:aws:ec2:eu-central-1:123456789012:network-interface/*", "arn:aws:ec2:eu-central-1:123456789012:security-group/*",
        "arn:aws:ec2:eu-central-1:123456789012:subnet/*", "arn:aws:ec2:eu-central-1:123456789012:volume/*", "arn:aws:ec2:eu-central-1::image/*",
        "arn:aws:ec2:eu-central-1:123456789012:launch-template/lt-0123456789abcdef0", "arn:aws:ec2:eu-central-1::snapshot/*",
      ]
    })
    error_message = aws_iam_role_policy.function.policy
  }
}

run "makes_no_volumes_where_the_originals_are_attached" {
  command = plan

  variables {
    forensics = { ami_id = "ami-0123456789abcdef0", subnet_ids = ["subnet-0123456789abcdef0"], security_group_id = "sg-0123456789abcdef0", volumes = "original" }
  }

  assert {
    condition = jsonencode(sort([
      for statement in jsondecode(aws_iam_role_policy.function.policy).Statement : statement.Sid if startswith(statement.Sid, "MakeVolumes") || startswith(statement.Sid, "Start")
    ])) == jsonencode(["StartForensicMachine", "StartForensicMachineWith", "StartResponses"])
    error_message = aws_iam_role_policy.function.policy
  }

  assert {
    condition     = strcontains(aws_iam_role_policy.function.policy, "security-group/sg-0123456789abcdef0")
    error_message = aws_iam_role_policy.function.policy
  }
}

run "names_the_partition_that_it_runs_in" {
  command = plan

  override_data {
    target          = data.aws_partition.current
    override_during = plan
    values          = { partition = "aws-cn", dns_suffix = "amazonaws.com.cn" }
  }

  variables {
    forensics             = { ami_id = "ami-0123456789abcdef0", subnet_ids = ["subnet-0123456789abcdef0"] }
    notifier_function_arn = null
    replacement           = { launch_template_id = "lt-0123456789abcdef0" }
  }

  assert {
    condition = alltrue(flatten([
      for policy in [aws_iam_role_policy.function.policy, aws_iam_policy.instances.policy, aws_iam_role_policy.state_machine.policy] : [
        for statement in jsondecode(policy).Statement : [for arn in statement.Resource : arn == "*" || startswith(arn, "arn:aws-cn:") || strcontains(arn, ":key/")]
      ]
    ]))
    error_message = aws_iam_role_policy.function.policy
  }
}

run "lets_operators_respond_and_read_and_approvers_approve" {
  command = plan

  assert {
    condition = jsonencode({
      for statement in jsondecode(output.operators_policy_json).Statement : statement.Sid => [statement.Action, statement.Resource] if statement.Sid != "Look"
      }) == jsonencode({
      FindModule      = [["ssm:GetParameter"], ["arn:aws:ssm:eu-central-1:123456789012:parameter/cloudtrail-to-slack/incident-response"]]
      StartResponses  = [["states:ListExecutions", "states:StartExecution"], ["arn:aws:states:eu-central-1:123456789012:stateMachine:incident-response"]]
      FollowResponses = [["states:DescribeExecution", "states:GetExecutionHistory"], ["arn:aws:states:eu-central-1:123456789012:execution:incident-response:*"]]
      ReadEvidence    = [["s3:GetObject", "s3:GetObjectRetention", "s3:GetObjectVersion"], ["arn:aws:s3:::incident-response-evidence-123456789012-eu-central-1/cases/*", "arn:aws:s3:::incident-response-evidence-123456789012-eu-central-1/instances/*"]]
      ListEvidence    = [["s3:ListBucket", "s3:ListBucketVersions"], ["arn:aws:s3:::incident-response-evidence-123456789012-eu-central-1"]]
      DecryptEvidence = [["kms:Decrypt"], ["arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-4000-8000-00000000000e"]]
      VerifyManifests = [["kms:GetPublicKey", "kms:Verify"], ["arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-4000-8000-00000000005e"]]
    })
    error_message = output.operators_policy_json
  }

  assert {
    condition = alltrue(flatten([
      for statement in jsondecode(output.operators_policy_json).Statement : [for action in statement.Action : can(regex("^[a-z0-9]+:Describe[A-Za-z]+$", action))]
      if statement.Sid == "Look"
    ]))
    error_message = output.operators_policy_json
  }

  assert {
    condition     = jsondecode(output.approvers_policy_json).Statement[*].Action == [["states:SendTaskFailure", "states:SendTaskSuccess"]]
    error_message = output.approvers_policy_json
  }
}
