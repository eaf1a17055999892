module "s3" {
  source = "../../modules/s3"

  context = var.context
  buckets = var.buckets.s3_buckets

  model_reader_account_ids = var.registry.consumer_account_ids
  deployer_arns            = var.access.deployers
  invocation_logs          = var.bedrock.invocation_logging.enabled

  kms_key_arns = {
    data   = module.kms.key_arns.data
    models = module.kms.key_arns.models
  }
}
