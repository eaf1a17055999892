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

topic_arn = "arn:aws:sns:us-east-1:123456789012:mlops-dev-notifications"
api = {
  name       = "mlops-dev-inference"
  stage_name = "v1"
}

router = {
  function_name  = "mlops-dev-model-router"
  log_group_name = "/aws/lambda/mlops-dev-model-router"
}

pipeline = {
  state_machine_arn = "arn:aws:states:us-east-1:123456789012:stateMachine:mlops-dev-training"
  metric_namespace  = "mlops/models"
  metric_dimensions = { ModelPackageGroup = "mlops-dev-reviews" }
}
