variable "context" {
  description = "Naming and ownership."
  type = object({
    region      = string
    account_id  = string
    name_prefix = string
  })

  validation {
    # S3 allows 63 characters; the longest name here is <prefix>-access-logs-<account>-<region>.
    condition     = length("${var.context.name_prefix}-access-logs-${var.context.account_id}-${var.context.region}") <= 63
    error_message = "context.name_prefix is too long: bucket names end at 63 characters, '${var.context.name_prefix}-access-logs-${var.context.account_id}-${var.context.region}' has more."
  }
}

variable "kms_key_arns" {
  description = "Key of the data, and key of model artifacts. Objects are encrypted with one of the two."
  type = object({
    data   = string
    models = string
  })

  validation {
    condition     = alltrue([for arn in values(var.kms_key_arns) : can(regex("^arn:[^:]+:kms:", arn))])
    error_message = "kms_key_arns must be ARNs of KMS keys, got ${jsonencode(var.kms_key_arns)}."
  }
}

variable "force_destroy" {
  description = "Delete the buckets with everything in them on destroy."
  type        = bool
  default     = false
}

variable "lifecycle_days" {
  description = "How long objects stay before they expire or move to Glacier, in days."
  type = object({
    raw_expiration         = optional(number, 30)
    checkpoint_expiration  = optional(number, 7)
    batch_input_expiration = optional(number, 14)
    async_output_glacier   = optional(number, 30)
    log_glacier            = optional(number, 90)
    noncurrent_expiration  = optional(number, 30)
  })
  default = {}

  validation {
    condition     = alltrue([for days in values(var.lifecycle_days) : days >= 1 && floor(days) == days])
    error_message = "lifecycle_days must be whole numbers of at least 1, got ${jsonencode(var.lifecycle_days)}."
  }
}
