variable "context" {
  description = "Account for which the service may assume the role."
  type        = object({ account_id = string })
}

variable "name" {
  description = "Name of the role."
  type        = string
}

variable "description" {
  description = "What the role is used for."
  type        = string
}

variable "service" {
  description = "Service that assumes the role, e.g. sagemaker.amazonaws.com."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9.-]+\\.amazonaws\\.com(\\.cn)?$", var.service))
    error_message = "service must be a service principal such as sagemaker.amazonaws.com; received \"${var.service}\"."
  }
}

variable "source_arn" {
  description = "Pattern of the resources for which the service may assume the role; null allows every resource of the account."
  type        = string
  default     = null
}

variable "boundary_arn" {
  description = "Permissions boundary of the role."
  type        = string
}

variable "policy_documents" {
  description = "Inline policies that other modules grant: JSON policy documents by policy name, such as bucket, execution and network."
  type        = map(string)

  validation {
    condition     = var.log_groups == null || !contains(keys(var.policy_documents), "logs")
    error_message = "policy_documents must not contain \"logs\" where log_groups is set, which writes a policy of that name; received ${jsonencode(keys(var.policy_documents))}."
  }
}

variable "log_groups" {
  description = "Log groups that the role writes to, and whether it may create them; null for a role whose own policy covers logs."
  type = object({
    arns   = list(string)
    create = optional(bool, false)
  })
  default = null
}
