variable "context" {
  description = "Name prefix, project, environment, account and region."
  type = object({
    project     = string
    environment = string
    region      = string
    account_id  = string
    name_prefix = string
  })
}

variable "blueprint_name" {
  description = "The asynchronous blueprint whose requests are queued here."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,21}[a-z0-9]$", var.blueprint_name))
    error_message = "blueprint_name must be 2 to 23 lower-case letters, digits and hyphens, starting with a letter; received \"${var.blueprint_name}\"."
  }
}

variable "worker" {
  description = "The worker function, which gets permission to read the queue and to publish to the topics."
  type = object({
    arn       = string
    role_name = string
  })
}

# Apart from the worker: the queue depends on these, and the worker on the queue.
variable "limits" {
  description = "The worker's timeout, its concurrency, and the number of attempts before a request fails."
  type = object({
    timeout_seconds = number
    max_concurrency = optional(number, 5)
    max_attempts    = optional(number, 8)
  })

  validation {
    # Lambda's own range for queues.
    condition     = var.limits.max_concurrency >= 2 && var.limits.max_concurrency <= 1000 && floor(var.limits.max_concurrency) == var.limits.max_concurrency
    error_message = "limits.max_concurrency must be a whole number from 2 to 1000, as Lambda takes it for a queue; received ${var.limits.max_concurrency}."
  }

  validation {
    condition     = var.limits.max_attempts >= 1 && var.limits.max_attempts <= 100 && floor(var.limits.max_attempts) == var.limits.max_attempts
    error_message = "limits.max_attempts must be a whole number from 1 to 100; received ${var.limits.max_attempts}."
  }

  validation {
    condition     = var.limits.timeout_seconds >= 5 && var.limits.timeout_seconds <= 900
    error_message = "limits.timeout_seconds must be from 5 to 900; received ${var.limits.timeout_seconds}."
  }
}

variable "topic_arns" {
  description = "Topics to which the worker publishes results and failures."
  type = object({
    success = string
    error   = string
  })
}

variable "kms_key_arn" {
  description = "Key of queues and topics."
  type        = string
}

variable "topic_arn" {
  description = "SNS topic that receives the alarms."
  type        = string
}

variable "routes_prefix" {
  description = "SSM path of the route records, e.g. /mlops/dev/routes."
  type        = string

  validation {
    condition     = startswith(var.routes_prefix, "/") && !endswith(var.routes_prefix, "/")
    error_message = "routes_prefix must start with a slash and not end with one; received \"${var.routes_prefix}\"."
  }
}

variable "thresholds" {
  description = "Alarm thresholds: waiting time and number of waiting requests, and share of failed requests."
  type = object({
    wait_seconds       = optional(number, 900)
    queue_depth        = optional(number, 1000)
    error_rate_percent = optional(number, 5)
  })
  default = {}
}
