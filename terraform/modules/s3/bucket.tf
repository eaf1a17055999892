data "aws_partition" "current" {}

locals {
  bucket_name     = "${var.context.name_prefix}-data-${var.context.account_id}-${var.context.region}"
  log_bucket_name = "${var.context.name_prefix}-access-logs-${var.context.account_id}-${var.context.region}"
  bucket_arn      = "arn:${data.aws_partition.current.partition}:s3:::${local.bucket_name}"
  log_bucket_arn  = "arn:${data.aws_partition.current.partition}:s3:::${local.log_bucket_name}"
}

resource "aws_s3_bucket" "data" {
  #checkov:skip=CKV2_AWS_61:Its lifecycle is in the stack `retention`, which nobody waits for (55 s)
  #checkov:skip=CKV_AWS_144:One region by design; everything but data/raw can be rebuilt, and raw is a copy of its source
  bucket        = local.bucket_name
  force_destroy = var.force_destroy
}

resource "aws_s3_bucket_ownership_controls" "data" {
  bucket = aws_s3_bucket.data.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "data" {
  bucket = aws_s3_bucket.data.id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_versioning" "data" {
  bucket = aws_s3_bucket.data.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_notification" "data" {
  bucket      = aws_s3_bucket.data.id
  eventbridge = true
}

resource "aws_s3_bucket_logging" "data" {
  bucket = aws_s3_bucket.data.id

  target_bucket = aws_s3_bucket.logs.id
  target_prefix = "data/"

  # S3 checks that it may deliver before it accepts the target.
  depends_on = [aws_s3_bucket_policy.logs]
}
