variable "foundation" {
  description = "Published by phase 1-foundation."
  type = object({
    vpc = object({
      private_subnet_ids       = list(string)
      security_group_ids       = map(string)
      network_policy_documents = map(string)
    })
    kms = object({
      data_key_arn   = string
      models_key_arn = string
      logs_key_arn   = string
    })
    s3 = object({
      bucket_name = string
      access = object({
        bucket_arn  = string
        via_service = string
        prefixes    = map(object({ prefix = string, key_arns = list(string) }))
      })
    })
    iam = object({
      boundary_arn        = string
      execution_documents = map(string)
    })
    events = object({
      topic_arn = string
    })
    model_registry = object({
      group_names = map(string)
    })
  })
}

variable "data" {
  description = "Published by phase 2-data."
  type = object({
    glue = object({
      crawler_names = object({
        raw       = string
        processed = string
        features  = string
      })
      job_name             = string
      role_arn             = string
      quality_ruleset_name = string
      database_names       = map(string)
      table_names          = map(string)
    })
    efs = object({
      client_policy_document = optional(string)
    })
  })
}
