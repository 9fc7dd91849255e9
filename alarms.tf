# CloudWatch alarms: those on the trail's log group that the module makes from named conditions, and those of the user's
# that publish to a topic. Each becomes a message of its own.

locals {
  alarms           = var.sources.alarms
  alarm_conditions = local.alarms == null ? {} : local.alarms.conditions
  makes_alarms     = length(local.alarm_conditions) > 0
  # By name, so that the plan shows the policy of the dead-letter queue.
  alarms_topic_arn = "arn:${local.partition}:sns:${local.region}:${local.account_id}:${var.function_name}-alarms"
  alarm_topics = merge(
    local.makes_alarms ? { module = one(aws_sns_topic.alarms[*].arn) } : {},
    local.alarms == null ? {} : { for key, arn in local.alarms.topic_arns : "given-${key}" => arn },
  )

  # Calls by condition: source, and names of calls that change something. Section 4 of the CIS AWS Foundations Benchmark.
  watched_calls = {
    bucket_policy_changes   = { source = "s3.amazonaws.com", calls = ["PutBucketAcl", "PutBucketPolicy", "PutBucketCors", "PutBucketLifecycle", "PutBucketReplication", "DeleteBucketPolicy", "DeleteBucketCors", "DeleteBucketLifecycle", "DeleteBucketReplication"] }
    cloudtrail_changes      = { source = "cloudtrail.amazonaws.com", calls = ["CreateTrail", "UpdateTrail", "DeleteTrail", "StartLogging", "StopLogging"] }
    config_changes          = { source = "config.amazonaws.com", calls = ["StopConfigurationRecorder", "DeleteDeliveryChannel", "PutDeliveryChannel", "PutConfigurationRecorder"] }
    iam_policy_changes      = { source = "iam.amazonaws.com", calls = ["DeleteGroupPolicy", "DeleteRolePolicy", "DeleteUserPolicy", "PutGroupPolicy", "PutRolePolicy", "PutUserPolicy", "CreatePolicy", "DeletePolicy", "CreatePolicyVersion", "DeletePolicyVersion", "AttachRolePolicy", "DetachRolePolicy", "AttachUserPolicy", "DetachUserPolicy", "AttachGroupPolicy", "DetachGroupPolicy"] }
    kms_key_removals        = { source = "kms.amazonaws.com", calls = ["DisableKey", "ScheduleKeyDeletion"] }
    network_acl_changes     = { source = "ec2.amazonaws.com", calls = ["CreateNetworkAcl", "CreateNetworkAclEntry", "DeleteNetworkAcl", "DeleteNetworkAclEntry", "ReplaceNetworkAclEntry", "ReplaceNetworkAclAssociation"] }
    network_gateway_changes = { source = "ec2.amazonaws.com", calls = ["CreateCustomerGateway", "DeleteCustomerGateway", "AttachInternetGateway", "CreateInternetGateway", "DeleteInternetGateway", "DetachInternetGateway"] }
    organizations_changes   = { source = "organizations.amazonaws.com", calls = ["AcceptHandshake", "AttachPolicy", "CreateAccount", "CreateOrganizationalUnit", "CreatePolicy", "DeclineHandshake", "DeleteOrganization", "DeleteOrganizationalUnit", "DeletePolicy", "DetachPolicy", "DisablePolicyType", "EnablePolicyType", "InviteAccountToOrganization", "LeaveOrganization", "MoveAccount", "RemoveAccountFromOrganization", "UpdatePolicy", "UpdateOrganizationalUnit"] }
    route_table_changes     = { source = "ec2.amazonaws.com", calls = ["CreateRoute", "CreateRouteTable", "ReplaceRoute", "ReplaceRouteTableAssociation", "DeleteRouteTable", "DeleteRoute", "DisassociateRouteTable"] }
    security_group_changes  = { source = "ec2.amazonaws.com", calls = ["AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress", "RevokeSecurityGroupIngress", "RevokeSecurityGroupEgress", "ModifySecurityGroupRules", "CreateSecurityGroup", "DeleteSecurityGroup"] }
    vpc_changes             = { source = "ec2.amazonaws.com", calls = ["CreateVpc", "DeleteVpc", "ModifyVpcAttribute", "AcceptVpcPeeringConnection", "CreateVpcPeeringConnection", "DeleteVpcPeeringConnection", "RejectVpcPeeringConnection", "AttachClassicLinkVpc", "DetachClassicLinkVpc", "DisableVpcClassicLink", "EnableVpcClassicLink"] }
  }

  # What each condition looks for, in the filter language of CloudWatch Logs.
  # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
  condition_patterns = merge(
    {
      failed_sign_ins     = "{ ($.eventName = \"ConsoleLogin\") && ($.errorMessage = \"Failed authentication\") }"
      refused_calls       = "{ (($.errorCode = \"*UnauthorizedOperation\") || ($.errorCode = \"AccessDenied*\")) && ($.sourceIPAddress != \"delivery.logs.amazonaws.com\") && ($.eventName != \"HeadBucket\") }"
      root_use            = "{ ($.userIdentity.type = \"Root\") && ($.userIdentity.invokedBy NOT EXISTS) && ($.eventType != \"AwsServiceEvent\") }"
      sign_in_without_mfa = "{ ($.eventName = \"ConsoleLogin\") && ($.additionalEventData.MFAUsed != \"Yes\") && ($.userIdentity.type = \"IAMUser\") && ($.responseElements.ConsoleLogin = \"Success\") }"
      sign_in_from_other_address = format("{ %s }", join(" && ", concat(
        ["($.eventName = \"ConsoleLogin\")", "($.responseElements.ConsoleLogin = \"Success\")"],
        [for address in try(local.alarm_conditions.sign_in_from_other_address.allowed_addresses, []) : "($.sourceIPAddress != \"${address}\")"],
      )))
    },
    {
      for name, watched in local.watched_calls :
      name => "{ ($.eventSource = \"${watched.source}\") && (${join(" || ", [for call in watched.calls : "($.eventName = \"${call}\")"])}) }"
    },
  )

  condition_descriptions = {
    bucket_policy_changes      = "Policy, ACL, CORS, lifecycle or replication of a bucket was changed"
    cloudtrail_changes         = "A trail was made, changed, removed, started or stopped"
    config_changes             = "AWS Config was changed or stopped"
    failed_sign_ins            = "Sign-ins to the console failed"
    iam_policy_changes         = "An IAM policy was changed, attached or detached"
    kms_key_removals           = "A KMS key was disabled or is to be deleted"
    network_acl_changes        = "A network ACL was changed"
    network_gateway_changes    = "An internet or customer gateway was changed"
    organizations_changes      = "The organization was changed"
    refused_calls              = "Calls were refused for lack of permission"
    root_use                   = "The root user was used"
    route_table_changes        = "A route or route table was changed"
    security_group_changes     = "A security group was changed"
    sign_in_from_other_address = "Somebody signed in to the console from an address that is not allowed"
    sign_in_without_mfa        = "An IAM user signed in to the console without MFA"
    vpc_changes                = "A VPC or a peering connection was changed"
  }
}

