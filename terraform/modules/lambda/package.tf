locals {
  # Base64 has characters that do not belong into a key.
  package_version = substr(replace(var.package.sha256_base64, "/[^A-Za-z0-9]/", ""), 0, 16)
}

# Uploaded to the bucket instead of sent with the request: the provider sends zips for one function at a time, because
# it holds each in memory, and the functions of a stack would wait for each other.
resource "aws_s3_object" "package" {
  bucket       = var.bucket_name
  key          = "artifacts/code/lambda/${local.package_version}/${var.function.name}.zip"
  source       = var.package.path
  content_type = "application/zip"
  kms_key_id   = var.kms_key_arns.environment

  # S3 allows ten tags on an object; the platform's default tags may be more.
  override_provider {
    default_tags {
      tags = {}
    }
  }

  lifecycle {
    # The function names the new object before the old one goes.
    create_before_destroy = true
  }
}
