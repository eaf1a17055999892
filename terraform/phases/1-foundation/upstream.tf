variable "buckets" {
  description = "Published by the stack `buckets` of this phase."
  type = object({
    s3_buckets = object({
      data = object({ name = string, arn = string })
      logs = object({ name = string, arn = string })
    })
  })
}
