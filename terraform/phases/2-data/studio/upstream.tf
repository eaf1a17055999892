variable "foundation" {
  description = "Published by phase 1 (foundation): network, keys, bucket, roles' documents and registry."
  type = object({
    vpc = object({
      vpc_id                   = string
      private_subnet_ids       = list(string)
      security_group_ids       = object({ studio = string })
      network_policy_documents = object({ studio = string })
    })
    kms = object({
      data_key_arn   = string
      models_key_arn = string
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
      execution_documents = object({ studio_data_scientist = string, studio_ml_engineer = string })
      caller_documents    = object({ realtime = string })
    })
    model_registry = object({
      read_policy_document = string
    })
  })
}
