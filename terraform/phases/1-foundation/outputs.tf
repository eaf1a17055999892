output "foundation" {
  description = "Everything that later phases may use, by module. No secrets."
  value = {
    vpc = {
      vpc_id                   = module.vpc.vpc_id
      private_subnet_ids       = module.vpc.private_subnet_ids
      public_subnet_ids        = module.vpc.public_subnet_ids
      isolated_subnet_ids      = module.vpc.isolated_subnet_ids
      security_group_ids       = module.vpc.security_group_ids
      network_policy_documents = module.vpc.network_policy_documents
    }
    kms = {
      data_key_arn   = module.kms.key_arns.data
      models_key_arn = module.kms.key_arns.models
      logs_key_arn   = module.kms.key_arns.logs
    }
    s3 = {
      bucket_name     = module.s3.bucket_name
      bucket_arn      = module.s3.bucket_arn
      log_bucket_name = module.s3.log_bucket_name
      prefixes        = module.s3.prefixes
      access          = module.s3.access
    }
    iam = {
      boundary_arn        = module.iam.boundary_arn
      execution_documents = module.iam.execution_documents
      caller_documents    = module.iam.caller_documents
      persona_role_arns   = module.iam.persona_role_arns
    }
    ecr = {
      repository_urls = module.ecr.repository_urls
    }
    events = {
      bus_name  = module.events.bus_name
      bus_arn   = module.events.bus_arn
      topic_arn = module.events.topic_arn
    }
    model_registry = {
      group_names          = module.model_registry.group_names
      group_arns           = module.model_registry.group_arns
      read_policy_document = module.model_registry.read_policy_document
    }
  }
}
