# Inputs of every run in this folder; test files and runs may replace them.
context = {
  project     = "mlops"
  environment = "dev"
  region      = "us-east-1"
  account_id  = "123456789012"
  name_prefix = "mlops-dev"
}

model_id         = "amazon.nova-lite-v1:0"
kms_key_arn      = "arn:aws:kms:us-east-1:123456789012:key/11111111-1111-1111-1111-111111111111"
policy_documents = { bucket = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
boundary_arn     = "arn:aws:iam::123456789012:policy/mlops-dev-boundary"
submitter        = { name = "mlops-dev-batch-submitter", role_name = "mlops-dev-batch-submitter" }
crawler_name     = "mlops-dev-chat-batch-results"
routes_prefix    = "/mlops/dev/routes"
