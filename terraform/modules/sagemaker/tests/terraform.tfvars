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
  path          = "build/example.tar.gz"
  sha256_base64 = "0/1+aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789abc="
}

model_group = {
  key  = "reviews"
  name = "mlops-dev-reviews"
}

kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/11111111-1111-1111-1111-111111111111"
policy_documents = {
  training   = { bucket = "{\"training\":1}", execution = "{}" }
  evaluation = { bucket = "{\"evaluation\":1}" }
  candidate  = { bucket = "{\"candidate\":1}" }
}
