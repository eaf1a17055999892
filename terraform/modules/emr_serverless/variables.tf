variable "context" {
  description = "Name prefix, account, region and tags."
  type = object({
    account_id  = string
    name_prefix = string
  })
}

variable "release_label" {
  description = "EMR release."
  type        = string
  default     = "emr-7.5.0"

  validation {
    condition     = can(regex("^emr-[67]\\.[0-9]+\\.[0-9]+$", var.release_label))
    error_message = "release_label must be an EMR release of series 6 or 7 such as emr-7.5.0, got '${var.release_label}'."
  }
}

variable "maximum" {
  description = "Maximum capacity of all jobs together, which limits the cost."
  type = object({
    vcpus     = optional(number, 32)
    memory_gb = optional(number, 128)
  })
  default = {}

  validation {
    condition     = var.maximum.vcpus >= 4 && var.maximum.memory_gb >= 2 * var.maximum.vcpus && var.maximum.memory_gb <= 8 * var.maximum.vcpus
    error_message = "maximum must have at least 4 vCPUs, with 2 to 8 GB for each; got ${var.maximum.vcpus} vCPUs and ${var.maximum.memory_gb} GB."
  }
}

variable "idle_minutes" {
  description = "The application stops when nothing ran for so long."
  type        = number
  default     = 5

  validation {
    condition     = var.idle_minutes >= 1 && var.idle_minutes <= 60
    error_message = "idle_minutes must lie between 1 and 60, got ${var.idle_minutes}."
  }
}

variable "network" {
  description = "Where the workers run; empty: outside the VPC."
  type = object({
    subnet_ids         = optional(list(string), [])
    security_group_ids = optional(list(string), [])
  })
  default = {}

  validation {
    condition     = (length(var.network.subnet_ids) == 0) == (length(var.network.security_group_ids) == 0)
    error_message = "network.subnet_ids and network.security_group_ids go together; got ${length(var.network.subnet_ids)} subnets and ${length(var.network.security_group_ids)} groups."
  }
}

variable "boundary_arn" {
  description = "Boundary of the jobs' role."
  type        = string
}

variable "policy_documents" {
  description = "Policy documents (JSON) that other modules grant to the jobs' role, by policy name."
  type        = map(string)
}
