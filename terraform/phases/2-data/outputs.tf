output "data" {
  description = "Everything that later phases may use, by module. No secrets."
  value = {
    glue = {
      database_names              = module.glue.database_names
      table_names                 = module.glue.table_names
      crawler_names               = module.glue.crawler_names
      job_name                    = module.glue.job_name
      quality_ruleset_name        = module.glue.quality_ruleset_name
      role_arn                    = module.glue.role_arn
      security_configuration_name = module.glue.security_configuration_name
    }
    data_sources = {
      buckets          = module.data_sources.buckets
      policy_documents = module.data_sources.policy_documents
    }
    glue_workflow = {
      workflow_name = module.glue_workflow.workflow_name
    }
    schema_registry = {
      registry_name = module.schema_registry.registry_name
    }
    athena = {
      workgroup_name = module.athena.workgroup_name
    }
    processing = {
      role_arn = module.processing.role_arn
      requests = module.processing.requests
    }
    experiments = {
      role_arns = { for persona, each in module.experiments : persona => each.role_arn }
    }
    fixed_run = {
      state_machine_arns = { for name, each in module.fixed_run : name => each.state_machine_arn }
    }
    # Each of these is null where the environment has none.
    lakeformation_consumer = {
      database_names = one(module.lakeformation_consumer[*].database_names)
    }
    streaming = {
      stream_name = one(module.streaming[*].stream_name)
      stream_arn  = one(module.streaming[*].stream_arn)
      prefix      = one(module.streaming[*].prefix)
    }
    emr_serverless = {
      application_id = one(module.emr_serverless[*].application_id)
      job_role_arn   = one(module.emr_serverless[*].role_arn)
    }
    efs = {
      file_system_id         = one(module.efs[*].file_system_id)
      access_point_arn       = one(module.efs[*].access_point_arn)
      client_policy_document = one(module.efs[*].client_policy_document)
    }
  }
}
