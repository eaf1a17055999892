# The program that measures models, for all trainings. The key contains the hash: a job that is queued keeps its program.
resource "aws_s3_object" "evaluation" {
  bucket       = var.foundation.s3.bucket_name
  key          = "artifacts/code/evaluation/${substr(replace(var.packages["evaluation"].sha256_base64, "/[^A-Za-z0-9]/", ""), 0, 16)}/evaluation.zip"
  source       = var.packages["evaluation"].path
  content_type = "application/zip"
  kms_key_id   = var.foundation.kms.data_key_arn

  # S3 allows ten tags on an object; the platform's default tags may be more.
  override_provider {
    default_tags {
      tags = {}
    }
  }

  lifecycle {
    # Jobs that are queued still name the previous object.
    create_before_destroy = true
  }
}

locals {
  evaluation_uri = "s3://${var.foundation.s3.bucket_name}/${aws_s3_object.evaluation.key}"
}
