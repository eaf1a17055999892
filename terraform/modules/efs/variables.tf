variable "context" {
  description = "Name prefix, account, region and tags."
  type = object({
    account_id  = string
    name_prefix = string
  })
}

variable "kms_key_arn" {
  description = "Key of the files."
  type        = string

  validation {
    condition     = can(regex("^arn:[^:]+:kms:", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a KMS key, got '${var.kms_key_arn}'."
  }
}

variable "network" {
  description = "Mount targets: one subnet per zone, and the security groups of the clients, by name."
  type = object({
    vpc_id                    = string
    subnet_ids                = list(string)
    client_security_group_ids = map(string)
  })

  validation {
    condition     = length(var.network.subnet_ids) > 0 && length(var.network.client_security_group_ids) > 0
    error_message = "network must have a subnet and a client's security group at least, got ${length(var.network.subnet_ids)} subnets and ${length(var.network.client_security_group_ids)} groups."
  }
}

variable "backups" {
  description = "Whether AWS Backup backs up the files."
  type        = bool
  default     = true
}
