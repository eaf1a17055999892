module "athena" {
  source = "../../modules/athena"

  context             = var.context
  bucket_name         = var.foundation.s3.bucket_name
  kms_key_arn         = var.foundation.kms.data_key_arn
  bytes_scanned_limit = var.data.athena_bytes_scanned_limit
}
