variable "context" {
  description = "Name prefix, account and region."
  type = object({
    region      = string
    account_id  = string
    name_prefix = string
  })
}

variable "blueprint" {
  description = "The blueprint's name, and the schedule on which its input folder is processed (EventBridge expression; null: never)."
  type = object({
    name     = string
    schedule = optional(string)
  })

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,30}[a-z0-9]$", var.blueprint.name))
    error_message = "blueprint.name must be 2 to 32 lower-case letters, digits and hyphens, starting with a letter; received \"${var.blueprint.name}\"."
  }

  validation {
    condition     = length("${var.context.name_prefix}-${var.blueprint.name}") <= 40
    error_message = "context.name_prefix and blueprint.name must together have at most 40 characters with their hyphen, since the names of jobs begin with them; received \"${var.context.name_prefix}-${var.blueprint.name}\"."
  }

  validation {
    condition     = var.blueprint.schedule == null || can(regex("^(rate|cron)\\(.+\\)$", var.blueprint.schedule))
    error_message = "blueprint.schedule must be EventBridge's rate(…) or cron(…); received \"${coalesce(var.blueprint.schedule, "null")}\"."
  }
}

variable "submitter" {
  description = "Function that turns objects into jobs, and finished jobs into results."
  type = object({
    name = string
    arn  = string
  })
}

variable "bucket_name" {
  description = "The data bucket."
  type        = string
}

variable "kms_key_arns" {
  description = "Keys: data for objects that the crawler writes, logs for its log."
  type = object({
    data = string
    logs = string
  })
}

variable "boundary_arn" {
  description = "Permissions boundary of the crawler's role."
  type        = string
}

variable "policy_documents" {
  description = "Policy documents (JSON) that other modules grant to the crawler's role, by policy name, such as bucket (results)."
  type        = map(string)
}

variable "topic_arn" {
  description = "SNS topic that receives the alarms."
  type        = string
}

variable "thresholds" {
  description = "When the alarms fire: share of records without an output."
  type = object({
    error_rate_percent = optional(number, 5)
  })
  default = {}
}
