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
    processing = optional(object({
      instance_type       = optional(string, "ml.m5.large")
      volume_gb           = optional(number, 30)
      max_runtime_seconds = optional(number, 3600)
    }), {})
    sources = optional(map(object({
      bucket      = optional(string)
      prefixes    = optional(list(string), [])
      kms_key_arn = optional(string)
      database    = optional(string)
      owner       = optional(string)
    })), {})
  })
  default = {}
}

variable "sharing" {
  description = "Data that other accounts share with this one; see modules/lakeformation_consumer. Readers are `glue` and personas."
  type = object({
    consumer = optional(object({
      admin_arns = optional(list(string), [])
      shares = optional(map(object({
        producer_account_id = string
        database            = string
        table               = optional(string)
        readers             = optional(list(string), ["glue"])
      })), {})
    }), {})
  })
  default = {}

  validation {
    condition     = length(setsubtract(flatten([for share in values(var.sharing.consumer.shares) : share.readers]), ["glue", "data_scientist", "ml_engineer", "data_engineer"])) == 0
    error_message = "sharing.consumer.shares.*.readers must be of glue, data_scientist, ml_engineer and data_engineer, got ${jsonencode({ for name, share in var.sharing.consumer.shares : name => share.readers })}."
  }
}

variable "streaming" {
  description = "See modules/streaming."
  type = object({
    enabled           = optional(bool, false)
    dataset           = optional(string, "review-events")
    shards            = optional(number)
    retention_hours   = optional(number, 24)
    buffering_seconds = optional(number, 300)
    columns = optional(list(object({
      name = string
      type = string
    })), [{ name = "id", type = "string" }, { name = "rating", type = "double" }, { name = "text", type = "string" }])
  })
  default = {}

  validation {
    condition     = var.streaming.dataset != "reviews"
    error_message = "streaming.dataset must be another folder than the ETL's, which holds tab-separated text; got '${var.streaming.dataset}'."
  }
}

variable "emr" {
  description = "See modules/emr_serverless."
  type = object({
    enabled       = optional(bool, false)
    release_label = optional(string, "emr-7.5.0")
    max_vcpus     = optional(number, 32)
    max_memory_gb = optional(number, 128)
    idle_minutes  = optional(number, 5)
    in_vpc        = optional(bool, false)
  })
  default = {}
}

variable "efs" {
  description = "See modules/efs."
  type = object({
    enabled = optional(bool, false)
    backups = optional(bool, true)
  })
  default = {}
}

variable "packages" {
  description = "Built files by name; here `etl_script`, the entry of the ETL job, `etl_library` and `dataset_reviews`, zips of what it imports, `reviews_spec`, the specification of the data, and `processing_flow`, a zip that runs flows."
  type = map(object({
    path          = string
    sha256_base64 = string
  }))

  validation {
    condition     = length(setsubtract(["etl_script", "etl_library", "dataset_reviews", "reviews_spec", "processing_flow"], keys(var.packages))) == 0
    error_message = "packages must have etl_script, etl_library, dataset_reviews, reviews_spec and processing_flow, got ${jsonencode(keys(var.packages))}."
  }

  validation {
    # The values may be older than the files, and the plan would then deploy files that were not planned.
    condition     = alltrue([for name in setintersection(["etl_script", "etl_library", "dataset_reviews", "reviews_spec", "processing_flow"], keys(var.packages)) : try(filebase64sha256(var.packages[name].path) == var.packages[name].sha256_base64, false)])
    error_message = "packages.*.sha256_base64 must be the hash of the file at its path, got ${jsonencode({ for name, package in var.packages : name => package.sha256_base64 if contains(["etl_script", "etl_library", "dataset_reviews", "reviews_spec", "processing_flow"], name) && !try(filebase64sha256(package.path) == package.sha256_base64, false) })}. Build the packages again."
  }
}
