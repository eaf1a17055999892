# Inputs of every run in this folder; test files and runs may replace them.
context         = { region = "us-east-1", account_id = "123456789012", name_prefix = "mlops-test" }
admin_role_arns = ["arn:aws:iam::123456789012:role/mlops-test-deploy"]
