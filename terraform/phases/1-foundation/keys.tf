module "kms" {
  source = "../../modules/kms"

  context                  = var.context
  rotation_days            = var.encryption.rotation_days
  deletion_window_days     = var.encryption.deletion_window_days
  multi_region             = var.encryption.multi_region
  model_reader_account_ids = var.registry.consumer_account_ids
  invocation_logs          = var.bedrock.invocation_logging.enabled
  vectors                  = var.bedrock.knowledge_bases
}
