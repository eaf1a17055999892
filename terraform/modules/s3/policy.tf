data "aws_partition" "current" {}

locals {
  deny_without_tls = {
    Sid       = "DenyWithoutTls"
    Effect    = "Deny"
    Principal = "*"
    Action    = "s3:*"
    Condition = { Bool = { "aws:SecureTransport" = "false" } }
  }

  shared_prefixes = ["artifacts/models/", "artifacts/training-outputs/"]
  model_readers   = [for id in var.model_reader_account_ids : "arn:${data.aws_partition.current.partition}:iam::${id}:root"]

  # Accounts that deploy models of this registry read model artifacts, and nothing else.
  reader_statements = [for statement in [
    {
      Sid       = "ReadModels"
      Effect    = "Allow"
      Principal = { AWS = local.model_readers }
      Action    = ["s3:GetObject", "s3:GetObjectVersion"]
      Resource  = [for prefix in local.shared_prefixes : "${local.bucket_arn}/${prefix}*"]
    },
    {
      Sid       = "ListModels"
      Effect    = "Allow"
      Principal = { AWS = local.model_readers }
      Action    = ["s3:ListBucket"]
      Resource  = [local.bucket_arn]
      Condition = { StringLike = { "s3:prefix" = [for prefix in local.shared_prefixes : "${prefix}*"] } }
    },
  ] : statement if length(local.model_readers) > 0]

  # Bedrock writes bodies that are too large for a log event as a service principal. Its path below the prefix is fixed.
  delivery_statements = [for statement in [
    {
      Sid       = "DeliverInvocationLogs"
      Effect    = "Allow"
      Principal = { Service = "bedrock.amazonaws.com" }
      Action    = "s3:PutObject"
      Resource  = "${local.bucket_arn}/${local.prefixes.logs_bedrock}AWSLogs/${var.context.account_id}/BedrockModelInvocationLogs/*"
      Condition = {
        StringEquals = { "aws:SourceAccount" = var.context.account_id }
        ArnLike      = { "aws:SourceArn" = "arn:${data.aws_partition.current.partition}:bedrock:${var.context.region}:${var.context.account_id}:*" }
      }
    },
  ] : statement if var.invocation_logs]

  bucket_policy = {
    Version = "2012-10-17"
    Statement = concat([
      merge(local.deny_without_tls, { Resource = [local.bucket_arn, "${local.bucket_arn}/*"] }),
      {
        # A request that names no encryption gets the bucket's own; one that names another is refused.
        Sid       = "DenyOtherEncryption"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:PutObject"
        Resource  = "${local.bucket_arn}/*"
        Condition = {
          Null            = { "s3:x-amz-server-side-encryption" = "false" }
          StringNotEquals = { "s3:x-amz-server-side-encryption" = "aws:kms" }
        }
      },
      {
        Sid       = "DenyOtherKeys"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:PutObject"
        Resource  = "${local.bucket_arn}/*"
        Condition = {
          Null            = { "s3:x-amz-server-side-encryption-aws-kms-key-id" = "false" }
          StringNotEquals = { "s3:x-amz-server-side-encryption-aws-kms-key-id" = values(var.kms_key_arns) }
        }
      },
    ], local.executable_statements, local.reader_statements, local.delivery_statements)
  }

  log_bucket_policy = {
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "DeliverAccessLogs"
        Effect    = "Allow"
        Principal = { Service = "logging.s3.amazonaws.com" }
        Action    = "s3:PutObject"
        Resource  = "${local.log_bucket_arn}/*"
        Condition = {
          ArnLike      = { "aws:SourceArn" = local.bucket_arn }
          StringEquals = { "aws:SourceAccount" = var.context.account_id }
        }
      },
      merge(local.deny_without_tls, { Resource = [local.log_bucket_arn, "${local.log_bucket_arn}/*"] }),
    ]
  }
}

resource "aws_s3_bucket_policy" "data" {
  bucket = var.buckets.data.name
  policy = jsonencode(local.bucket_policy)
}

resource "aws_s3_bucket_policy" "logs" {
  bucket = var.buckets.logs.name
  policy = jsonencode(local.log_bucket_policy)
}
