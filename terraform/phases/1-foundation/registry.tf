module "model_registry" {
  source = "../../modules/model_registry"

  context = var.context
}
