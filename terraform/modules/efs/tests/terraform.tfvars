# Inputs of every run in this folder; test files and runs may replace them.
context     = { account_id = "123456789012", name_prefix = "mlops-test" }
kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/1"
