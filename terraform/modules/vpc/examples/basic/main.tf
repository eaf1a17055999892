module "vpc" {
  source = "../.."

  context = {
    region             = "us-east-1"
    account_id         = "123456789012"
    name_prefix        = "mlops-prod"
    log_retention_days = 365
  }

  network = {
    nat                 = "per_az"
    isolated_subnets    = true
    interface_endpoints = ["sagemaker.runtime", "sts", "logs"]
  }

  kms_key_arn  = "arn:aws:kms:us-east-1:123456789012:key/33333333-3333-3333-3333-333333333333"
  boundary_arn = "arn:aws:iam::123456789012:policy/mlops-prod-boundary"
}
