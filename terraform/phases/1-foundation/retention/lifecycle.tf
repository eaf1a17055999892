module "s3_lifecycle" {
  source = "../../../modules/s3_lifecycle"

  data_bucket_name = var.foundation.s3.bucket_name
  log_bucket_name  = var.foundation.s3.log_bucket_name

  lifecycle_days = {
    raw_expiration         = var.storage.raw_expiration_days
    checkpoint_expiration  = var.storage.checkpoint_expiration_days
    batch_input_expiration = var.storage.batch_input_expiration_days
    async_output_glacier   = var.storage.async_output_glacier_days
    log_glacier            = var.storage.log_glacier_days
    noncurrent_expiration  = var.storage.noncurrent_expiration_days
  }
}
