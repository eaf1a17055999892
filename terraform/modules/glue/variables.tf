variable "context" {
  description = "Name prefix, account, region and tags."
  type = object({
    region      = string
    account_id  = string
    name_prefix = string
  })
}

variable "bucket_name" {
  description = "The data bucket."
  type        = string
}

variable "kms_key_arns" {
  description = "Key of the data, and key of the logs."
  type = object({
    data = string
    logs = string
  })

  validation {
    condition     = alltrue([for arn in values(var.kms_key_arns) : can(regex("^arn:[^:]+:kms:", arn))])
    error_message = "kms_key_arns must be ARNs of KMS keys, got ${jsonencode(var.kms_key_arns)}."
  }
}

variable "boundary_arn" {
  description = "Boundary of Glue's role."
  type        = string

  validation {
    condition     = can(regex("^arn:[^:]+:iam::[0-9]{12}:policy/", var.boundary_arn))
    error_message = "boundary_arn must be the ARN of an IAM policy, got '${var.boundary_arn}'."
  }
}

variable "policy_documents" {
  description = "Policy documents (JSON) that other modules grant to Glue's role, by policy name, such as bucket."
  type        = map(string)
}

variable "etl" {
  description = "The ETL job: script, library, the dataset's own code and its specification, in which `split_seed` and `max_quarantine_share` are set. `max_quarantine_share`: share of rows, and of bytes in unreadable files, above which a run fails. `bookmarks`: enable processes new raw files only and appends."
  type = object({
    script_path          = string
    library_path         = string
    transform_path       = string
    spec_path            = string
    worker_type          = optional(string, "G.1X")
    workers              = optional(number, 2)
    timeout_minutes      = optional(number, 30)
    split_seed           = optional(string, "reviews-v1")
    max_quarantine_share = optional(number, 0.05)
    bookmarks            = optional(string, "disable")
  })

  validation {
    condition     = contains(["G.1X", "G.2X", "G.4X", "G.8X"], var.etl.worker_type)
    error_message = "etl.worker_type must be G.1X, G.2X, G.4X or G.8X, got '${var.etl.worker_type}'."
  }

  validation {
    condition     = var.etl.workers >= 2 && var.etl.workers <= 299 && floor(var.etl.workers) == var.etl.workers
    error_message = "etl.workers must be a whole number from 2 (driver and one executor) to 299, got ${var.etl.workers}."
  }

  validation {
    condition     = var.etl.timeout_minutes >= 1 && var.etl.timeout_minutes <= 2880
    error_message = "etl.timeout_minutes must lie between 1 and 2880, got ${var.etl.timeout_minutes}."
  }

  validation {
    condition     = var.etl.max_quarantine_share >= 0 && var.etl.max_quarantine_share <= 1
    error_message = "etl.max_quarantine_share must lie between 0 and 1, got ${var.etl.max_quarantine_share}."
  }

  validation {
    condition     = contains(["disable", "enable"], var.etl.bookmarks)
    error_message = "etl.bookmarks must be disable or enable, got '${var.etl.bookmarks}'."
  }

  validation {
    condition     = alltrue([for path in [var.etl.script_path, var.etl.library_path, var.etl.transform_path, var.etl.spec_path] : fileexists(path)])
    error_message = "etl.script_path, etl.library_path, etl.transform_path and etl.spec_path must name existing files, got '${var.etl.script_path}', '${var.etl.library_path}', '${var.etl.transform_path}' and '${var.etl.spec_path}'."
  }
}

variable "extra_quality_rules" {
  description = "DQDL rules on the processed reviews in addition to quality/reviews.dqdl, such as `RowCount > 10000`."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for rule in var.extra_quality_rules : can(regex("^[A-Z(][^\n]*$", rule))])
    error_message = "extra_quality_rules must be DQDL rules of one line each that begin with a rule type, got ${jsonencode(var.extra_quality_rules)}."
  }
}
