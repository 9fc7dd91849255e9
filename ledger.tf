# What was delivered and which objects were processed, so that nothing is told twice and nothing is missing.

locals {
  ledger_name = coalesce(var.dynamodb_table_name, "${var.function_name}-ledger")
  ledger_arn  = "arn:${local.partition}:dynamodb:${local.region}:${local.account_id}:table/${local.ledger_name}"
}

resource "aws_dynamodb_table" "ledger" {
  count = var.ledger.enabled ? 1 : 0

  name         = local.ledger_name
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"
  tags         = var.tags

  attribute {
    name = "id"
    type = "S"
  }

  ttl {
    attribute_name = "expiresAt"
    enabled        = true
  }

  # Without the block, a key that AWS owns encrypts the table.
  dynamic "server_side_encryption" {
    for_each = var.ledger.kms_key_arn == null ? [] : [var.ledger.kms_key_arn]
    content {
      enabled     = true
      kms_key_arn = server_side_encryption.value
    }
  }

  # Off: the table can be lost without losing an alert. What is retried is then told once more, no more than that.
  point_in_time_recovery {
    enabled = false
  }
}

# ---------------------------------------------------------------------------------------------------------------------
# Reconcile: what the digests list against what the ledger says was processed
# ---------------------------------------------------------------------------------------------------------------------

resource "aws_cloudwatch_event_rule" "reconcile" {
  count = var.reconcile == null ? 0 : 1

  name                = "${var.function_name}-reconcile"
  description         = "When the digests of ${local.bucket} are compared with what was processed"
  schedule_expression = var.reconcile.schedule_expression
  tags                = var.tags
}

resource "aws_cloudwatch_event_target" "reconcile" {
  count = var.reconcile == null ? 0 : 1

  rule      = aws_cloudwatch_event_rule.reconcile[0].name
  target_id = var.function_name
  # Not through sources.sqs: it brings what the bucket and API calls bring, and a schedule comes again by itself.
  arn = aws_lambda_alias.live.arn
  input = jsonencode({
    reconcile = { bucket = local.bucket, prefix = var.s3_notification_filter_prefix, hours = var.reconcile.look_back_hours }
  })

  dead_letter_config {
    arn = aws_sqs_queue.dead_letters.arn
  }

  depends_on = [aws_lambda_permission.reconcile, aws_sqs_queue_policy.dead_letters]
}

# Without source_account, as those of the rules in sources.tf.
resource "aws_lambda_permission" "reconcile" {
  count = var.reconcile == null ? 0 : 1

  statement_id  = "AllowReconcile"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.this.function_name
  qualifier     = aws_lambda_alias.live.name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.reconcile[0].arn
}
