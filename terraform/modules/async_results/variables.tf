variable "context" {
  description = "Name prefix, project, environment, account, region and protection."
  type = object({
    project     = string
    environment = string
    region      = string
    account_id  = string
    name_prefix = string
    protected   = optional(bool, false)
  })
}

variable "blueprint_name" {
  description = "The asynchronous deployment whose requests end here."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,21}[a-z0-9]$", var.blueprint_name))
    error_message = "blueprint_name must be 2 to 23 lower-case letters, digits and hyphens, starting with a letter; received \"${var.blueprint_name}\"."
  }
}

variable "callback" {
  description = "Recipients besides the topics' own subscribers: e-mail addresses, a webhook, and a table that stores finished requests for keep_days."
  type = object({
    emails  = optional(set(string), [])
    webhook = optional(bool, false)
    table = optional(object({
      keep_days = optional(number, 30)
    }))
  })
  default = {}

  validation {
    condition     = alltrue([for address in var.callback.emails : can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", address))])
    error_message = "callback.emails must be e-mail addresses; received [${join(", ", var.callback.emails)}]."
  }
}

variable "function" {
  description = "The callback function, which the topics may then call; null where e-mail is all."
  type = object({
    arn  = string
    name = string
  })
  default = null

  validation {
    condition     = (var.callback.webhook || var.callback.table != null) == (var.function != null)
    error_message = "function must be given if callback has a webhook or a table, and only then; received webhook ${var.callback.webhook}, table ${jsonencode(var.callback.table)}, and ${var.function == null ? "no function" : "a function"}."
  }
}

variable "kms_key_arns" {
  description = "Keys: messages for topics and queue, data for the table and the webhook's secret."
  type = object({
    messages = string
    data     = string
  })
}

variable "topic_arn" {
  description = "SNS topic that receives the alarm on undelivered callbacks."
  type        = string
}
