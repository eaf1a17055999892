# The key contains the hash: a job queued with old code keeps it.
resource "aws_s3_object" "program" {
  bucket       = var.bucket_name
  key          = "artifacts/code/processing/${substr(replace(var.program.sha256_base64, "/[^A-Za-z0-9]/", ""), 0, 16)}/run_flow.zip"
  source       = var.program.path
  content_type = "application/zip"
  kms_key_id   = var.kms_key_arns.data

  # S3 allows ten tags on an object; the platform's default tags may be more.
  override_provider {
    default_tags {
      tags = {}
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

# The role executes the flow, so it is stored with the code, under its hash.
resource "aws_s3_object" "flow" {
  for_each = var.flows

  bucket       = var.bucket_name
  key          = "artifacts/code/flows/${substr(sha256(each.value.text), 0, 16)}/${each.key}.flow"
  content      = each.value.text
  content_type = "application/json"
  kms_key_id   = var.kms_key_arns.data

  override_provider {
    default_tags {
      tags = {}
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}
