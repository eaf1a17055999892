locals {
  bucket_name     = "${var.context.name_prefix}-data-${var.context.account_id}-${var.context.region}"
  log_bucket_name = "${var.context.name_prefix}-access-logs-${var.context.account_id}-${var.context.region}"
}

# Encryption with the customer key, bucket policy, access logs and EventBridge are set by the module `s3`, the lifecycle
# by the module `s3_lifecycle`, in separate stacks. Until then no other module gets the bucket's name.
resource "aws_s3_bucket" "data" {
  #checkov:skip=CKV2_AWS_61:Its lifecycle is in the stack `retention`, on which no stack depends (55 s); a test compares
  #checkov:skip=CKV2_AWS_62:EventBridge is switched on by module `s3` in the stack `foundation`; a test compares
  #checkov:skip=CKV_AWS_18:Access logs are switched on by module `s3` in the stack `foundation`; a test compares
  #checkov:skip=CKV_AWS_145:The customer key is set by module `s3` in the stack `foundation`, which owns it; a test compares
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
