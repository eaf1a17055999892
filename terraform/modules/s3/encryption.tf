resource "aws_s3_bucket_server_side_encryption_configuration" "data" {
  bucket = var.buckets.data.name

  rule {
    # One data key per bucket and period instead of one KMS request per object.
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = var.kms_key_arns.data
    }
  }
}

# S3 delivers access logs to SSE-S3 buckets only.
resource "aws_s3_bucket_server_side_encryption_configuration" "logs" {
  bucket = var.buckets.logs.name

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}
