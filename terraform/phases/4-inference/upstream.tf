variable "foundation" {
  description = "Published by phase 1-foundation."
  type = object({
    s3 = object({
      bucket_name = string
      access = object({
        bucket_arn  = string
        via_service = string
        prefixes = map(object({
          prefix   = string
          key_arns = list(string)
        }))
      })
      prefixes = object({
        logs_bedrock = string
      })
    })
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
    events = object({
      topic_arn = string
    })
    iam = object({
      boundary_arn     = string
      caller_documents = map(string)
    })
  })
}
