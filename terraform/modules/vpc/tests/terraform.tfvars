# Inputs of every run in this folder; test files and runs may replace them.
context = {
  region             = "us-east-1"
  account_id         = "123456789012"
  name_prefix        = "mlops-test"
  log_retention_days = 30
}

kms_key_arn  = "arn:aws:kms:us-east-1:123456789012:key/3"
boundary_arn = "arn:aws:iam::123456789012:policy/mlops-test-boundary"
