# The provider waits about 55 s until S3 shows the same rules everywhere, on create and on update. So they are in a
# separate stack on which no other stack depends. Both buckets are already versioned, which rules for old versions
# require.
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
  bucket = var.data_bucket_name

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

  # Once the last version below it is gone, a delete marker only slows listings down.
  rule {
    id     = "delete-markers"
    status = "Enabled"

    filter {
      prefix = ""
    }

    expiration {
      expired_object_delete_marker = true
    }
  }

  rule {
    id     = "housekeeping"
    status = "Enabled"

    filter {
      prefix = ""
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = var.lifecycle_days.abort_multipart
    }

    noncurrent_version_expiration {
      noncurrent_days = var.lifecycle_days.noncurrent_expiration
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "logs" {
  bucket = var.log_bucket_name

  rule {
    id     = "housekeeping"
    status = "Enabled"

    filter {
      prefix = ""
    }

    expiration {
      days = var.lifecycle_days.access_log_expiration
    }

    noncurrent_version_expiration {
      noncurrent_days = var.lifecycle_days.noncurrent_expiration
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = var.lifecycle_days.abort_multipart
    }
  }
}
