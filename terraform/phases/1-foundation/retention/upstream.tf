variable "foundation" {
  description = "Published by phase 1 (foundation): buckets."
  type = object({
    s3 = object({
      bucket_name     = string
      log_bucket_name = string
    })
  })
}
