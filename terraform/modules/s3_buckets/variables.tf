variable "context" {
  description = "Name prefix, account, region and tags."
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

variable "force_destroy" {
  description = "Delete the buckets with everything in them on destroy."
  type        = bool
  default     = false
}
