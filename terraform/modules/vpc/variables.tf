variable "context" {
  description = "Naming, ownership and log retention."
  type = object({
    region             = string
    account_id         = string
    name_prefix        = string
    log_retention_days = number
  })
}

variable "network" {
  description = "Shape of the network. `nat`: none, single (one gateway, one zone's loss cuts all off) or per_az."
  type = object({
    cidr                = optional(string, "10.0.0.0/16")
    availability_zones  = optional(number, 2)
    nat                 = optional(string, "single")
    isolated_subnets    = optional(bool, false)
    interface_endpoints = optional(list(string), [])
    flow_logs           = optional(bool, true)
  })
  default = {}

  validation {
    condition     = can(cidrhost(var.network.cidr, 0)) && try(tonumber(split("/", var.network.cidr)[1]) <= 20, false) && try(tonumber(split("/", var.network.cidr)[1]) >= 16, false)
    error_message = "network.cidr must be a CIDR block from /16 to /20, got '${var.network.cidr}'."
  }

  validation {
    condition     = contains([2, 3], var.network.availability_zones)
    error_message = "network.availability_zones must be 2 or 3, got ${var.network.availability_zones}."
  }

  validation {
    condition     = contains(["none", "single", "per_az"], var.network.nat)
    error_message = "network.nat must be none, single or per_az, got '${var.network.nat}'."
  }

  validation {
    # Private DNS of execute-api would shadow every public API that the VPC's functions call.
    condition     = alltrue([for name in var.network.interface_endpoints : can(regex("^[a-z][a-z0-9.-]+$", name)) && name != "s3" && name != "execute-api"])
    error_message = "network.interface_endpoints lists service names such as sagemaker.runtime; s3 has its gateway endpoint and execute-api would hide public APIs. Got ${jsonencode(var.network.interface_endpoints)}."
  }
}

variable "kms_key_arn" {
  description = "Key that encrypts the flow logs."
  type        = string

  validation {
    condition     = can(regex("^arn:[^:]+:kms:", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a KMS key, got '${var.kms_key_arn}'."
  }
}

variable "permissions_boundary_arn" {
  description = "Boundary of the role that delivers flow logs."
  type        = string

  validation {
    condition     = can(regex("^arn:[^:]+:iam::[0-9]{12}:policy/", var.permissions_boundary_arn))
    error_message = "permissions_boundary_arn must be the ARN of an IAM policy, got '${var.permissions_boundary_arn}'."
  }
}
