variable "context" {
  description = "Who and where: name prefix, account, region, tags and log retention, the same in every module."
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
  description = "The function that makes jobs of objects and results of ended jobs."
  type = object({
    name = string
    arn  = string
  })
}

variable "bucket_name" {
  description = "The data bucket, whose events go to EventBridge."
  type        = string
}
