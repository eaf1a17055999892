variable "foundation" {
  description = "Published by phase 1 (foundation): keys, bus and topic."
  type = object({
    kms = object({
      logs_key_arn = string
    })
    events = object({
      bus_name  = string
      topic_arn = string
    })
  })
}
