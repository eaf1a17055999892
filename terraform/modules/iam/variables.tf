variable "context" {
  description = "Name prefix, account, region and tags."
  type = object({
    project     = string
    environment = string
    region      = string
    account_id  = string
    name_prefix = string
  })

  validation {
    condition     = can(regex("^\\d{12}$", var.context.account_id))
    error_message = "context.account_id must be 12 digits, got '${var.context.account_id}'."
  }
}

variable "kms_key_arns" {
  description = "The environment's keys by purpose; no role may use any other."
  type = object({
    data   = string
    models = string
    logs   = string
  })

  validation {
    condition     = alltrue([for arn in values(var.kms_key_arns) : can(regex("^arn:[^:]+:kms:", arn))])
    error_message = "kms_key_arns must be ARNs of KMS keys, got ${jsonencode(var.kms_key_arns)}."
  }
}

variable "storage_arns" {
  description = "The environment's bucket and its objects (output `every_arn` of module s3); no role may use any other."
  type        = list(string)

  validation {
    condition     = length(var.storage_arns) > 0 && alltrue([for arn in var.storage_arns : can(regex("^arn:[^:]+:s3:::", arn))])
    error_message = "storage_arns must be ARNs of an S3 bucket, got ${jsonencode(var.storage_arns)}."
  }
}

variable "image_policy_document" {
  description = "Policy document (JSON) that allows pulling images (module ecr)."
  type        = string

  validation {
    condition     = can(jsondecode(var.image_policy_document).Statement)
    error_message = "image_policy_document must be a JSON policy document, got '${var.image_policy_document}'."
  }
}

variable "persona_bucket_documents" {
  description = "JSON policy documents for the data bucket by persona (module s3_access)."
  type        = map(string)

  validation {
    condition     = toset(keys(var.persona_bucket_documents)) == toset(["data_scientist", "ml_engineer", "data_engineer", "production"])
    error_message = "persona_bucket_documents must have data_scientist, ml_engineer, data_engineer and production, got ${jsonencode(keys(var.persona_bucket_documents))}."
  }
}

variable "access" {
  description = "Principals that may assume the roles for people. A role without principals admits principals of this account with the tag `persona`."
  type = object({
    persona_principals = optional(map(list(string)), {})
    require_mfa        = optional(bool, true)
    organization_id    = optional(string)
  })
  default = {}

  validation {
    condition     = length(setsubtract(keys(var.access.persona_principals), ["data_scientist", "ml_engineer", "data_engineer", "production"])) == 0
    error_message = "access.persona_principals must use the keys data_scientist, ml_engineer, data_engineer and production, got ${jsonencode(keys(var.access.persona_principals))}."
  }

  validation {
    condition     = alltrue([for arn in flatten(values(var.access.persona_principals)) : can(regex("^arn:[^:]+:(iam|sts)::\\d{12}:[a-z-]+/[^*]+$", arn))])
    error_message = "access.persona_principals must name roles or users by their ARN, without wildcard, got ${jsonencode(flatten(values(var.access.persona_principals)))}."
  }

  validation {
    condition     = var.access.organization_id == null ? true : can(regex("^o-[a-z0-9]{10,32}$", var.access.organization_id))
    error_message = "access.organization_id must be the id of an organisation such as o-a1b2c3d4e5, got '${coalesce(var.access.organization_id, "-")}'."
  }
}

variable "uses" {
  description = "Services that the environment uses beyond its bucket and catalog. The boundary has no room for unused ones."
  type = object({
    streaming       = optional(bool, false)
    efs             = optional(bool, false)
    knowledge_bases = optional(bool, false)
    agents          = optional(bool, false)
    sources = optional(map(object({
      bucket      = optional(string)
      kms_key_arn = optional(string)
      database    = optional(string)
    })), {})
    shares = optional(map(object({
      producer_account_id = string
      database            = string
    })), {})
  })
  default = {}
}
