module "ecr" {
  source = "../../modules/ecr"

  context     = var.context
  kms_key_arn = module.kms.key_arns.models
}
