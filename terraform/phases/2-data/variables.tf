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
    etl = optional(object({
      worker_type          = optional(string, "G.1X")
      workers              = optional(number, 2)
      timeout_minutes      = optional(number, 30)
      max_quarantine_share = optional(number, 0.05)
      bookmarks            = optional(string, "disable")
    }), {})
    split_seed                 = optional(string, "reviews-v1")
    athena_bytes_scanned_limit = optional(number, 1073741824)
    extra_quality_rules        = optional(list(string), [])
    workflow_schedule          = optional(string)
  })
  default = {}
}

variable "packages" {
  description = "Built files by name; here `etl_reviews`, the entry of the ETL job, and `etl_library`, a zip of what it imports."
  type = map(object({
    path          = string
    sha256_base64 = string
  }))

  validation {
    condition     = length(setsubtract(["etl_reviews", "etl_library"], keys(var.packages))) == 0
    error_message = "packages must have etl_reviews and etl_library, got ${jsonencode(keys(var.packages))}."
  }

  validation {
    # The values may be older than the files: then the plan would ship what nobody looked at.
    condition     = alltrue([for name in setintersection(["etl_reviews", "etl_library"], keys(var.packages)) : try(filebase64sha256(var.packages[name].path) == var.packages[name].sha256_base64, false)])
    error_message = "packages.*.sha256_base64 must be the hash of the file at its path, got ${jsonencode({ for name, package in var.packages : name => package.sha256_base64 if contains(["etl_reviews", "etl_library"], name) && !try(filebase64sha256(package.path) == package.sha256_base64, false) })}. Build the packages again."
  }
}
