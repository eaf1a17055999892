module "s3" {
  source = "../../modules/s3"

  context       = var.context
  force_destroy = var.storage.force_destroy

  kms_key_arns = {
    data   = module.kms.key_arns.data
    models = module.kms.key_arns.models
  }
}
