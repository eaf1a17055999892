variable "context" {
  description = "Name prefix, account, region and tags."
  type = object({
    region      = string
    account_id  = string
    name_prefix = string
  })
}

variable "buckets" {
  description = "The data bucket and its access-log bucket (outputs of the module `s3_buckets`)."
  type = object({
    data = object({ name = string, arn = string })
    logs = object({ name = string, arn = string })
  })

  validation {
    condition     = alltrue([for bucket in values(var.buckets) : can(regex("^arn:[^:]+:s3:::${bucket.name}$", bucket.arn))])
    error_message = "buckets must have each bucket's name and its own ARN, got ${jsonencode(var.buckets)}."
  }
}

variable "kms_key_arns" {
  description = "Key of the data, and key of model artifacts. Objects are encrypted with one of the two."
  type = object({
    data   = string
    models = string
  })

  validation {
    condition     = alltrue([for arn in values(var.kms_key_arns) : can(regex("^arn:[^:]+:kms:", arn))])
    error_message = "kms_key_arns must be ARNs of KMS keys, got ${jsonencode(var.kms_key_arns)}."
  }
}

variable "model_reader_account_ids" {
  description = "Other accounts that deploy models of this registry: they may read model artifacts."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for id in var.model_reader_account_ids : can(regex("^\\d{12}$", id)) && id != var.context.account_id])
    error_message = "model_reader_account_ids must be 12 digits each and not this account, got ${jsonencode(var.model_reader_account_ids)}."
  }
}

variable "deployer_arns" {
  description = "Roles or users that deploy. If set, only these and the platform's own writers may write objects that roles execute; otherwise roles of the environment may not."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.deployer_arns : can(regex("^arn:[^:]+:iam::\\d{12}:(role|user)/[A-Za-z0-9_+=,.@/-]+$", arn))])
    error_message = "deployer_arns must name roles or users by their ARN, without wildcard, got ${jsonencode(var.deployer_arns)}."
  }
}

variable "invocation_logs" {
  description = "Whether Bedrock may write bodies of model invocations below logs/bedrock/."
  type        = bool
  default     = false
}
