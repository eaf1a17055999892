variable "context" {
  description = "Settings that every module shares: name prefix, account, region, tags and log retention."
  type = object({
    project            = string
    environment        = string
    region             = string
    account_id         = string
    name_prefix        = string
    protected          = optional(bool, false)
    tags               = optional(map(string), {})
    log_retention_days = optional(number, 30)
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
