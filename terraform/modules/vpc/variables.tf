variable "context" {
  description = "Name prefix, account, region, tags and log retention."
  type = object({
    region             = string
    account_id         = string
    name_prefix        = string
    log_retention_days = number
  })
}

variable "network" {
  description = "Shape of the network. `nat`: none, single (one gateway: losing its zone disconnects all) or per_az. With `use_existing` only security groups and the listed endpoints are created, in that network; `route_table_ids` are those that get the S3 endpoint (none: the owner has one), `internet_egress` says whether workloads may leave over TLS."
  type = object({
    cidr                      = optional(string, "10.0.0.0/16")
    availability_zones        = optional(number, 2)
    nat                       = optional(string, "single")
    isolated_subnets          = optional(bool, false)
    interface_endpoints       = optional(list(string), [])
    flow_logs                 = optional(bool, true)
    flow_log_traffic          = optional(string, "ALL")
    flow_log_interval_seconds = optional(number, 600)
    use_existing = optional(object({
      vpc_id              = string
      private_subnet_ids  = list(string)
      public_subnet_ids   = optional(list(string), [])
      isolated_subnet_ids = optional(list(string), [])
      route_table_ids     = optional(list(string), [])
      internet_egress     = optional(bool, true)
    }))
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
    condition     = alltrue([for name in var.network.interface_endpoints : can(regex("^[a-z][a-z0-9.-]+$", name)) && name != "s3"])
    error_message = "network.interface_endpoints lists service names such as sagemaker.runtime; s3 has its gateway endpoint. Got ${jsonencode(var.network.interface_endpoints)}."
  }

  validation {
    condition     = contains(["ALL", "ACCEPT", "REJECT"], var.network.flow_log_traffic)
    error_message = "network.flow_log_traffic must be ALL, ACCEPT or REJECT, got '${var.network.flow_log_traffic}'."
  }

  validation {
    condition     = contains([60, 600], var.network.flow_log_interval_seconds)
    error_message = "network.flow_log_interval_seconds must be 60 or 600, got ${var.network.flow_log_interval_seconds}."
  }

  validation {
    condition     = var.network.use_existing == null || can(regex("^vpc-[0-9a-f]+$", var.network.use_existing.vpc_id))
    error_message = "network.use_existing.vpc_id must be the id of a VPC (vpc-...), got '${try(var.network.use_existing.vpc_id, "nothing")}'."
  }

  validation {
    condition     = var.network.use_existing == null || try(length(distinct(var.network.use_existing.private_subnet_ids)) >= 2, false)
    error_message = "network.use_existing.private_subnet_ids must name at least two subnets, got ${jsonencode(try(var.network.use_existing.private_subnet_ids, []))}."
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

variable "boundary_arn" {
  description = "Boundary of the role that delivers flow logs."
  type        = string

  validation {
    condition     = can(regex("^arn:[^:]+:iam::[0-9]{12}:policy/", var.boundary_arn))
    error_message = "boundary_arn must be the ARN of an IAM policy, got '${var.boundary_arn}'."
  }
}
