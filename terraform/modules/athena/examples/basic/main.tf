module "athena" {
  source = "../.."

  context = {
    account_id  = "123456789012"
    name_prefix = "mlops-dev"
  }

  bucket_name = "mlops-dev-data-123456789012-us-east-1"
  kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/11111111-1111-1111-1111-111111111111"
}
