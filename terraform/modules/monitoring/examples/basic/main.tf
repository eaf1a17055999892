module "monitoring" {
  source = "../.."

  context = {
    project     = "mlops"
    environment = "dev"
    region      = "us-east-1"
    name_prefix = "mlops-dev"
  }

  topic_arn = "arn:aws:sns:us-east-1:123456789012:mlops-dev-notifications"
  api       = { name = "mlops-dev-inference", stage_name = "v1" }

  router = {
    function_name  = "mlops-dev-model-router"
    log_group_name = "/aws/lambda/mlops-dev-model-router"
  }

  pipeline = {
    state_machine_arn = "arn:aws:states:us-east-1:123456789012:stateMachine:mlops-dev-training"
    metric_namespace  = "mlops-dev/models"
    metric_dimensions = { ModelPackageGroup = "mlops-dev-reviews" }
  }

  blueprints = {
    reviews = { kind = "realtime", source = "sagemaker", endpoint_name = "mlops-dev-reviews" }
  }
}
