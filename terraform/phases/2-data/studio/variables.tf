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

variable "studio" {
  description = "See modules/studio."
  type = object({
    enabled       = optional(bool, false)
    instance_type = optional(string, "ml.t3.medium")
    idle_minutes  = optional(number, 60)
    volume_gb     = optional(number, 5)
    max_volume_gb = optional(number, 50)
    packages = optional(object({
      source = optional(string, "image")
      names  = optional(list(string), ["boto3", "langchain", "sagemaker", "transformers"])
    }), {})
  })
  default = {}
}

variable "network" {
  description = "From the environment's network only whether it has internet access: see modules/vpc."
  type = object({
    nat          = optional(string, "single")
    use_existing = optional(object({ internet_egress = optional(bool, true) }))
  })
  default = {}
}
