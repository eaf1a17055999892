variable "context" {
  description = "Name prefix and log retention."
  type = object({
    name_prefix        = string
    log_retention_days = optional(number, 30)
  })
}

variable "name" {
  description = "Name of the web ACL, of its metrics, and of its log group behind WAF's own prefix."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,128}$", var.name))
    error_message = "name must be 1 to 128 letters, digits, hyphens and underscores, got '${var.name}'."
  }
}

variable "stage_arn" {
  description = "The stage of the REST API that the web ACL stands before."
  type        = string

  validation {
    condition     = can(regex("^arn:[^:]+:apigateway:[^:]+::/restapis/[^/]+/stages/[^/]+$", var.stage_arn))
    error_message = "stage_arn must be the ARN of a REST API's stage, got '${var.stage_arn}'."
  }
}

variable "rate_per_second" {
  description = "Requests per second of one address, counted over 5 minutes; usually the API's overall limit."
  type        = number

  validation {
    condition     = var.rate_per_second > 0 && var.rate_per_second <= 6000000
    error_message = "rate_per_second must be above 0 and at most 6000000 (WAF counts to 2 billion in 5 minutes), got ${var.rate_per_second}."
  }
}

variable "kms_key_arn" {
  description = "KMS key of the log group."
  type        = string
}
