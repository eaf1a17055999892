variable "context" {
  description = "Name prefix, project, environment, account, region, tags and log retention."
  type = object({
    project            = string
    environment        = string
    region             = string
    account_id         = string
    name_prefix        = string
    tags               = optional(map(string), {})
    log_retention_days = optional(number, 30)
  })
}

variable "boundary_arn" {
  description = "Permissions boundary of the state machine's role."
  type        = string
}

variable "kms_key_arns" {
  description = "Keys: logs for log group and notifications, models for model versions and volumes."
  type = object({
    models = string
    logs   = string
  })
}

variable "topic_arn" {
  description = "SNS topic for notifications and alarms about releases."
  type        = string
}

variable "endpoint_names" {
  description = "Endpoints that may be released: real-time, serverless and asynchronous SageMaker blueprints, by name. Their roles are named after them."
  type        = map(string)

  validation {
    condition     = alltrue([for name in values(var.endpoint_names) : startswith(name, "${var.context.name_prefix}-")])
    error_message = "endpoint_names must begin with the environment's prefix '${var.context.name_prefix}-'; got ${jsonencode(values(var.endpoint_names))}."
  }
}

variable "job_names" {
  description = "Full names of SageMaker batch blueprints by blueprint: their jobs use released models, and their roles are named after them."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name in values(var.job_names) : startswith(name, "${var.context.name_prefix}-")])
    error_message = "job_names must begin with the environment's prefix '${var.context.name_prefix}-'; got ${jsonencode(values(var.job_names))}."
  }
}

variable "model_group_names" {
  description = "Groups of the model registry that versions may come from."
  type        = list(string)

  validation {
    condition     = length(var.model_group_names) > 0
    error_message = "model_group_names must have at least one group; got ${length(var.model_group_names)}."
  }
}

variable "encrypt_versions" {
  description = "Whether version metadata is encrypted with the models key."
  type        = bool
  default     = false
}

variable "probe_function_arn" {
  description = "Function that invokes a released endpoint and checks its answer."
  type        = string

  validation {
    condition     = can(regex("^arn:[^:]+:lambda:", var.probe_function_arn))
    error_message = "probe_function_arn must be the ARN of a function, got '${var.probe_function_arn}'."
  }
}

variable "model_artifacts_function_arn" {
  description = "Function that compares a version's archive with the hash in the registry."
  type        = string

  validation {
    condition     = can(regex("^arn:[^:]+:lambda:[^:]+:\\d{12}:function:[^:]+$", var.model_artifacts_function_arn))
    error_message = "model_artifacts_function_arn must be the ARN of a function, got '${var.model_artifacts_function_arn}'."
  }
}

variable "poll_seconds" {
  description = "Polling interval for an endpoint update, or for a release that is waited for."
  type        = number
  default     = 15

  validation {
    condition     = var.poll_seconds >= 1 && var.poll_seconds <= 60
    error_message = "poll_seconds must lie between 1 and 60; got ${var.poll_seconds}."
  }
}
