variable "foundation" {
  description = "Published by phase 1-foundation."
  type = object({
    vpc = object({
      vpc_id                   = string
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
      persona_role_arns   = map(string)
    })
  })
}
