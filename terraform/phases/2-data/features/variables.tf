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

variable "feature_store" {
  description = "See modules/feature_store."
  type = object({
    enabled         = optional(bool, true)
    online          = optional(bool, false)
    timeout_minutes = optional(number, 60)
  })
  default = {}
}

variable "packages" {
  description = "Built files by name; here `feature_ingestion`, the script of the ingestion job, and `reviews_spec`, which names the features."
  type = map(object({
    path          = string
    sha256_base64 = string
  }))

  validation {
    condition     = length(setsubtract(["feature_ingestion", "reviews_spec"], keys(var.packages))) == 0
    error_message = "packages must have feature_ingestion and reviews_spec, got ${jsonencode(keys(var.packages))}."
  }

  validation {
    # The values may be older than the files, and the plan would then deploy files that were not planned.
    condition     = alltrue([for name in setintersection(["feature_ingestion", "reviews_spec"], keys(var.packages)) : try(filebase64sha256(var.packages[name].path) == var.packages[name].sha256_base64, false)])
    error_message = "packages.*.sha256_base64 must be the hash of the file at its path, got ${jsonencode({ for name, package in var.packages : name => package.sha256_base64 if contains(["feature_ingestion", "reviews_spec"], name) && !try(filebase64sha256(package.path) == package.sha256_base64, false) })}. Build the packages again."
  }
}
