variable "foundation" {
  description = "Published by phase 1-foundation."
  type = object({
    events = object({
      topic_arn = string
    })
  })
}

variable "models" {
  description = "Published by phase 3-models."
  type = object({
    sagemaker = object({
      group_name = string
    })
    stepfunctions = object({
      state_machine_arn = string
      metric_namespace  = string
    })
  })
}

variable "inference" {
  description = "Published by phase 4-inference."
  type = object({
    api = object({
      name       = string
      stage_name = string
    })
    lambda = object({
      router_name           = string
      router_log_group_name = string
    })
  })
}
