module "s3" {
  source = "../.."

  context = {
    region      = "us-east-1"
    account_id  = "123456789012"
    name_prefix = "mlops-dev"
  }

  buckets = {
    data = { name = "mlops-dev-data-123456789012-us-east-1", arn = "arn:aws:s3:::mlops-dev-data-123456789012-us-east-1" }
    logs = { name = "mlops-dev-access-logs-123456789012-us-east-1", arn = "arn:aws:s3:::mlops-dev-access-logs-123456789012-us-east-1" }
  }

  kms_key_arns = {
    data   = "arn:aws:kms:us-east-1:123456789012:key/11111111-1111-1111-1111-111111111111"
    models = "arn:aws:kms:us-east-1:123456789012:key/22222222-2222-2222-2222-222222222222"
  }
}
