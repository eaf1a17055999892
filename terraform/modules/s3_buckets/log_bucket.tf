resource "aws_s3_bucket" "logs" {
  #checkov:skip=CKV2_AWS_61:Its lifecycle is in the stack `retention`, on which no stack depends (55 s); a test compares
  #checkov:skip=CKV_AWS_18:This is the bucket that access logs go to; logging it into itself never ends
  #checkov:skip=CKV_AWS_144:Access logs of a one-region bucket need no second region
  #checkov:skip=CKV_AWS_145:S3 delivers access logs to SSE-S3 buckets only
  #checkov:skip=CKV2_AWS_62:Nothing reacts to a delivered log file
  bucket        = local.log_bucket_name
  force_destroy = var.force_destroy
}

resource "aws_s3_bucket_ownership_controls" "logs" {
  bucket = aws_s3_bucket.logs.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "logs" {
  bucket = aws_s3_bucket.logs.id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_versioning" "logs" {
  bucket = aws_s3_bucket.logs.id

  versioning_configuration {
    status = "Enabled"
  }
}
