variable "context" {
  description = "Name prefix, account, region and tags."
  type = object({
    region      = string
    account_id  = string
    name_prefix = string
  })
}

variable "kms_key_arn" {
  description = "Key that encrypts notifications; its policy admits EventBridge, CloudWatch and SNS."
  type        = string

  validation {
    condition     = can(regex("^arn:[^:]+:kms:", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a KMS key, got '${var.kms_key_arn}'."
  }
}

variable "alarm_email" {
  description = "Address that receives every notification. The owner has to confirm the subscription once."
  type        = string
  default     = null

  validation {
    condition     = var.alarm_email == null || can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", var.alarm_email))
    error_message = "alarm_email must be an e-mail address, got '${coalesce(var.alarm_email, "null")}'."
  }
}
