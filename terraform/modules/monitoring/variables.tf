variable "context" {
  description = "Name prefix, project, environment and region."
  type = object({
    project     = string
    environment = string
    region      = string
    name_prefix = string
  })
}

variable "blueprints" {
  description = "The inference deployments of the environment by name: kind, model source and, for SageMaker, the endpoint."
  type = map(object({
    kind          = string
    source        = string
    endpoint_name = optional(string)
  }))
  default = {}

  validation {
    condition     = alltrue([for blueprint in var.blueprints : contains(["realtime", "serverless", "batch", "async"], blueprint.kind)])
    error_message = "blueprints: kind must be realtime, serverless, batch or async; received [${join(", ", [for blueprint in var.blueprints : blueprint.kind])}]."
  }

  validation {
    condition     = alltrue([for blueprint in var.blueprints : contains(["sagemaker", "bedrock"], blueprint.source)])
    error_message = "blueprints: source must be sagemaker or bedrock; received [${join(", ", [for blueprint in var.blueprints : blueprint.source])}]."
  }
}

variable "api" {
  description = "The inference API, under whose name and stage its metrics are filed."
  type = object({
    name       = string
    stage_name = string
  })
}

variable "router" {
  description = "The model router: function and log group."
  type = object({
    function_name  = string
    log_group_name = string
  })
}

variable "pipeline" {
  description = "The training pipeline, and where it publishes the metrics of the models that it trained: all that have these dimensions are shown."
  type = object({
    state_machine_arn = string
    metric_namespace  = string
    metric_dimensions = map(string)
  })
}

variable "topic_arn" {
  description = "SNS topic that receives the alarms."
  type        = string
}

variable "thresholds" {
  description = "When the alarms fire: latency of the API (p99) and share of failed requests."
  type = object({
    latency_ms         = optional(number, 2000)
    error_rate_percent = optional(number, 5)
  })
  default = {}

  validation {
    condition     = var.thresholds.latency_ms >= 1
    error_message = "thresholds.latency_ms must be at least 1; received ${var.thresholds.latency_ms}."
  }

  validation {
    condition     = var.thresholds.error_rate_percent > 0 && var.thresholds.error_rate_percent <= 100
    error_message = "thresholds.error_rate_percent must be above 0 and at most 100; received ${var.thresholds.error_rate_percent}."
  }
}
