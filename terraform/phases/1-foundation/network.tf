module "vpc" {
  source = "../../modules/vpc"

  context      = var.context
  network      = var.network
  kms_key_arn  = module.kms.key_arns.logs
  boundary_arn = module.iam.boundary_arn
}
