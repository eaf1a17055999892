variable "context" {
  description = "Project, environment, account and region of the keys."
  type = object({
    project     = string
    environment = string
    region      = string
    account_id  = string
    name_prefix = string
  })

  validation {
    condition     = can(regex("^\\d{12}$", var.context.account_id))
    error_message = "context.account_id must be 12 digits, got '${var.context.account_id}'."
  }
}

variable "rotation_days" {
  description = "Days between two automatic rotations of the key material."
  type        = number
  default     = 365

  validation {
    condition     = var.rotation_days >= 90 && var.rotation_days <= 2560
    error_message = "rotation_days must lie between 90 and 2560 (KMS limits), got ${var.rotation_days}."
  }
}

variable "deletion_window_days" {
  description = "Days during which a deleted key can be recovered."
  type        = number
  default     = 30

  validation {
    condition     = var.deletion_window_days >= 7 && var.deletion_window_days <= 30
    error_message = "deletion_window_days must lie between 7 and 30 (KMS limits), got ${var.deletion_window_days}."
  }
}

variable "multi_region" {
  description = "Whether keys can be replicated into another region. Cannot be changed later: KMS would have to create new keys."
  type        = bool
  default     = false
}

variable "model_reader_account_ids" {
  description = "Accounts that deploy models of this registry: they may decrypt model artifacts that they read from S3."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for id in var.model_reader_account_ids : can(regex("^\\d{12}$", id)) && id != var.context.account_id])
    error_message = "model_reader_account_ids must be 12 digits each and not this account, got ${jsonencode(var.model_reader_account_ids)}."
  }
}

variable "invocation_logs" {
  description = "Whether Bedrock writes bodies of model invocations into the data bucket, under the data key."
  type        = bool
  default     = false
}

variable "vectors" {
  description = "Whether vectors of documents (S3 Vectors) are under the data key. The service indexes them under its own name."
  type        = bool
  default     = false
}
