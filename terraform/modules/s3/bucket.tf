locals {
  bucket_arn     = var.buckets.data.arn
  log_bucket_arn = var.buckets.logs.arn
}

resource "aws_s3_bucket_notification" "data" {
  bucket      = var.buckets.data.name
  eventbridge = true
}

resource "aws_s3_bucket_logging" "data" {
  bucket = var.buckets.data.name

  target_bucket = var.buckets.logs.name
  target_prefix = "data/"

  # S3 checks that it may deliver before it accepts the target.
  depends_on = [aws_s3_bucket_policy.logs]
}
