variable "context" {
  description = "Naming and protection."
  type = object({
    name_prefix = string
    account_id  = string
    protected   = optional(bool, false)
  })
}

variable "bucket_name" {
  description = "Bucket that receives query results."
  type        = string
}

variable "results_prefix" {
  description = "Prefix of the results inside the bucket."
  type        = string
  default     = "logs/athena/"

  validation {
    condition     = can(regex("^[^/].*/$", var.results_prefix))
    error_message = "results_prefix must not start with '/' and must end with one, got '${var.results_prefix}'."
  }
}

variable "kms_key_arn" {
  description = "Key that encrypts query results."
  type        = string

  validation {
    condition     = can(regex("^arn:[^:]+:kms:", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a KMS key, got '${var.kms_key_arn}'."
  }
}

variable "bytes_scanned_limit" {
  description = "A query that would scan more bytes than this is cancelled."
  type        = number
  default     = 1073741824

  validation {
    condition     = var.bytes_scanned_limit >= 10485760
    error_message = "bytes_scanned_limit must be at least 10485760 (Athena's own minimum), got ${var.bytes_scanned_limit}."
  }
}
