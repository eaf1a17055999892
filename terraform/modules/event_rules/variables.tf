variable "context" {
  description = "Naming and ownership."
  type = object({
    region      = string
    account_id  = string
    name_prefix = string
  })
}

variable "kms_key_arn" {
  description = "Key that encrypts dead letters; its policy admits EventBridge."
  type        = string

  validation {
    condition     = can(regex("^arn:[^:]+:kms:", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a KMS key, got '${var.kms_key_arn}'."
  }
}

variable "topic_arn" {
  description = "Topic that every rule reports to."
  type        = string

  validation {
    condition     = can(regex("^arn:[^:]+:sns:", var.topic_arn))
    error_message = "topic_arn must be the ARN of an SNS topic, got '${var.topic_arn}'."
  }
}

variable "bus_name" {
  description = "The platform's event bus."
  type        = string
}
