variable "context" {
  description = "Naming and ownership."
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
  type        = map(string)

  validation {
    condition     = length(var.kms_key_arns) > 0 && alltrue([for arn in values(var.kms_key_arns) : can(regex("^arn:[^:]+:kms:", arn))])
    error_message = "kms_key_arns must be ARNs of KMS keys, got ${jsonencode(var.kms_key_arns)}."
  }
}

variable "bucket_arns" {
  description = "The environment's buckets; no role may use any other."
  type        = list(string)

  validation {
    condition     = length(var.bucket_arns) > 0 && alltrue([for arn in var.bucket_arns : can(regex("^arn:[^:]+:s3:::", arn))])
    error_message = "bucket_arns must be ARNs of S3 buckets, got ${jsonencode(var.bucket_arns)}."
  }
}

variable "read_policy_arns" {
  description = "Policies of the bucket's owner that allow reading, by group."
  type        = map(string)

  validation {
    condition     = length(setsubtract(["raw", "processed", "features", "quarantine", "code", "training", "athena"], keys(var.read_policy_arns))) == 0
    error_message = "read_policy_arns must have raw, processed, features, quarantine, code, training and athena, got ${jsonencode(keys(var.read_policy_arns))}."
  }
}

variable "write_policy_arns" {
  description = "Policies of the bucket's owner that allow writing, by group."
  type        = map(string)

  validation {
    condition     = length(setsubtract(["raw", "quarantine", "code", "training", "athena"], keys(var.write_policy_arns))) == 0
    error_message = "write_policy_arns must have raw, quarantine, code, training and athena, got ${jsonencode(keys(var.write_policy_arns))}."
  }
}
