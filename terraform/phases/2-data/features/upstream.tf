variable "foundation" {
  description = "Published by phase 1 (foundation): key, bucket and boundary."
  type = object({
    kms = object({
      data_key_arn = string
      logs_key_arn = string
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
      boundary_arn = string
    })
  })
}

variable "data" {
  description = "Published by phase 2 (data): the features' database and how jobs are secured."
  type = object({
    glue = object({
      database_names              = object({ features = string })
      security_configuration_name = string
    })
  })
}
