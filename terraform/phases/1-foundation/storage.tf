module "s3" {
  source = "../../modules/s3"

  context       = var.context
  force_destroy = var.storage.force_destroy

  kms_key_arns = {
    data   = module.kms.key_arns.data
    models = module.kms.key_arns.models
  }

  lifecycle_days = {
    raw_expiration         = var.storage.raw_expiration_days
    checkpoint_expiration  = var.storage.checkpoint_expiration_days
    batch_input_expiration = var.storage.batch_input_expiration_days
    async_output_glacier   = var.storage.async_output_glacier_days
    log_glacier            = var.storage.log_glacier_days
    noncurrent_expiration  = var.storage.noncurrent_expiration_days
  }
}
