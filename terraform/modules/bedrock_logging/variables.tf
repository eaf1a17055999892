variable "context" {
  description = "Settings that every module shares: name prefix, account, region and log retention."
  type = object({
    region             = string
    account_id         = string
    name_prefix        = string
    log_retention_days = optional(number, 30)
  })
}

variable "boundary_arn" {
  description = "Permissions boundary of the role."
  type        = string
}

variable "kms_key_arn" {
  description = "KMS key of the log group."
  type        = string

  validation {
    condition     = can(regex("^arn:[^:]+:kms:", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a KMS key; received \"${var.kms_key_arn}\"."
  }
}

variable "bucket" {
  description = "Bucket and folder for bodies that are too large for a log event. The bucket's policy must admit Bedrock."
  type = object({
    name   = string
    prefix = string
  })

  validation {
    condition     = endswith(var.bucket.prefix, "/") && !startswith(var.bucket.prefix, "/")
    error_message = "bucket.prefix must be a folder: it ends with a slash and does not start with one; received \"${var.bucket.prefix}\"."
  }
}

variable "bodies" {
  description = "Kinds of content whose requests and answers are logged. By default none: caller, model, time and token counts are always logged."
  type = object({
    text       = optional(bool, false)
    images     = optional(bool, false)
    embeddings = optional(bool, false)
    videos     = optional(bool, false)
  })
  default = {}
}
