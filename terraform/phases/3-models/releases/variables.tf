variable "context" {
  description = "Identity of the environment. `name_prefix` is <project>-<environment>."
  type = object({
    project            = string
    environment        = string
    region             = string
    account_id         = string
    name_prefix        = string
    protected          = optional(bool, false)
    tags               = map(string)
    log_retention_days = number
  })

  validation {
    condition     = can(regex("^\\d{12}$", var.context.account_id))
    error_message = "context.account_id must be 12 digits, got '${var.context.account_id}'."
  }

  validation {
    condition     = length(setsubtract(["project", "environment", "owner", "cost-center", "managed-by", "phase"], keys(var.context.tags))) == 0
    error_message = "context.tags must have project, environment, owner, cost-center, managed-by and phase, got ${jsonencode(keys(var.context.tags))}."
  }
}

variable "provider_options" {
  description = "How the provider talks to AWS; a local AWS needs path-style buckets and few retries."
  type = object({
    s3_use_path_style = optional(bool, false)
    max_retries       = optional(number, 25)
  })
  default = {}
}

variable "blueprints" {
  description = "The environment's blueprints. Those of SageMaker are released."
  type = map(object({
    kind          = string
    source        = string
    endpoint_name = optional(string)
  }))
  default = {}
}

variable "trainings" {
  description = "Names of the environment's trainings, each of which has a model package group."
  type        = list(string)
  default     = []
}

variable "training" {
  description = "From this section only the polling interval."
  type = object({
    poll_seconds = optional(number, 5)
  })
  default = {}
}

variable "registry" {
  description = "See modules/release."
  type = object({
    encrypt_versions = optional(bool, false)
  })
  default = {}
}
