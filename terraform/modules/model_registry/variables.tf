variable "context" {
  description = "Name prefix, account, region and tags."
  type = object({
    region      = string
    account_id  = string
    name_prefix = string
  })
}

variable "groups" {
  description = "Model package groups by short name. Every inference method takes its model from one of them."
  type = map(object({
    description = string
  }))
  default = {
    reviews = { description = "Sentiment of customer reviews" }
  }

  validation {
    condition     = length(var.groups) > 0
    error_message = "groups must name at least one model package group; got ${length(var.groups)}."
  }

  validation {
    condition     = alltrue([for name in keys(var.groups) : can(regex("^[a-z][a-z0-9-]{0,30}$", name))])
    error_message = "groups must have keys of at most 31 lower-case letters, digits and hyphens, got ${jsonencode(keys(var.groups))}."
  }
}

variable "consumer_account_ids" {
  description = "Other accounts that may deploy versions of every group."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for id in var.consumer_account_ids : can(regex("^\\d{12}$", id)) && id != var.context.account_id])
    error_message = "consumer_account_ids must be 12 digits each and not this account, got ${jsonencode(var.consumer_account_ids)}."
  }
}
