output "models" {
  description = "Everything that later phases may use, by module. No secrets."
  value = {
    sagemaker = {
      training_role_arn   = module.sagemaker.training_role_arn
      image_uri           = module.sagemaker.image_uri
      source_uri          = module.sagemaker.source_uri
      evaluation_uri      = local.evaluation_uri
      group_name          = module.sagemaker.group_name
      live_parameter_name = module.sagemaker.live_parameter_name
      # Of the images that serve imported models, without a tag.
      image_repositories = { for name, image in data.aws_sagemaker_prebuilt_ecr_image.serving : name => trimsuffix(image.registry_path, ":latest") }
    }
    lambda = {
      data_validation_arn = module.lambda["data_validation"].arn
      model_artifacts_arn = module.lambda["model_artifacts"].arn
      endpoint_probe_arn  = module.lambda["endpoint_probe"].arn
    }
    stepfunctions = {
      state_machine_arn = module.stepfunctions.state_machine_arn
      default_input     = module.stepfunctions.default_input
      steps             = module.stepfunctions.steps
      approval_state    = module.stepfunctions.approval_state
      metric_namespace  = module.stepfunctions.metric_namespace
    }
  }
}
