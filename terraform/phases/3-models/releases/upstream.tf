variable "foundation" {
  description = "Published by phase 1 (foundation): keys, boundary, topic and model groups."
  type = object({
    kms = object({
      logs_key_arn   = string
      models_key_arn = string
    })
    iam = object({
      boundary_arn = string
    })
    events = object({
      topic_arn = string
    })
    model_registry = object({
      group_names = map(string)
    })
  })
}

variable "models" {
  description = "Published by phase 3 (models): the functions that probe endpoints and compare archives."
  type = object({
    lambda = object({
      endpoint_probe_arn  = string
      model_artifacts_arn = string
    })
  })
}
