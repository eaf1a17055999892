variable "context" {
  description = "Name prefix, account, region and tags."
  type = object({
    region      = string
    account_id  = string
    name_prefix = string
  })
}

variable "admin_role_arns" {
  description = "Lake Formation administrators in addition to the account's existing ones; the deploying role must be one."
  type        = list(string)

  validation {
    condition     = length(var.admin_role_arns) > 0 && alltrue([for arn in var.admin_role_arns : can(regex("^arn:[^:]+:iam::[0-9]{12}:(role|user)/", arn))])
    error_message = "admin_role_arns must name roles or users by ARN, at least one; got ${jsonencode(var.admin_role_arns)}."
  }
}

variable "shares" {
  description = "Databases that producers share with this account, by a short name: whose, which database, one table or (null) all, and the roles that read."
  type = map(object({
    producer_account_id = string
    database            = string
    table               = optional(string)
    reader_role_arns    = list(string)
  }))

  validation {
    condition     = alltrue([for share in values(var.shares) : can(regex("^[0-9]{12}$", share.producer_account_id)) && share.producer_account_id != var.context.account_id])
    error_message = "shares.producer_account_id must be another account's 12 digits, got ${jsonencode([for share in values(var.shares) : share.producer_account_id])}."
  }

  validation {
    condition     = alltrue([for name in keys(var.shares) : can(regex("^[a-z][a-z0-9_]*$", name))])
    error_message = "shares must be named with a-z, 0-9 and '_' (the name is part of a database's), got ${jsonencode(keys(var.shares))}."
  }
}
