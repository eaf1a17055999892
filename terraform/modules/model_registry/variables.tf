variable "context" {
  description = "Naming."
  type = object({
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
    error_message = "groups must name at least one model package group, got none."
  }

  validation {
    condition     = alltrue([for name in keys(var.groups) : can(regex("^[a-z][a-z0-9-]{0,30}$", name))])
    error_message = "Group names are lower-case letters, digits and hyphens (at most 31), got ${jsonencode(keys(var.groups))}."
  }
}
