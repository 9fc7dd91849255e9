# Who is told: the topic, beside the notifier, which tells Slack.

resource "aws_sns_topic" "this" {
  name              = var.name
  kms_master_key_id = local.key_arn
  tags              = var.tags
}

# Who may publish, IAM says; nobody without TLS.
resource "aws_sns_topic_policy" "this" {
  arn = aws_sns_topic.this.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "DenyWithoutTls"
      Effect    = "Deny"
      Action    = "sns:Publish"
      Principal = "*"
      Resource  = aws_sns_topic.this.arn
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
}

resource "aws_sns_topic_subscription" "this" {
  for_each = var.topic_subscriptions

  topic_arn = aws_sns_topic.this.arn
  endpoint  = each.key
  protocol  = each.value
}
