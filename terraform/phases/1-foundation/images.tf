module "ecr" {
  source = "../../modules/ecr"

  context          = var.context
  kms_key_arn      = module.kms.key_arns.models
  repositories     = var.images.repositories
  pull_account_ids = var.images.pull_account_ids
}
