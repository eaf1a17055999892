variable "context" {
  description = "Naming and ownership."
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

variable "permissions_boundary_arn" {
  description = "Boundary of Glue's role."
  type        = string

  validation {
    condition     = can(regex("^arn:[^:]+:iam::[0-9]{12}:policy/", var.permissions_boundary_arn))
    error_message = "permissions_boundary_arn must be the ARN of an IAM policy, got '${var.permissions_boundary_arn}'."
  }
}

variable "policy_documents" {
  description = "Rights that other owners hand out to Glue's role: JSON policy documents by a name of the caller's, such as bucket."
  type        = map(string)
}

variable "etl" {
  description = "The ETL job of the reviews: script on disk, capacity (0.0625 or 1 DPU), time limit, seed of the split."
  type = object({
    script_path     = string
    capacity_dpu    = optional(number, 0.0625)
    timeout_minutes = optional(number, 30)
    split_seed      = optional(string, "reviews-v1")
  })

  validation {
    condition     = contains([0.0625, 1], var.etl.capacity_dpu)
    error_message = "etl.capacity_dpu must be 0.0625 or 1 (Python shell offers nothing else), got ${var.etl.capacity_dpu}."
  }

  validation {
    condition     = var.etl.timeout_minutes >= 1 && var.etl.timeout_minutes <= 2880
    error_message = "etl.timeout_minutes must lie between 1 and 2880, got ${var.etl.timeout_minutes}."
  }

  validation {
    condition     = fileexists(var.etl.script_path)
    error_message = "etl.script_path must name an existing file, got '${var.etl.script_path}'."
  }
}

variable "extra_quality_rules" {
  description = "DQDL rules on the processed reviews beside those of quality/reviews.dqdl, such as `RowCount > 10000`."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for rule in var.extra_quality_rules : can(regex("^[A-Z(][^\n]*$", rule))])
    error_message = "extra_quality_rules must be DQDL rules of one line each that begin with a rule type, got ${jsonencode(var.extra_quality_rules)}."
  }
}
