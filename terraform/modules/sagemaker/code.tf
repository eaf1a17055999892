data "aws_sagemaker_prebuilt_ecr_image" "this" {
  count = var.image.uri == null ? 1 : 0

  repository_name = var.image.repository
  image_tag       = var.image.tag
  region          = var.context.region
}

locals {
  # Base64 has characters that do not belong into a key.
  code_version = substr(replace(var.package.sha256_base64, "/[^A-Za-z0-9]/", ""), 0, 16)
}

# The key carries the content's hash: a training job, and the lineage of its model, always names the very
# code that ran.
resource "aws_s3_object" "training_source" {
  bucket       = var.bucket_name
  key          = "artifacts/code/training/${local.code_version}/sourcedir.tar.gz"
  source       = var.package.path
  content_type = "application/gzip"
  kms_key_id   = var.kms_key_arn

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
