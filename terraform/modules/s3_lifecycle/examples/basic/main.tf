module "s3_lifecycle" {
  source = "../.."

  data_bucket_name = "mlops-dev-data-123456789012-us-east-1"
  log_bucket_name  = "mlops-dev-access-logs-123456789012-us-east-1"

  lifecycle_days = {
    raw_expiration        = 14
    noncurrent_expiration = 7
  }
}