resource "aws_cloudwatch_log_metric_filter" "this" {
  for_each = local.alarm_conditions

  name           = "${var.function_name}-${each.key}"
  log_group_name = local.alarms.log_group_name
  pattern        = local.condition_patterns[each.key]

  metric_transformation {
    name      = "${var.function_name}-${each.key}"
    namespace = "CloudTrailToSlack/Alarms"
    value     = "1"
  }

  lifecycle {
    precondition {
      # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html
      condition     = length(local.condition_patterns[each.key]) <= 1024
      error_message = "The metric filter of the condition ${each.key} takes ${length(local.condition_patterns[each.key])} characters, and CloudWatch allows 1024: give fewer allowed_addresses, or join them to prefixes such as 198.51.100.*."
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarm_conditions

  alarm_name          = "${var.function_name}-${each.key}"
  alarm_description   = local.condition_descriptions[each.key]
  namespace           = "CloudTrailToSlack/Alarms"
  metric_name         = aws_cloudwatch_log_metric_filter.this[each.key].metric_transformation[0].name
  statistic           = "Sum"
  period              = each.value.period_seconds
  evaluation_periods  = 1
  threshold           = each.value.threshold
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms[0].arn]
  tags                = var.tags
}

resource "aws_sns_topic" "alarms" {
  count = local.makes_alarms ? 1 : 0

  name = "${var.function_name}-alarms"
  tags = var.tags
}

resource "aws_sns_topic_policy" "alarms" {
  count = local.makes_alarms ? 1 : 0

  arn = aws_sns_topic.alarms[0].arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "PublishByAlarms"
      Effect    = "Allow"
      Action    = "sns:Publish"
      Principal = { Service = "cloudwatch.amazonaws.com" }
      Resource  = aws_sns_topic.alarms[0].arn
      Condition = {
        # By name, so that a new alarm may publish from its first moment.
        ArnLike      = { "aws:SourceArn" = "arn:${local.partition}:cloudwatch:${local.region}:${local.account_id}:alarm:${var.function_name}-*" }
        StringEquals = { "aws:SourceAccount" = local.account_id }
      }
    }]
  })
}

resource "aws_sns_topic_subscription" "alarms" {
  for_each = local.alarm_topics

  topic_arn = each.value
  protocol  = "lambda"
  endpoint  = aws_lambda_alias.live.arn
  # Where what cannot be delivered rests.
  redrive_policy = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead_letters.arn })

  lifecycle {
    precondition {
      condition     = element(split(":", each.value), 3) == local.region
      error_message = "The topic ${each.value} of sources.alarms.topic_arns is in another region than the function, and Terraform can subscribe only in its own. Subscribe the output lambda_function_arn with a provider of that region, with an aws_lambda_permission for the topic: docs/sources.md shows it."
    }
  }

  depends_on = [aws_lambda_permission.alarms, aws_sqs_queue_policy.dead_letters]
}

resource "aws_lambda_permission" "alarms" {
  for_each = local.alarm_topics

  statement_id  = "AllowAlarmTopic-${each.key}"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.this.function_name
  qualifier     = aws_lambda_alias.live.name
  principal     = "sns.amazonaws.com"
  source_arn    = each.value
}
