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

variable "storage" {
  description = "See modules/s3_lifecycle."
  type = object({
    raw_expiration_days         = optional(number, 30)
    checkpoint_expiration_days  = optional(number, 7)
    batch_input_expiration_days = optional(number, 14)
    async_output_glacier_days   = optional(number, 30)
    log_glacier_days            = optional(number, 90)
    noncurrent_expiration_days  = optional(number, 30)
    abort_multipart_days        = optional(number, 7)
    access_log_expiration_days  = optional(number, 365)
  })
  default = {}
}
