# What the function may do in the profile "full", and to restore: move volumes, make them from snapshots, start machines.

locals {
  makes_volumes       = try(var.forensics.volumes == "copy", false)
  launch_template_arn = var.replacement == null ? null : "${local.ec2}launch-template/${var.replacement.launch_template_id}"

  volume_keys_arn = "arn:${local.partition}:kms:${local.region}:*:key/*"

  machine_statements = [
    {
      Sid      = "MoveVolumes"
      Effect   = "Allow"
      Action   = ["ec2:AttachVolume", "ec2:DetachVolume"]
      Resource = ["${local.ec2}instance/*", "${local.ec2}volume/*"]
    },
    {
      # EC2 works with the keys of volumes in the caller's name; keys may be another account's, whose policy then decides.
      # https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html
      Sid       = "UseKeysOfVolumes"
      Effect    = "Allow"
      Action    = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo"]
      Resource  = [local.volume_keys_arn]
      Condition = { StringEquals = { "kms:ViaService" = "ec2.${local.region}.${local.dns_suffix}" } }
    },
    {
      Sid      = "LendKeysOfVolumes"
      Effect   = "Allow"
      Action   = ["kms:CreateGrant"]
      Resource = [local.volume_keys_arn]
      Condition = {
        Bool         = { "kms:GrantIsForAWSResource" = "true" }
        StringEquals = { "kms:ViaService" = "ec2.${local.region}.${local.dns_suffix}" }
      }
    },
    !local.makes_volumes ? null : {
      Sid       = "MakeVolumes"
      Effect    = "Allow"
      Action    = ["ec2:CreateVolume"]
      Resource  = ["${local.ec2}volume/*"]
      Condition = local.becomes_ours
    },
    !local.makes_volumes ? null : {
      Sid       = "MakeVolumesFrom"
      Effect    = "Allow"
      Action    = ["ec2:CreateVolume"]
      Resource  = [local.snapshots_arn]
      Condition = local.is_ours
    },
    var.forensics == null ? null : {
      Sid       = "StartForensicMachine"
      Effect    = "Allow"
      Action    = ["ec2:RunInstances"]
      Resource  = ["${local.ec2}instance/*"]
      Condition = local.becomes_ours
    },
    var.forensics == null ? null : {
      Sid    = "StartForensicMachineWith"
      Effect = "Allow"
      Action = ["ec2:RunInstances"]
      Resource = concat(
        ["${local.images_arn}${var.forensics.ami_id}", "${local.ec2}network-interface/*", "${local.ec2}volume/*", local.snapshots_arn],
        ["${local.ec2}security-group/${coalesce(var.forensics.security_group_id, "*")}"],
        [for id in var.forensics.subnet_ids : "${local.ec2}subnet/${id}"],
      )
    },
    var.replacement == null ? null : {
      Sid    = "StartReplacement"
      Effect = "Allow"
      Action = ["ec2:RunInstances"]
      Resource = [
        "${local.ec2}instance/*", "${local.ec2}key-pair/*", "${local.ec2}network-interface/*", "${local.ec2}security-group/*", "${local.ec2}subnet/*",
        "${local.ec2}volume/*", "${local.images_arn}*", local.launch_template_arn, local.snapshots_arn,
      ]
      Condition = { ArnEquals = { "ec2:LaunchTemplate" = local.launch_template_arn } }
    },
    var.replacement == null ? null : {
      # What else the template tags, without the tag that is ours.
      Sid       = "LabelReplacement"
      Effect    = "Allow"
      Action    = ["ec2:CreateTags"]
      Resource  = ["${local.ec2}network-interface/*", "${local.ec2}volume/*"]
      Condition = { StringEquals = { "ec2:CreateAction" = "RunInstances" } }
    },
    length(local.passed_role_arns) == 0 ? null : {
      Sid       = "PassRoles"
      Effect    = "Allow"
      Action    = ["iam:PassRole"]
      Resource  = local.passed_role_arns
      Condition = { StringEquals = { "iam:PassedToService" = "ec2.${local.dns_suffix}" } }
    },
  ]

  # Roles that the function may give to a machine.
  passed_role_arns = distinct(compact(concat(
    [try(var.forensics.instance_profile.role_arn, null), try(var.replacement.role_arn, null)],
    local.revokes_credentials ? var.isolation.restorable_role_arns : [],
  )))
}
