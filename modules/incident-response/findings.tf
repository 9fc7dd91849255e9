# Findings of GuardDuty start a response: rule → function, which starts one execution for each instance. What cannot be
# delivered, or taken, rests in a queue.

locals {
  hears_findings    = var.findings != null
  rule_name         = "${var.name}-findings"
  dead_letters_name = "${var.name}-dead-letters"
  dead_letters_arn  = "arn:${local.partition}:sqs:${local.region}:${local.account_id}:${local.dead_letters_name}"

  # What need not even wake the function, which looks at all of this again. That updates of a finding start nothing is its
  # part: the execution is called after the finding.
  finding_pattern = !local.hears_findings ? null : jsonencode({
    source      = concat(["aws.guardduty"], var.findings.extra_event_sources)
    detail-type = ["GuardDuty Finding"]
    detail = merge(
      {
        # The roles are of this account; what a delegated administrator hears of others, starts nothing here.
        accountId = [local.account_id]
        severity  = [{ numeric = [">=", var.findings.minimum_severity] }]
        service = {
          archived       = [false, { exists = false }]
          additionalInfo = { sample = [false, { exists = false }] }
          # TARGET: somebody tries to get in, which is not to say that he did.
          resourceRole = [{ anything-but = ["TARGET"] }, { exists = false }]
        }
      },
      length(var.findings.types) == 0 ? {} : { type = [for type in var.findings.types : { prefix = type }] },
    )
  })
}

resource "aws_cloudwatch_event_rule" "findings" {
  count = local.hears_findings ? 1 : 0

  name          = local.rule_name
  description   = "Findings of GuardDuty that start a response"
  event_pattern = local.finding_pattern
  tags          = var.tags
}

resource "aws_cloudwatch_event_target" "findings" {
  count = local.hears_findings ? 1 : 0

  rule      = aws_cloudwatch_event_rule.findings[0].name
  target_id = var.name
  arn       = aws_lambda_alias.live.arn

  dead_letter_config {
    arn = aws_sqs_queue.dead_letters[0].arn
  }

  depends_on = [aws_lambda_permission.findings, aws_sqs_queue_policy.dead_letters]
}

resource "aws_lambda_permission" "findings" {
  count = local.hears_findings ? 1 : 0

  statement_id  = "AllowFindings"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.this.function_name
  qualifier     = aws_lambda_alias.live.name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.findings[0].arn
}

resource "aws_sqs_queue" "dead_letters" {
  count = local.hears_findings ? 1 : 0

  name                      = local.dead_letters_name
  message_retention_seconds = 14 * 24 * 3600
  sqs_managed_sse_enabled   = true
  tags                      = var.tags
}

resource "aws_sqs_queue_policy" "dead_letters" {
  count = local.hears_findings ? 1 : 0

  queue_url = aws_sqs_queue.dead_letters[0].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "SendByRule"
      Effect    = "Allow"
      Action    = "sqs:SendMessage"
      Principal = { Service = "events.amazonaws.com" }
      Resource  = local.dead_letters_arn
      Condition = { ArnEquals = { "aws:SourceArn" = "arn:${local.partition}:events:${local.region}:${local.account_id}:rule/${local.rule_name}" } }
    }]
  })
}
