module "s3" {
  source = "../../modules/s3"

  context = var.context
  buckets = var.buckets.s3_buckets

  kms_key_arns = {
    data   = module.kms.key_arns.data
    models = module.kms.key_arns.models
  }
}
