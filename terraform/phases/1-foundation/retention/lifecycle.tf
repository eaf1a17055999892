module "s3_lifecycle" {
  source = "../../../modules/s3_lifecycle"

  data_bucket_name = var.buckets.s3_buckets.data.name
  log_bucket_name  = var.buckets.s3_buckets.logs.name

  lifecycle_days = {
    raw_expiration         = var.storage.raw_expiration_days
    checkpoint_expiration  = var.storage.checkpoint_expiration_days
    batch_input_expiration = var.storage.batch_input_expiration_days
    async_output_glacier   = var.storage.async_output_glacier_days
    log_glacier            = var.storage.log_glacier_days
    noncurrent_expiration  = var.storage.noncurrent_expiration_days
    abort_multipart        = var.storage.abort_multipart_days
    access_log_expiration  = var.storage.access_log_expiration_days
  }
}
