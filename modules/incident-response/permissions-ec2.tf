# What the function may do to an instance and around it. IAM asks for each resource of a call on its own, and of a new one
# for the tags that it is made with: hence several statements for one action.
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html

locals {
  ec2 = "arn:${local.partition}:ec2:${local.region}:${local.account_id}:"
  # Snapshots and images of EC2 belong to no account in their ARNs.
  snapshots_arn = "arn:${local.partition}:ec2:${local.region}::snapshot/*"
  images_arn    = "arn:${local.partition}:ec2:${local.region}::image/"

  revokes_credentials = var.isolation.revoke_credentials == "instance"
  is_ours             = { StringEquals = { "aws:ResourceTag/ir:managed" = "true" } }
  becomes_ours        = { StringEquals = { "aws:RequestTag/ir:managed" = "true" } }
  # The labels on a contained instance.
  instance_tag_keys = ["ir:case", "ir:interrupt", "ir:investigation", "ir:isolated-at", "ir:status"]

  looking_actions = [
    "autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribeAutoScalingInstances", "autoscaling:DescribeLifecycleHooks", "ec2:DescribeAddresses",
    "ec2:DescribeIamInstanceProfileAssociations", "ec2:DescribeInstanceAttribute", "ec2:DescribeInstances", "ec2:DescribeInstanceTypes",
    "ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroupRules", "ec2:DescribeSecurityGroups", "ec2:DescribeSnapshots",
    "ec2:DescribeSpotInstanceRequests", "ec2:DescribeSubnets", "ec2:DescribeVolumes", "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetHealth",
  ]

  instance_statements = [
    {
      Sid    = "Look"
      Effect = "Allow"
      Action = local.looking_actions
      # These know no resources.
      Resource = ["*"]
    },
    {
      Sid    = "HoldInstance"
      Effect = "Allow"
      Action = [
        "ec2:GetConsoleOutput", "ec2:GetConsoleScreenshot", "ec2:SendDiagnosticInterrupt", "ec2:StartInstances", "ec2:StopInstances",
      ]
      Resource = ["${local.ec2}instance/*"]
    },
    {
      # Groups are attached to interfaces, volumes kept when their instance goes.
      Sid      = "Isolate"
      Effect   = "Allow"
      Action   = ["ec2:ModifyNetworkInterfaceAttribute", "ec2:ModifyInstanceAttribute"]
      Resource = ["${local.ec2}instance/*", "${local.ec2}network-interface/*", "${local.ec2}security-group/*", "${local.ec2}volume/*"]
    },
    {
      Sid      = "MoveAddresses"
      Effect   = "Allow"
      Action   = ["ec2:AssociateAddress", "ec2:DisassociateAddress"]
      Resource = ["${local.ec2}elastic-ip/*", "${local.ec2}instance/*", "${local.ec2}network-interface/*"]
    },
    {
      Sid      = "MakeQuarantineGroupIn"
      Effect   = "Allow"
      Action   = ["ec2:CreateSecurityGroup"]
      Resource = ["${local.ec2}vpc/*"]
    },
    {
      Sid       = "MakeQuarantineGroup"
      Effect    = "Allow"
      Action    = ["ec2:CreateSecurityGroup"]
      Resource  = ["${local.ec2}security-group/*"]
      Condition = local.becomes_ours
    },
    {
      Sid       = "CloseQuarantineGroup"
      Effect    = "Allow"
      Action    = ["ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupEgress", "ec2:RevokeSecurityGroupIngress"]
      Resource  = ["${local.ec2}security-group/*"]
      Condition = local.is_ours
    },
    {
      # Rules have no tags; whose group they are of, is asked above.
      Sid      = "CloseQuarantineGroupRules"
      Effect   = "Allow"
      Action   = ["ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupEgress", "ec2:RevokeSecurityGroupIngress"]
      Resource = ["${local.ec2}security-group-rule/*"]
    },
    {
      Sid      = "LabelInstance"
      Effect   = "Allow"
      Action   = ["ec2:CreateTags", "ec2:DeleteTags"]
      Resource = ["${local.ec2}instance/*"]
      Condition = {
        "ForAllValues:StringEquals" = { "aws:TagKeys" = local.instance_tag_keys }
        Null                        = { "aws:TagKeys" = "false" }
      }
    },
    {
      Sid      = "LabelWhatItMakes"
      Effect   = "Allow"
      Action   = ["ec2:CreateTags"]
      Resource = ["${local.ec2}instance/*", "${local.ec2}network-interface/*", "${local.ec2}security-group/*", "${local.ec2}volume/*", local.snapshots_arn]
      Condition = {
        StringEquals = {
          "aws:RequestTag/ir:managed" = "true"
          "ec2:CreateAction"          = ["CreateSecurityGroup", "CreateSnapshots", "CreateVolume", "RunInstances"]
        }
      }
    },
    {
      Sid      = "TakeSnapshotsOf"
      Effect   = "Allow"
      Action   = ["ec2:CreateSnapshot", "ec2:CreateSnapshots"]
      Resource = ["${local.ec2}instance/*", "${local.ec2}volume/*"]
    },
    {
      Sid       = "TakeSnapshots"
      Effect    = "Allow"
      Action    = ["ec2:CreateSnapshot", "ec2:CreateSnapshots"]
      Resource  = [local.snapshots_arn]
      Condition = local.becomes_ours
    },
    var.evidence.snapshot_lock_days == 0 ? null : {
      Sid       = "LockSnapshots"
      Effect    = "Allow"
      Action    = ["ec2:LockSnapshot"]
      Resource  = [local.snapshots_arn]
      Condition = local.is_ours
    },
    {
      Sid    = "HoldAutoScaling"
      Effect = "Allow"
      Action = [
        "autoscaling:AttachInstances", "autoscaling:DetachInstances", "autoscaling:RecordLifecycleActionHeartbeat",
        "autoscaling:SetInstanceProtection",
      ]
      Resource = ["arn:${local.partition}:autoscaling:${local.region}:${local.account_id}:autoScalingGroup:*:autoScalingGroupName/*"]
    },
    {
      Sid      = "MoveTargets"
      Effect   = "Allow"
      Action   = ["elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:RegisterTargets"]
      Resource = ["arn:${local.partition}:elasticloadbalancing:${local.region}:${local.account_id}:targetgroup/*"]
    },
    !local.revokes_credentials ? null : {
      Sid      = "RevokeCredentials"
      Effect   = "Allow"
      Action   = ["ec2:AssociateIamInstanceProfile", "ec2:DisassociateIamInstanceProfile", "ec2:ModifyInstanceMetadataOptions"]
      Resource = ["${local.ec2}instance/*"]
    },
  ]
}
