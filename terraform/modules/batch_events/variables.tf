variable "context" {
  description = "Name prefix, account and region."
  type = object({
    region      = string
    account_id  = string
    name_prefix = string
  })
}

variable "submitter" {
  description = "Function that turns objects into jobs, and finished jobs into results."
  type = object({
    name = string
    arn  = string
  })
}

variable "bucket_name" {
  description = "The data bucket, whose events go to EventBridge."
  type        = string
}
