variable "context" {
  description = "Who and where: name prefix, account, region, tags and log retention, the same in every module."
  type = object({
    project            = string
    environment        = string
    region             = string
    account_id         = string
    name_prefix        = string
    protected          = optional(bool, false)
    tags               = optional(map(string), {})
    log_retention_days = optional(number, 30)
  })
}

variable "stage_name" {
  description = "Name of the one stage."
  type        = string
  default     = "v1"

  validation {
    condition     = can(regex("^[a-zA-Z0-9_-]{1,128}$", var.stage_name))
    error_message = "stage_name must be 1 to 128 letters, digits, hyphens and underscores; received \"${var.stage_name}\"."
  }
}

variable "methods" {
  description = "Inference methods by path segment, /<method>/{blueprint}, each with what its integration calls. Must not refer to a resource of fixed name: the deployment is created before its predecessor is destroyed, and so is all that it refers to."
  type = map(object({
    invoke_arn = string
  }))

  validation {
    condition     = length(var.methods) > 0 && alltrue([for method in keys(var.methods) : contains(["realtime", "serverless", "async", "batch"], method)])
    error_message = "methods must have at least one of realtime, serverless, async and batch, and no other; received [${join(", ", keys(var.methods))}]."
  }
}

variable "function_names" {
  description = "The function behind each method, which the API may then call."
  type        = map(string)

  validation {
    condition     = toset(keys(var.function_names)) == toset(keys(var.methods))
    error_message = "function_names must name one function for each of [${join(", ", keys(var.methods))}]; received [${join(", ", keys(var.function_names))}]."
  }
}

variable "throttle" {
  description = "Requests that the stage and each API key may make."
  type = object({
    rate_per_second = optional(number, 50)
    burst           = optional(number, 100)
  })
  default = {}

  validation {
    condition     = var.throttle.rate_per_second > 0 && var.throttle.burst >= 1
    error_message = "throttle.rate_per_second must be above 0 and throttle.burst at least 1; received ${var.throttle.rate_per_second} and ${var.throttle.burst}."
  }
}

variable "quota_per_day" {
  description = "Requests per day and API key."
  type        = number
  default     = 100000

  validation {
    condition     = var.quota_per_day >= 1
    error_message = "quota_per_day must be at least 1; received ${var.quota_per_day}."
  }
}

variable "enable_waf" {
  description = "Put a web ACL with AWS's managed rules and a rate limit per address in front of the stage."
  type        = bool
  default     = false
}

variable "logs_key_arn" {
  description = "KMS key of the log groups."
  type        = string
}

variable "boundary_arn" {
  description = "Permissions boundary of the role with which API Gateway writes logs."
  type        = string
}
