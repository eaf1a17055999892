variable "context" {
  description = "Naming and protection."
  type = object({
    name_prefix = string
    protected   = optional(bool, false)
  })
}

variable "kms_key_arn" {
  description = "Key that encrypts the images."
  type        = string

  validation {
    condition     = can(regex("^arn:[^:]+:kms:", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a KMS key, got '${var.kms_key_arn}'."
  }
}

variable "repositories" {
  description = "Repositories by short name; each keeps its newest `keep_images` images, and untagged ones (layers of an overwritten build) for `untagged_after_days`."
  type = map(object({
    keep_images         = optional(number, 20)
    untagged_after_days = optional(number, 14)
  }))
  default = {
    training  = {}
    inference = {}
  }

  validation {
    condition     = alltrue([for name, repository in var.repositories : repository.keep_images >= 1 && repository.untagged_after_days >= 1])
    error_message = "repositories: keep_images and untagged_after_days must be at least 1, got ${jsonencode(var.repositories)}."
  }

  validation {
    condition     = alltrue([for name in keys(var.repositories) : can(regex("^[a-z][a-z0-9-]*$", name))])
    error_message = "repositories must have keys of lower-case letters, digits and hyphens, got ${jsonencode(keys(var.repositories))}."
  }
}

variable "pull_account_ids" {
  description = "Other accounts that may pull images, for example those that deploy models of this registry."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for id in var.pull_account_ids : can(regex("^\\d{12}$", id))])
    error_message = "pull_account_ids must be 12 digits each, got ${jsonencode(var.pull_account_ids)}."
  }
}
