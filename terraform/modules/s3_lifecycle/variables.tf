variable "data_bucket_name" {
  description = "The data bucket."
  type        = string
}

variable "log_bucket_name" {
  description = "Bucket of the data bucket's access logs."
  type        = string
}

variable "lifecycle_days" {
  description = "How long objects stay before they expire or move to Glacier, in days: `noncurrent_expiration` is for old versions, `abort_multipart` for uploads that were never finished, `access_log_expiration` for the other bucket."
  type = object({
    raw_expiration         = optional(number, 30)
    checkpoint_expiration  = optional(number, 7)
    batch_input_expiration = optional(number, 14)
    async_output_glacier   = optional(number, 30)
    log_glacier            = optional(number, 90)
    noncurrent_expiration  = optional(number, 30)
    abort_multipart        = optional(number, 7)
    access_log_expiration  = optional(number, 365)
  })
  default = {}

  validation {
    condition     = alltrue([for days in values(var.lifecycle_days) : days >= 1 && floor(days) == days])
    error_message = "lifecycle_days must be whole numbers of at least 1, got ${jsonencode(var.lifecycle_days)}."
  }
}
