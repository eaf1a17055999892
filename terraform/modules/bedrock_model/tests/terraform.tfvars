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

model_id         = "amazon.nova-lite-v1:0"
router_role_name = "mlops-dev-model-router"
topic_arn        = "arn:aws:sns:us-east-1:123456789012:mlops-dev-notifications"
routes_prefix    = "/mlops/dev/routes"
