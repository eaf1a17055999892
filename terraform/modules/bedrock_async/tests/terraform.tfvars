# Inputs of every run in this folder; test files and runs may replace them.
context = {
  project     = "mlops"
  environment = "dev"
  region      = "us-east-1"
  account_id  = "123456789012"
  name_prefix = "mlops-dev"
}

blueprint_name = "chat-async"
worker = {
  arn       = "arn:aws:lambda:us-east-1:123456789012:function:mlops-dev-chat-async-worker"
  role_name = "mlops-dev-chat-async-worker"
}

limits = {
  timeout_seconds = 80
  max_concurrency = 10
}

topic_arns = {
  success = "arn:aws:sns:us-east-1:123456789012:mlops-dev-chat-async-completed"
  error   = "arn:aws:sns:us-east-1:123456789012:mlops-dev-chat-async-failed"
}

kms_key_arn   = "arn:aws:kms:us-east-1:123456789012:key/33333333-3333-3333-3333-333333333333"
topic_arn     = "arn:aws:sns:us-east-1:123456789012:mlops-dev-notifications"
routes_prefix = "/mlops/dev/routes"
