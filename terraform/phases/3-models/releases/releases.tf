module "release" {
  source = "../../../modules/release"

  context      = var.context
  boundary_arn = var.foundation.iam.boundary_arn
  kms_key_arns = {
    models = var.foundation.kms.models_key_arn
    logs   = var.foundation.kms.logs_key_arn
  }
  topic_arn          = var.foundation.events.topic_arn
  probe_function_arn = var.models.lambda.endpoint_probe_arn

  model_artifacts_function_arn = var.models.lambda.model_artifacts_arn
  poll_seconds                 = var.training.poll_seconds

  # By name, not from their stacks: the machine may be there before the first of them.
  endpoint_names = { for name, blueprint in var.blueprints : name => blueprint.endpoint_name if contains(["realtime", "serverless", "async"], blueprint.kind) && blueprint.endpoint_name != null }
  job_names      = { for name, blueprint in var.blueprints : name => "${var.context.name_prefix}-${name}" if blueprint.kind == "batch" && blueprint.source == "sagemaker" }

  # Groups of trainings by name too: each is in the stack of its training.
  model_group_names = concat(values(var.foundation.model_registry.group_names), [for name in var.trainings : "${var.context.name_prefix}-${name}"])
  encrypt_versions  = var.registry.encrypt_versions
}
