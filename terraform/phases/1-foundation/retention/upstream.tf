variable "buckets" {
  description = "Published by the stack `buckets` of this phase: rules need no key, so they depend on nothing else."
  type = object({
    s3_buckets = object({
      data = object({ name = string })
      logs = object({ name = string })
    })
  })
}
