variable "context" {
  description = "Name prefix, account, region and tags."
  type = object({
    region      = string
    account_id  = string
    name_prefix = string
  })
}

variable "kms_key_arn" {
  description = "Key that encrypts dead letters; its policy admits EventBridge."
  type        = string

  validation {
    condition     = can(regex("^arn:[^:]+:kms:", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a KMS key, got '${var.kms_key_arn}'."
  }
}

variable "topic_arn" {
  description = "Topic that every rule reports to."
  type        = string

  validation {
    condition     = can(regex("^arn:[^:]+:sns:", var.topic_arn))
    error_message = "topic_arn must be the ARN of an SNS topic, got '${var.topic_arn}'."
  }
}

variable "bus_name" {
  description = "The platform's event bus."
  type        = string
}

variable "completions" {
  description = "Outcomes of jobs and pipelines that are published: all, or failures only."
  type        = string
  default     = "all"

  validation {
    condition     = contains(["all", "failures"], var.completions)
    error_message = "completions must be all or failures, got '${var.completions}'."
  }
}

variable "redeploy" {
  description = "State machine that releases an approved model version, and the boundary of the role that starts it; null: approvals are published but start nothing."
  type = object({
    state_machine_arn = string
    boundary_arn      = string
  })
  default = null

  validation {
    condition     = var.redeploy == null || can(regex("^arn:[^:]+:states:[^:]+:\\d{12}:stateMachine:", var.redeploy.state_machine_arn))
    error_message = "redeploy.state_machine_arn must be the ARN of a state machine, got '${try(var.redeploy.state_machine_arn, "null")}'."
  }
}

variable "delivery" {
  description = "How long EventBridge retries deliveries, and how long the queue retains undelivered events."
  type = object({
    retry_minutes    = optional(number, 60)
    retry_attempts   = optional(number, 10)
    dead_letter_days = optional(number, 14)
  })
  default = {}

  validation {
    condition     = var.delivery.retry_minutes >= 1 && var.delivery.retry_minutes <= 1440
    error_message = "delivery.retry_minutes must be from 1 to 1440 (AWS's limit is a day), got ${var.delivery.retry_minutes}."
  }

  validation {
    condition     = var.delivery.retry_attempts >= 0 && var.delivery.retry_attempts <= 185
    error_message = "delivery.retry_attempts must be from 0 to 185 (AWS's limit), got ${var.delivery.retry_attempts}."
  }

  validation {
    condition     = var.delivery.dead_letter_days >= 1 && var.delivery.dead_letter_days <= 14
    error_message = "delivery.dead_letter_days must be from 1 to 14 (the limit of SQS), got ${var.delivery.dead_letter_days}."
  }
}

variable "archive_days" {
  description = "Days for which events are archived for replay; 0: no archive."
  type        = number
  default     = 0

  validation {
    condition     = var.archive_days >= 0 && floor(var.archive_days) == var.archive_days
    error_message = "archive_days must be a whole number, 0 or more, got ${var.archive_days}."
  }
}
