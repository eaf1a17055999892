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

variable "data" {
  description = "Capacity and limits of the data pipeline; see modules/glue and modules/athena."
  type = object({
    etl_capacity_dpu           = optional(number, 0.0625)
    etl_timeout_minutes        = optional(number, 30)
    split_seed                 = optional(string, "reviews-v1")
    athena_bytes_scanned_limit = optional(number, 1073741824)
    extra_quality_rules        = optional(list(string), [])
  })
  default = {}
}

variable "packages" {
  description = "Built files by name; here `etl_reviews`, one Python file."
  type = map(object({
    path          = string
    sha256_base64 = string
  }))

  validation {
    condition     = contains(keys(var.packages), "etl_reviews")
    error_message = "packages must have etl_reviews, got ${jsonencode(keys(var.packages))}."
  }

  validation {
    # The values may be older than the file: then the plan would ship what nobody looked at.
    condition     = !contains(keys(var.packages), "etl_reviews") || try(filebase64sha256(var.packages["etl_reviews"].path) == var.packages["etl_reviews"].sha256_base64, false)
    error_message = "packages.etl_reviews.sha256_base64 must be the hash of the file at '${try(var.packages["etl_reviews"].path, "")}', got '${try(var.packages["etl_reviews"].sha256_base64, "")}'. Build the packages again."
  }
}
