# The function, its log group, and the alias that everything calls.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account_id = data.aws_caller_identity.current.account_id
  partition  = data.aws_partition.current.partition
  dns_suffix = data.aws_partition.current.dns_suffix
  region     = data.aws_region.current.id
  package    = "${path.module}/lambda/dist/notifier.zip"
}

resource "aws_cloudwatch_log_group" "function" {
  name              = "/aws/lambda/${var.function_name}"
  retention_in_days = var.lambda_logs_retention_in_days
  tags              = var.tags
}

resource "aws_lambda_function" "this" {
  function_name    = var.function_name
  description      = "Reads CloudTrail log files and tells Slack what deserves attention"
  filename         = local.package
  source_code_hash = filebase64sha256(local.package)
  handler          = "index.handler"
  runtime          = var.lambda_runtime
  architectures    = [var.lambda_architecture]
  memory_size      = var.lambda_memory_size
  timeout          = var.lambda_timeout_seconds
  role             = aws_iam_role.function.arn
  publish          = true
  tags             = var.tags

  environment {
    variables = {
      CONFIGURATION_PARAMETERS = local.configuration_pointers
      CONFIGURATION_SHA256     = sha256(local.configuration_text)
      LOG_LEVEL                = var.log_level
    }
  }

  dead_letter_config {
    target_arn = aws_sqs_queue.retry.arn
  }

  depends_on = [aws_cloudwatch_log_group.function, aws_iam_role_policy.function]
}

# Asks each new version whether it can work with its configuration, before the alias moves to it.
resource "aws_lambda_invocation" "self_check" {
  function_name = aws_lambda_function.this.function_name
  qualifier     = aws_lambda_function.this.version
  input         = jsonencode({ selfCheck = true })

  lifecycle {
    postcondition {
      condition     = jsondecode(self.result).ok
      error_message = "The configuration was refused; the previous version keeps running.\n${join("\n", jsondecode(self.result).problems)}"
    }
  }

  depends_on = [aws_ssm_parameter.secret]
}

resource "aws_lambda_alias" "live" {
  name             = "live"
  description      = "The version whose self-check passed; everything calls this"
  function_name    = aws_lambda_function.this.function_name
  function_version = aws_lambda_function.this.version

  depends_on = [aws_lambda_invocation.self_check]
}
