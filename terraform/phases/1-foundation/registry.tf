module "model_registry" {
  source = "../../modules/model_registry"

  context              = var.context
  groups               = var.registry.groups
  consumer_account_ids = var.registry.consumer_account_ids
}
