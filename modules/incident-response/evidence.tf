# Where evidence lies: a bucket whose objects nobody can replace or delete before their time, the key that encrypts them, and
# the key that signs the manifests.

locals {
  bucket_name = coalesce(var.evidence.bucket_name, "${var.name}-evidence-${local.account_id}-${local.region}")
  bucket_arn  = "arn:${local.partition}:s3:::${local.bucket_name}"
  makes_key   = var.evidence.kms_key == null
  key_arn     = local.makes_key ? one(aws_kms_key.evidence[*].arn) : var.evidence.kms_key.arn
}

resource "aws_kms_key" "evidence" {
  count = local.makes_key ? 1 : 0

  description             = "Evidence of ${var.name}: objects, copies of snapshots, messages"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = local.key_policy
  tags                    = var.tags
}

resource "aws_kms_alias" "evidence" {
  count = local.makes_key ? 1 : 0

  name          = "alias/${var.name}-evidence"
  target_key_id = aws_kms_key.evidence[0].key_id
}

# Signs manifests, so that one that was altered is found even where the bucket was replaced. Nobody can read the private half.
resource "aws_kms_key" "signing" {
  description              = "Signs the manifests of ${var.name}"
  key_usage                = "SIGN_VERIFY"
  customer_master_key_spec = "ECC_NIST_P256"
  deletion_window_in_days  = 30
  policy                   = local.key_policy
  tags                     = var.tags
}

resource "aws_kms_alias" "signing" {
  name          = "alias/${var.name}-signing"
  target_key_id = aws_kms_key.signing.key_id
}

locals {
  # Who may use the keys, IAM says: the function by its role, people by the output operators_policy_json.
  key_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "AllowByIam"
      Effect    = "Allow"
      Action    = "kms:*"
      Principal = { AWS = "arn:${local.partition}:iam::${local.account_id}:root" }
      Resource  = "*"
    }]
  })
}

resource "aws_s3_bucket" "evidence" {
  bucket              = local.bucket_name
  object_lock_enabled = true
  force_destroy       = var.evidence.force_destroy
  tags                = var.tags
}

resource "aws_s3_bucket_versioning" "evidence" {
  bucket = aws_s3_bucket.evidence.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_object_lock_configuration" "evidence" {
  bucket = aws_s3_bucket.evidence.id

  rule {
    default_retention {
      mode = var.evidence.lock_mode
      days = var.evidence.lock_days
    }
  }

  depends_on = [aws_s3_bucket_versioning.evidence]
}

resource "aws_s3_bucket_server_side_encryption_configuration" "evidence" {
  bucket = aws_s3_bucket.evidence.id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = local.key_arn
    }
  }
}

resource "aws_s3_bucket_public_access_block" "evidence" {
  bucket = aws_s3_bucket.evidence.id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "evidence" {
  bucket = aws_s3_bucket.evidence.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_policy" "evidence" {
  bucket = aws_s3_bucket.evidence.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "DenyWithoutTls"
        Effect    = "Deny"
        Action    = "s3:*"
        Principal = "*"
        Resource  = [local.bucket_arn, "${local.bucket_arn}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      {
        # Without any header S3 encrypts as the bucket says, with this key. With one that names no key, or another, it does not.
        Sid       = "DenyOtherEncryption"
        Effect    = "Deny"
        Action    = "s3:PutObject"
        Principal = "*"
        Resource  = "${local.bucket_arn}/*"
        Condition = {
          Null            = { "s3:x-amz-server-side-encryption" = "false" }
          StringNotEquals = { "s3:x-amz-server-side-encryption-aws-kms-key-id" = local.key_arn }
        }
      },
      {
        # Also for administrators, as long as this policy stands.
        Sid       = "DenyDeletion"
        Effect    = "Deny"
        Action    = ["s3:BypassGovernanceRetention", "s3:DeleteObjectVersion"]
        Principal = "*"
        Resource  = "${local.bucket_arn}/*"
      },
    ]
  })

  depends_on = [aws_s3_bucket_public_access_block.evidence]
}
