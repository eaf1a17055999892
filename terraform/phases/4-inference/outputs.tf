output "inference" {
  description = "Everything that later phases may use, by module. No secrets: API keys only with the inputs for creating them."
  value = {
    api = {
      rest_api_id = module.api.rest_api_id
      name        = module.api.name
      stage_name  = module.api.stage_name
      keys        = module.api.keys
      url         = module.api.url

      iam_door_policy_document = module.api.iam_policy_document
    }
    lambda = {
      router_arn            = module.lambda.arn
      router_name           = module.lambda.name
      router_role_name      = module.lambda.role_name
      router_log_group_name = module.lambda.log_group_name
      authorizer_name       = module.authorizer.name
      jobs_name             = module.jobs.name
      submitter_arn         = module.batch_submitter.arn
      submitter_name        = module.batch_submitter.name
      submitter_role_name   = module.batch_submitter.role_name
    }
    routes_prefix = local.routes_prefix
  }
}
