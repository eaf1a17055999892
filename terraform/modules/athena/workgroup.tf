resource "aws_athena_workgroup" "this" {
  name          = "${var.context.name_prefix}-analytics"
  description   = "Queries over the platform's catalog; these settings cannot be overridden"
  force_destroy = !var.context.protected

  configuration {
    enforce_workgroup_configuration    = true
    publish_cloudwatch_metrics_enabled = true
    bytes_scanned_cutoff_per_query     = var.bytes_scanned_limit

    result_configuration {
      output_location       = "s3://${var.bucket_name}/${var.results_prefix}"
      expected_bucket_owner = var.context.account_id

      encryption_configuration {
        encryption_option = "SSE_KMS"
        kms_key_arn       = var.kms_key_arn
      }
    }
  }
}
