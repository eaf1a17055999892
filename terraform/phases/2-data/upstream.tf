variable "foundation" {
  description = "Published by phase 1-foundation."
  type = object({
    kms = object({
      data_key_arn = string
      logs_key_arn = string
    })
    s3 = object({
      bucket_name       = string
      read_policy_arns  = map(string)
      write_policy_arns = map(string)
    })
    iam = object({
      boundary_arn         = string
      execution_policy_arn = string
    })
  })
}
