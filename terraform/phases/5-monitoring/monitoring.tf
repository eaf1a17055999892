module "monitoring" {
  source = "../../modules/monitoring"

  context    = var.context
  blueprints = var.blueprints
  topic_arn  = var.foundation.events.topic_arn
  thresholds = var.monitoring

  api = {
    name       = var.inference.api.name
    stage_name = var.inference.api.stage_name
  }

  router = {
    function_name  = var.inference.lambda.router_name
    log_group_name = var.inference.lambda.router_log_group_name
  }

  pipeline = {
    state_machine_arn = var.models.stepfunctions.state_machine_arn
    metric_namespace  = var.models.stepfunctions.metric_namespace
    metric_dimensions = { ModelPackageGroup = var.models.sagemaker.group_name }
  }
}
