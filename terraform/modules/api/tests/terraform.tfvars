# Inputs of every run in this folder; test files and runs may replace them.
boundary_arn = "arn:aws:iam::123456789012:policy/mlops-dev-boundary"
kms_key_arns = {
  keys = "arn:aws:kms:us-east-1:123456789012:key/22222222-2222-2222-2222-222222222222"
  logs = "arn:aws:kms:us-east-1:123456789012:key/33333333-3333-3333-3333-333333333333"
}

keys_prefix = "/mlops/dev/api-keys"
