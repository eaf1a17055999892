module "bedrock_logging" {
  source = "../.."

  context = {
    region             = "us-east-1"
    account_id         = "123456789012"
    name_prefix        = "mlops-dev"
    log_retention_days = 14
  }

  boundary_arn = "arn:aws:iam::123456789012:policy/mlops-dev-boundary"
  kms_key_arn  = "arn:aws:kms:us-east-1:123456789012:key/33333333-3333-3333-3333-333333333333"

  bucket = {
    name   = "mlops-dev-data-123456789012-us-east-1"
    prefix = "logs/bedrock/"
  }

  bodies = {
    text = true
  }
}
