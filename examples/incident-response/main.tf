# A finding of GuardDuty isolates the instance that it names, keeps the evidence, and tells Slack.

terraform {
  required_version = ">= 1.11"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7"
    }
  }
}

variable "hook" {
  description = "Slack hook for everything."
  type        = string
  sensitive   = true
}

variable "forensic_cidrs" {
  description = "Addresses from which you reach isolated instances by SSH, such as 192.0.2.0/24. Empty for none."
  type        = list(string)
  default     = []
}

variable "mail" {
  description = "Address that is told, too; it is asked to confirm. Null for none."
  type        = string
  default     = null
}

variable "name" {
  description = "Name of the notifier, and the start of its names."
  type        = string
  default     = "cloudtrail-to-slack"
}

# The notifier. Here it hears of API calls by EventBridge; yours reads the log files of your trail, too.
module "cloudtrail_to_slack" {
  source = "../.."

  function_name                    = var.name
  default_slack_hook_ssm_parameter = aws_ssm_parameter.hook.name
  sources                          = { log_files = false, api_calls = {} }
}

module "incident_response" {
  source = "../../modules/incident-response"

  notifier_function_arn = module.cloudtrail_to_slack.lambda_function_arn
  topic_subscriptions   = var.mail == null ? {} : { (var.mail) = "email" }

  findings = {
    minimum_severity    = 7
    protected_tags      = { incident-response = "never" }
    extra_event_sources = ["incident-response.drill"]
  }

  isolation = { forensic_cidrs = var.forensic_cidrs }

  # So that this example can be destroyed; keep the evidence of real incidents for longer.
  evidence = { lock_days = 1, force_destroy = true }
}

# For whoever responds by the command line: attach it to their role.
resource "aws_iam_policy" "operators" {
  name   = "incident-response-operators"
  policy = module.incident_response.operators_policy_json
}

# The hook, with a write-only argument, which keeps it out of the state.
resource "aws_ssm_parameter" "hook" {
  name             = "/${var.name}-example/hook"
  type             = "SecureString"
  value_wo         = var.hook
  value_wo_version = 1
}

output "bucket" {
  description = "The bucket with the evidence."
  value       = module.incident_response.bucket
}

output "operators_policy_arn" {
  description = "The policy for whoever responds by the command line."
  value       = aws_iam_policy.operators.arn
}

output "state_machine_arn" {
  description = "The state machine, whose executions are the responses."
  value       = module.incident_response.state_machine_arn
}

output "topic_arn" {
  description = "The topic that is told, beside Slack."
  value       = module.incident_response.topic_arn
}
