module "iam" {
  source = "../../modules/iam"

  context           = var.context
  kms_key_arns      = module.kms.key_arns
  bucket_arns       = [module.s3.bucket_arn]
  read_policy_arns  = module.s3.read_policy_arns
  write_policy_arns = module.s3.write_policy_arns
}
