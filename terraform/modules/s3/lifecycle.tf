# The provider waits about 55 s until S3 shows the same rules everywhere. Nothing may depend on these
# two, so that the wait stays off everybody's path.
locals {
  lifecycle_rules = {
    raw          = { prefix = "data/raw/", expire_days = var.lifecycle_days.raw_expiration, glacier_days = null }
    checkpoints  = { prefix = "artifacts/checkpoints/", expire_days = var.lifecycle_days.checkpoint_expiration, glacier_days = null }
    batch-input  = { prefix = "inference/batch/input/", expire_days = var.lifecycle_days.batch_input_expiration, glacier_days = null }
    async-output = { prefix = "inference/async/output/", expire_days = null, glacier_days = var.lifecycle_days.async_output_glacier }
    logs         = { prefix = "logs/", expire_days = null, glacier_days = var.lifecycle_days.log_glacier }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "data" {
  bucket = aws_s3_bucket.data.id

  dynamic "rule" {
    for_each = local.lifecycle_rules

    content {
      id     = rule.key
      status = "Enabled"

      filter {
        prefix = rule.value.prefix
      }

      dynamic "expiration" {
        for_each = rule.value.expire_days[*]
        content {
          days = expiration.value
        }
      }

      dynamic "transition" {
        for_each = rule.value.glacier_days[*]
        content {
          days          = transition.value
          storage_class = "GLACIER"
        }
      }
    }
  }

  rule {
    id     = "housekeeping"
    status = "Enabled"

    filter {
      prefix = ""
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }

    noncurrent_version_expiration {
      noncurrent_days = var.lifecycle_days.noncurrent_expiration
    }
  }

  # Rules for old versions need versioning to be on.
  depends_on = [aws_s3_bucket_versioning.data]
}

resource "aws_s3_bucket_lifecycle_configuration" "logs" {
  bucket = aws_s3_bucket.logs.id

  rule {
    id     = "housekeeping"
    status = "Enabled"

    filter {
      prefix = ""
    }

    expiration {
      days = 365
    }

    noncurrent_version_expiration {
      noncurrent_days = var.lifecycle_days.noncurrent_expiration
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  depends_on = [aws_s3_bucket_versioning.logs]
}
