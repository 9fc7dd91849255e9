# Evidence: what nobody can delete, read or replace; and the topic.

mock_provider "aws" {
  source          = "../../test/terraform"
  override_during = plan
}

override_resource {
  target          = aws_kms_key.signing
  override_during = plan
  values          = { arn = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-4000-8000-00000000005e" }
}

run "locks_encrypts_and_closes_the_bucket" {
  command = plan

  assert {
    condition = jsonencode([
      aws_s3_bucket.evidence.bucket, aws_s3_bucket.evidence.object_lock_enabled, aws_s3_bucket.evidence.force_destroy,
      aws_s3_bucket_versioning.evidence.versioning_configuration[0].status,
      [for rule in aws_s3_bucket_object_lock_configuration.evidence.rule : rule.default_retention],
      [for rule in aws_s3_bucket_server_side_encryption_configuration.evidence.rule : rule.apply_server_side_encryption_by_default],
      aws_s3_bucket_ownership_controls.evidence.rule[0].object_ownership,
      ]) == jsonencode([
      "incident-response-evidence-123456789012-eu-central-1", true, false,
      "Enabled",
      [[{ days = 365, mode = "GOVERNANCE", years = null }]],
      [[{ kms_master_key_id = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-4000-8000-00000000000e", sse_algorithm = "aws:kms" }]],
      "BucketOwnerEnforced",
    ])
    error_message = jsonencode([aws_s3_bucket.evidence, aws_s3_bucket_object_lock_configuration.evidence, aws_s3_bucket_server_side_encryption_configuration.evidence])
  }

  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.evidence.block_public_acls, aws_s3_bucket_public_access_block.evidence.block_public_policy,
      aws_s3_bucket_public_access_block.evidence.ignore_public_acls, aws_s3_bucket_public_access_block.evidence.restrict_public_buckets,
    ])
    error_message = jsonencode(aws_s3_bucket_public_access_block.evidence)
  }

  assert {
    condition = jsonencode(jsondecode(aws_s3_bucket_policy.evidence.policy).Statement) == jsonencode([
      {
        Sid       = "DenyWithoutTls"
        Effect    = "Deny"
        Action    = "s3:*"
        Principal = "*"
        Resource  = ["arn:aws:s3:::incident-response-evidence-123456789012-eu-central-1", "arn:aws:s3:::incident-response-evidence-123456789012-eu-central-1/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      {
        Sid       = "DenyOtherEncryption"
        Effect    = "Deny"
        Action    = "s3:PutObject"
        Principal = "*"
        Resource  = "arn:aws:s3:::incident-response-evidence-123456789012-eu-central-1/*"
        Condition = {
          Null            = { "s3:x-amz-server-side-encryption" = "false" }
          StringNotEquals = { "s3:x-amz-server-side-encryption-aws-kms-key-id" = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-4000-8000-00000000000e" }
        }
      },
      {
        Sid       = "DenyDeletion"
        Effect    = "Deny"
        Action    = ["s3:BypassGovernanceRetention", "s3:DeleteObjectVersion"]
        Principal = "*"
        Resource  = "arn:aws:s3:::incident-response-evidence-123456789012-eu-central-1/*"
      },
    ])
    error_message = aws_s3_bucket_policy.evidence.policy
  }
}

run "signs_with_a_key_that_cannot_encrypt_and_rotates_the_one_that_does" {
  command = plan

  assert {
    condition = jsonencode([
      [aws_kms_key.signing.key_usage, aws_kms_key.signing.customer_master_key_spec, aws_kms_key.signing.deletion_window_in_days],
      [for key in aws_kms_key.evidence : [key.enable_key_rotation, key.deletion_window_in_days]],
      ]) == jsonencode([
      ["SIGN_VERIFY", "ECC_NIST_P256", 30],
      [[true, 30]],
    ])
    error_message = jsonencode(aws_kms_key.signing)
  }
}

run "locks_as_it_is_told" {
  command = plan

  variables {
    evidence = { lock_mode = "COMPLIANCE", lock_days = 2555, force_destroy = true }
  }

  assert {
    condition = jsonencode([
      aws_s3_bucket.evidence.force_destroy, [for rule in aws_s3_bucket_object_lock_configuration.evidence.rule : rule.default_retention],
    ]) == jsonencode([true, [[{ days = 2555, mode = "COMPLIANCE", years = null }]]])
    error_message = jsonencode(aws_s3_bucket_object_lock_configuration.evidence)
  }
}

run "encrypts_the_topic_and_lets_nobody_publish_without_tls" {
  command = plan

  variables {
    topic_subscriptions = { "soc@example.com" = "email" }
  }

  assert {
    condition = jsonencode([
      aws_sns_topic.this.name, aws_sns_topic.this.kms_master_key_id, jsondecode(aws_sns_topic_policy.this.policy).Statement,
      [for endpoint, subscription in aws_sns_topic_subscription.this : [endpoint, subscription.protocol]],
      ]) == jsonencode([
      "incident-response", "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-4000-8000-00000000000e",
      [{
        Sid       = "DenyWithoutTls"
        Effect    = "Deny"
        Action    = "sns:Publish"
        Principal = "*"
        Resource  = "arn:aws:sns:eu-central-1:123456789012:made-topic"
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      }],
      [["soc@example.com", "email"]],
    ])
    error_message = aws_sns_topic_policy.this.policy
  }
}
