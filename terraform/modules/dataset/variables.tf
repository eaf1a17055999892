variable "context" {
  description = "Name prefix, account and region."
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

variable "kms_key_arn" {
  description = "Key of the data."
  type        = string

  validation {
    condition     = can(regex("^arn:[^:]+:kms:", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a KMS key, got '${var.kms_key_arn}'."
  }
}

variable "boundary_arn" {
  description = "Boundary of the dataset's role."
  type        = string

  validation {
    condition     = can(regex("^arn:[^:]+:iam::[0-9]{12}:policy/", var.boundary_arn))
    error_message = "boundary_arn must be the ARN of an IAM policy, got '${var.boundary_arn}'."
  }
}

variable "policy_documents" {
  description = "Policy documents (JSON) that other modules grant to the dataset's role, by policy name, such as bucket."
  type        = map(string)
}

variable "security_configuration_name" {
  description = "Security configuration of crawlers and job."
  type        = string
}

variable "database_names" {
  description = "Databases of the environment by layer: raw, processed, features."
  type = object({
    raw       = string
    processed = string
    features  = string
  })
}

variable "dataset" {
  description = "The dataset: its specification (JSON) for the jobs, DQDL rules on the processed rows, and the size of the ETL job. `raw`: another bucket with the raw files, and its account. `bookmarks`: enable processes new raw files only and appends."
  type = object({
    name          = string
    spec          = string
    quality_rules = list(string)
    schedule      = optional(string)
    raw           = optional(object({ bucket = string, owner = string }))
    etl = object({
      worker_type     = optional(string, "G.1X")
      workers         = optional(number, 2)
      timeout_minutes = optional(number, 30)
      bookmarks       = optional(string, "disable")
    })
  })

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,30}[a-z0-9]$", var.dataset.name))
    error_message = "dataset.name must be 2 to 32 characters of a-z, 0-9 and '-', starting with a letter; got '${var.dataset.name}'."
  }

  validation {
    condition     = try(jsondecode(var.dataset.spec).name == var.dataset.name, false)
    error_message = "dataset.spec must be the JSON specification of '${var.dataset.name}', got '${substr(var.dataset.spec, 0, 80)}'."
  }

  validation {
    condition     = length(var.dataset.quality_rules) > 0 && alltrue([for rule in var.dataset.quality_rules : can(regex("^[A-Z(][^\n]*$", rule))])
    error_message = "dataset.quality_rules must be DQDL rules of one line each that begin with a rule type, got ${jsonencode(var.dataset.quality_rules)}."
  }

  validation {
    condition     = var.dataset.schedule == null || can(regex("^cron\\([^()]+\\)$", var.dataset.schedule))
    error_message = "dataset.schedule must be a cron expression such as 'cron(0 2 * * ? *)' (Glue triggers support no rate expressions), got '${coalesce(var.dataset.schedule, "null")}'."
  }

  validation {
    condition     = contains(["G.1X", "G.2X", "G.4X", "G.8X"], var.dataset.etl.worker_type)
    error_message = "dataset.etl.worker_type must be G.1X, G.2X, G.4X or G.8X, got '${var.dataset.etl.worker_type}'."
  }

  validation {
    condition     = var.dataset.etl.workers >= 2 && var.dataset.etl.workers <= 299 && floor(var.dataset.etl.workers) == var.dataset.etl.workers
    error_message = "dataset.etl.workers must be a whole number from 2 (driver and one executor) to 299, got ${var.dataset.etl.workers}."
  }

  validation {
    condition     = var.dataset.etl.timeout_minutes >= 1 && var.dataset.etl.timeout_minutes <= 2880
    error_message = "dataset.etl.timeout_minutes must be between 1 and 2880, got ${var.dataset.etl.timeout_minutes}."
  }

  validation {
    condition     = contains(["disable", "enable"], var.dataset.etl.bookmarks)
    error_message = "dataset.etl.bookmarks must be disable or enable, got '${var.dataset.etl.bookmarks}'."
  }
}

variable "packages" {
  description = "Paths of the built ETL script, of its library, and of the dataset's own code (null: none)."
  type = object({
    script    = string
    library   = string
    transform = optional(string)
  })

  validation {
    condition     = fileexists(var.packages.script) && fileexists(var.packages.library) && (var.packages.transform == null || fileexists(coalesce(var.packages.transform, var.packages.script)))
    error_message = "packages must name existing files, got ${jsonencode(var.packages)}."
  }
}
