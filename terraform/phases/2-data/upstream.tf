variable "foundation" {
  description = "Published by phase 1-foundation."
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
