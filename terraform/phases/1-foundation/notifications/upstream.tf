variable "foundation" {
  description = "Published by phase 1 (foundation): keys, boundary, bus and topic."
  type = object({
    kms = object({
      logs_key_arn = string
    })
    iam = object({
      boundary_arn = string
    })
    events = object({
      bus_name  = string
      topic_arn = string
    })
  })
}
