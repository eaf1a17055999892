# Inputs of every run in this folder; test files and runs may replace them.
context     = { name_prefix = "mlops-test", account_id = "123456789012", region = "us-east-1" }
kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/3"
topic_arn   = "arn:aws:sns:us-east-1:123456789012:mlops-test-notifications"
bus_name    = "mlops-test-platform"
