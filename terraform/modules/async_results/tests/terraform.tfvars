# Inputs of every run in this folder; test files and runs may replace them.
context = {
  project     = "mlops"
  environment = "dev"
  region      = "us-east-1"
  account_id  = "123456789012"
  name_prefix = "mlops-dev"
}

blueprint_name = "chat-async"
callback = {
  emails  = ["team@example.com"]
  webhook = true
  table   = { keep_days = 14 }
}

function = {
  arn  = "arn:aws:lambda:us-east-1:123456789012:function:mlops-dev-chat-async-callback"
  name = "mlops-dev-chat-async-callback"
}

kms_key_arns = {
  messages = "arn:aws:kms:us-east-1:123456789012:key/33333333-3333-3333-3333-333333333333"
  data     = "arn:aws:kms:us-east-1:123456789012:key/11111111-1111-1111-1111-111111111111"
}

topic_arn = "arn:aws:sns:us-east-1:123456789012:mlops-dev-notifications"
