# Inputs of every run in this folder; test files and runs may replace them.
context = {
  project            = "mlops"
  environment        = "dev"
  region             = "us-east-1"
  account_id         = "123456789012"
  name_prefix        = "mlops-dev"
  tags               = {}
  log_retention_days = 30
}

boundary_arn = "arn:aws:iam::123456789012:policy/mlops-dev-boundary"
bucket_name  = "mlops-dev-data-123456789012-us-east-1"
package = {
  path          = "build/example.zip"
  sha256_base64 = "NVoHIXJMmwsr6o0P/lUYMQUvCKOonOodnPqs6KEzCOs="
}

kms_key_arns = {
  environment = "arn:aws:kms:us-east-1:123456789012:key/11111111-1111-1111-1111-111111111111"
  logs        = "arn:aws:kms:us-east-1:123456789012:key/33333333-3333-3333-3333-333333333333"
}

function = {
  name        = "answer"
  description = "Answers."
  handler     = "answer.handler.handler"
}
